//! The options every tool has, and the one reader of command lines.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Parser};

use crate::exit::{Exit, Fault};
use crate::{out, times, words};

/// Options of every tool.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Common {
    /// Skill folder that holds skill-config.json [default: $CLAWDTALK_SKILL_DIR, else where this program is installed]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Common options")]
    pub skill_dir: Option<PathBuf>,

    /// Address of the service [default: from the environment or the config, else <https://clawdtalk.com>]
    #[arg(long, global = true, value_name = "URL", help_heading = "Common options")]
    pub server: Option<String>,

    /// Longest time one request may take, such as 30 or 2m [default: 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = deadline, allow_negative_numbers = true, help_heading = "Common options")]
    pub deadline: Option<Duration>,

    /// Print the words of the scripts that these tools replace, instead of JSON
    #[arg(long = "text", global = true, help_heading = "Common options")]
    pub text_mode: bool,

    /// Say nothing about progress
    #[arg(long, short, global = true, help_heading = "Common options")]
    pub quiet: bool,
}

impl Common {
    /// The deadline of one request: `--deadline`, else 60 s (spec 2).
    pub fn request_deadline(&self) -> Duration {
        self.deadline.unwrap_or(Duration::from_secs(60))
    }
}

/// Without any time nothing could be done, and that would be told as a service out of reach.
fn deadline(text: &str) -> Result<Duration, String> {
    match times::duration(text)? {
        Duration::ZERO => {
            Err(format!("`{text}` leaves no time; write seconds, or a time as in 2m"))
        }
        time => Ok(time),
    }
}

/// A whole number in its bounds, for a `value_parser`: clap's own tells Rust's words for what is wrong.
pub fn whole_number(text: &str, bounds: RangeInclusive<u32>) -> Result<u32, String> {
    let (least, most) = (bounds.start(), bounds.end());
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| format!("`{text}` is no whole number from {least} to {most}"))
}

/// Reads the command line. A fault is told as `error: …` and `hint: …` and gives exit 2; `--help` and
/// `--version` go to stdout and give exit 0.
pub fn parse<T: Parser>() -> Result<T, ExitCode> {
    parse_from(std::env::args_os())
}

/// The same for a command line that was rearranged first. Its first word is the program's name.
pub fn parse_from<T: Parser>(line: impl IntoIterator<Item = OsString>) -> Result<T, ExitCode> {
    let line: Vec<OsString> = line.into_iter().collect();
    // Named for an error alone: to build all commands again costs as much as the rest of a `--version`.
    T::try_parse_from(&line).map_err(|err| told(|| named(&T::command(), &line), &err))
}

/// The same for a program of many commands, most of which a line has no need of: `part` gives as much of the
/// definition as the words behind the program's name need. What that part understands has to mean the same to the
/// whole definition, which is asked about everything else and tells every fault.
pub fn parse_by<T: Parser>(part: impl FnOnce(&[OsString]) -> Command) -> Result<T, ExitCode> {
    let line: Vec<OsString> = std::env::args_os().collect();
    match part(line.get(1..).unwrap_or_default()).try_get_matches_from(&line) {
        Ok(mut matches) => T::from_arg_matches_mut(&mut matches).or_else(|_| parse_from(line)),
        Err(err) if err.kind() == ErrorKind::DisplayVersion => Err(told(String::new, &err)),
        Err(_) => parse_from(line),
    }
}

/// The command that a line names, with the program's name before it: whose help tells more.
fn named(program: &Command, line: &[OsString]) -> String {
    let (mut command, mut name) = (program, program.get_name().to_owned());
    for word in line.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(below) = command.find_subcommand(word) {
            (command, name) = (below, format!("{name} {word}"));
        }
    }
    name
}

fn told(command: impl FnOnce() -> String, err: &clap::Error) -> ExitCode {
    if matches!(err.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A closed pipe while help is printed is no fault.
        let _ = err.print();
        return Exit::Done.into();
    }
    let (command, text) = (command(), err.to_string());
    if err.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        out::error(&format!("`{command}` needs a command"));
        out::hint(&format!("run `{command} --help` for the list"));
        return Exit::Usage.into();
    }
    let (fault, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let fault: Vec<&str> = fault.lines().map(str::trim).collect();
    out::error(fault.join(" ").trim_start_matches("error: "));
    let tip = rest.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = rest.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    match (tip, usage) {
        (Some(tip), _) => out::hint(
            &nearest(err).or_else(|| as_a_value(tip, err)).unwrap_or_else(|| tip.to_owned()),
        ),
        (None, Some(usage)) => out::hint(&format!("usage: {usage}")),
        (None, None) => out::hint(&format!("run `{command} --help`")),
    }
    Exit::Usage.into()
}

/// The commands that were probably meant, the nearest first; `None` unless there are several. clap tells all of them, and
/// the nearest last.
fn nearest(err: &clap::Error) -> Option<String> {
    let Some(ContextValue::Strings(names)) = err.get(ContextKind::SuggestedSubcommand) else {
        return None;
    };
    let nearest: Vec<_> = names.iter().rev().take(3).map(|name| format!("`{name}`")).collect();
    (nearest.len() > 1).then(|| format!("similar commands, nearest first: {}", nearest.join(", ")))
}

/// How a word that is no option is given as a value, where a shell would not take it as it is: clap's own tip repeats it
/// as it came.
fn as_a_value(tip: &str, err: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(word)) = err.get(ContextKind::InvalidArg) else { return None };
    let quoted = words::for_shell(word);
    (tip.starts_with("to pass ") && quoted != *word)
        .then(|| format!("to pass it as a value, put it behind `--`: -- {quoted}"))
}

/// Refuses what looks like a misspelt option where text is meant (spec 2: `^-+[A-Za-z]\S*$`), since a
/// text that is sent cannot be taken back. `- a list item` and `-5` are text.
pub fn free_text(what: &str, text: &str) -> Result<(), Fault> {
    let name = text.trim_start_matches('-');
    let looks_like_an_option = text.starts_with('-')
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.contains(char::is_whitespace);
    if looks_like_an_option {
        return Err(Fault::usage(format!(
            "`{text}` looks like an option, but stands where {what} is meant"
        ))
        .hint("check its spelling with `--help`; a text that begins so needs a blank in it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Common, deadline, free_text, named, nearest, whole_number};
    use clap::{Args as _, Command};

    #[test]
    fn a_fault_leads_to_the_help_of_the_command_it_is_in() {
        let list = Command::new("cron").subcommand(Command::new("add"));
        let program = Common::augment_args(Command::new("missions").subcommand(list));
        for (line, wanted) in [
            ("missions --frob", "missions"),
            ("missions cron add --every x", "missions cron add"),
            ("missions --text cron nope", "missions cron"),
        ] {
            let line: Vec<_> = line.split(' ').map(Into::into).collect();
            assert_eq!(named(&program, &line), wanted);
        }
    }

    #[test]
    fn the_nearest_of_several_commands_is_named_first() {
        let program = ["list-events", "list-state", "list-runs", "get-state", "list-starts"]
            .into_iter()
            .fold(Command::new("missions"), |program, name| program.subcommand(Command::new(name)));
        let hint =
            |word| nearest(&program.clone().try_get_matches_from(["missions", word]).unwrap_err());
        let told = hint("list-stat").unwrap();
        assert!(told.starts_with("similar commands, nearest first: `list-state`, "), "{told}");
        assert_eq!(hint("xyzzy"), None);
    }

    #[test]
    fn a_deadline_leaves_some_time() {
        assert!(deadline("0").is_err_and(|told| told.contains("leaves no time")));
        assert!(deadline("0.5").is_ok());
    }

    #[test]
    fn a_number_out_of_bounds_is_told_with_them() {
        assert_eq!(whole_number("7", 1..=9), Ok(7));
        for wrong in ["0", "10", "abc", "", "-1", "1.5", "99999999999"] {
            let told = format!("`{wrong}` is no whole number from 1 to 9");
            assert_eq!(whole_number(wrong, 1..=9), Err(told));
        }
    }

    #[test]
    fn a_misspelt_option_is_never_text() {
        for option in ["--medai", "-x", "--a=b", "---why"] {
            assert!(free_text("the message", option).is_err(), "{option}");
        }
        for text in ["-", "-5", "- did x", "--", "a-b", "", "--not an option"] {
            assert!(free_text("the message", text).is_ok(), "{text}");
        }
    }
}
