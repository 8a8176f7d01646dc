//! Reads a command line with clap, and reports mistakes in it as `error:` and `hint:`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, Parser};

use crate::exit::{Exit, Fault};
use crate::process::out;
use crate::text::invisible::{first_unseen, refuse_unseen as refuse_unseen_in};
use crate::text::{sanitize, shell};

/// The value names of arguments that name a thing, besides those that end in `_ID`.
const NAMES: [&str; 9] = ["ID", "NAME", "NUMBER", "SLUG", "KEY", "TO", "FROM", "URL", "ZONE"];

/// Reads the command line. A mistake is printed as `error: …` and `hint: …` and gives exit 2; `--help` and
/// `--version` go to stdout and give exit 0.
pub fn parse<T: Parser>() -> Result<T, ExitCode> {
    parse_from(std::env::args_os())
}

/// [`parse`] for another command line than the process's own. Its first word is the program's name.
pub fn parse_from<T: Parser>(line: impl IntoIterator<Item = OsString>) -> Result<T, ExitCode> {
    let line: Vec<OsString> = line.into_iter().collect();
    refuse_unseen(T::command, &line)?;
    // The command's name is built for an error alone: it needs all commands, which takes as long as a whole `--version`.
    T::try_parse_from(&line).map_err(|err| report(|| command_of_line(&T::command(), &line), &err))
}

/// [`parse`] for a program of many commands: `partial` gives the definition of only those that the words behind the
/// program's name need, which is quicker to build. What it accepts has to mean the same as by the whole definition.
/// Everything that it refuses is read again by the whole one, which reports the mistake.
pub fn parse_with<T: Parser>(partial: impl FnOnce(&[OsString]) -> Command) -> Result<T, ExitCode> {
    let line: Vec<OsString> = std::env::args_os().collect();
    refuse_unseen(T::command, &line)?;
    match partial(line.get(1..).unwrap_or_default()).try_get_matches_from(&line) {
        Ok(mut matches) => T::from_arg_matches_mut(&mut matches).or_else(|_| parse_from(line)),
        Err(err) if err.kind() == ErrorKind::DisplayVersion => Err(report(String::new, &err)),
        Err(_) => parse_from(line),
    }
}

/// Refuses an invisible character in an id, a name or a number: two that look the same would not be.
fn refuse_unseen(command: impl FnOnce() -> Command, line: &[OsString]) -> Result<(), ExitCode> {
    let is_unseen = |word: &OsString| word.to_str().is_some_and(|w| first_unseen(w).is_some());
    if !line.iter().any(is_unseen) {
        return Ok(());
    }
    let mut command = command();
    // A line that cannot be read is reported as that.
    let Ok(matches) = command.try_get_matches_from_mut(line) else { return Ok(()) };
    check_names(&command, &matches).map_err(|fault| {
        out::error(&fault.to_string());
        out::hint(fault.hint_text().unwrap_or_default());
        fault.exit().into()
    })
}

fn check_names(command: &Command, matches: &ArgMatches) -> Result<(), Fault> {
    let is_name = |name: &str| NAMES.contains(&name) || name.ends_with("_ID");
    for arg in command.get_arguments() {
        let names = arg.get_value_names().unwrap_or_default();
        if !names.iter().any(|name| is_name(name)) {
            continue;
        }
        // An argument of the commands above is not there under this name.
        let values = matches.try_get_raw(arg.get_id().as_str()).ok().flatten();
        for value in values.into_iter().flatten().filter_map(|value| value.to_str()) {
            let what = || format!("{} `{}`", names[0], sanitize::line_up_to(value, 40));
            refuse_unseen_in(what, value)?;
        }
    }
    match matches.subcommand().map(|(name, rest)| (command.find_subcommand(name), rest)) {
        Some((Some(command), matches)) => check_names(command, matches),
        _ => Ok(()),
    }
}

/// The command that a line names, with the program's name before it: the one whose `--help` is suggested.
fn command_of_line(program: &Command, line: &[OsString]) -> String {
    let (mut command, mut name) = (program, program.get_name().to_owned());
    for word in line.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(subcommand) = command.find_subcommand(word) {
            (command, name) = (subcommand, format!("{name} {word}"));
        }
    }
    name
}

fn report(command: impl FnOnce() -> String, err: &clap::Error) -> ExitCode {
    if matches!(err.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A pipe that is closed while help is printed is no failure.
        let _ = err.print();
        return Exit::Done.into();
    }
    let (command, text) = (command(), err.to_string());
    if err.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        out::error(&format!("`{command}` needs a command"));
        out::hint(&format!("run `{command} --help` for the list"));
        return Exit::Usage.into();
    }
    let (mistake, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mistake: Vec<&str> = mistake.lines().map(str::trim).collect();
    out::error(mistake.join(" ").trim_start_matches("error: "));
    let tip = rest.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = rest.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    match (tip, usage) {
        (Some(tip), _) => out::hint(
            &similar_commands(&command, err)
                .or_else(|| quoted_value(tip, err))
                .unwrap_or_else(|| tip.to_owned()),
        ),
        (None, Some(usage)) => out::hint(&format!("usage: {usage}")),
        (None, None) => out::hint(&format!("run `{command} --help`")),
    }
    Exit::Usage.into()
}

/// A hint with the commands that were probably meant, the nearest first; `None` unless there are several. clap's own
/// tip lists all of them, with the nearest last.
fn similar_commands(command: &str, err: &clap::Error) -> Option<String> {
    let Some(ContextValue::Strings(names)) = err.get(ContextKind::SuggestedSubcommand) else {
        return None;
    };
    let nearest: Vec<_> =
        names.iter().rev().take(3).map(|name| format!("`{command} {name}`")).collect();
    (nearest.len() > 1).then(|| format!("similar commands, nearest first: {}", nearest.join(", ")))
}

/// A hint how to pass a word that begins with `-` as a value, where a shell would not take it unquoted as clap's own tip
/// has it.
fn quoted_value(tip: &str, err: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = err.get(ContextKind::InvalidArg) else { return None };
    let quoted = shell::quote(word);
    (tip.starts_with("to pass ") && quoted != *word)
        .then(|| format!("to pass it as a value, put it behind `--`: -- {quoted}"))
}

#[cfg(test)]
mod tests {
    use super::{command_of_line, similar_commands};
    use crate::process::args::Common;
    use clap::{Args as _, Command};

    #[test]
    fn a_mistake_leads_to_the_help_of_the_command_it_is_in() {
        let list = Command::new("cron").subcommand(Command::new("add"));
        let program = Common::augment_args(Command::new("missions").subcommand(list));
        for (line, wanted) in [
            ("missions --frob", "missions"),
            ("missions cron add --every x", "missions cron add"),
            ("missions --text cron nope", "missions cron"),
        ] {
            let line: Vec<_> = line.split(' ').map(Into::into).collect();
            assert_eq!(command_of_line(&program, &line), wanted);
        }
    }

    #[test]
    fn the_nearest_of_several_commands_is_named_first() {
        let program = ["list-events", "list-state", "list-runs", "get-state", "list-starts"]
            .into_iter()
            .fold(Command::new("missions"), |program, name| program.subcommand(Command::new(name)));
        let hint = |word| {
            let line = ["missions", word];
            similar_commands("missions", &program.clone().try_get_matches_from(line).unwrap_err())
        };
        let text = hint("list-stat").unwrap();
        assert!(
            text.starts_with("similar commands, nearest first: `missions list-state`, "),
            "{text}"
        );
        assert_eq!(hint("xyzzy"), None);
    }
}
