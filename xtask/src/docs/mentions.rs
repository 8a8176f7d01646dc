//! Mentions of programs, commands and options in the `code` of pages, compared with the command lines' own definitions.

use clap::Command;

/// Every command line there is.
pub(super) struct CommandLines {
    programs: Vec<(&'static str, Command)>,
    xtask: Command,
}

impl CommandLines {
    /// The programs under their plain names, and the chores.
    pub(super) fn of(programs: Vec<(&'static str, Command)>, xtask: Command) -> Self {
        Self { programs, xtask }
    }

    /// Mentions of commands and options that there are not.
    pub(super) fn faults(&self, page: &str) -> Vec<String> {
        spans(page).filter_map(|span| self.fault(span)).collect()
    }

    /// The names of the chores.
    pub(super) fn chores(&self) -> impl Iterator<Item = &str> {
        let visible = self.xtask.get_subcommands().filter(|command| !command.is_hide_set());
        visible.map(Command::get_name).filter(|name| *name != "help")
    }

    /// What is wrong with the examples under each `--help`: two at least, of commands and options that there are.
    pub(super) fn examples(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, command) in &self.programs {
            self.examples_of(command, name, &mut faults);
        }
        faults
    }

    fn examples_of(&self, command: &Command, line: &str, faults: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_default();
        let examples = examples.lines().filter_map(|row| row.strip_prefix("  "));
        let page = command.clone().render_long_help().to_string();
        if examples.clone().count() < 2 || !page.trim_end().ends_with(help.trim_end()) {
            faults.push(format!("`{line} --help` ends without two examples"));
        }
        faults.extend(
            examples
                // What stands behind belongs to another program.
                .filter_map(|row| self.fault(row.split([';', '&', '|']).next().unwrap_or(row)))
                .map(|fault| format!("`{line} --help`: {fault}")),
        );
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            self.examples_of(below, &format!("{line} {}", below.get_name()), faults);
        }
    }

    fn fault(&self, span: &str) -> Option<String> {
        let words: Vec<&str> = span.split_whitespace().collect();
        let (first, rest) = words.split_first()?;
        // As on the PATH of an installation, or plain.
        let plain = first.strip_prefix("clawdtalk-").unwrap_or(first);
        let program = self.programs.iter().find(|(name, _)| *name == plain);
        let (command, rest) = match (program, rest.split_first()) {
            (Some((_, command)), _) => (Some(command), rest),
            (None, Some((&"xtask", rest))) if *first == "cargo" => (Some(&self.xtask), rest),
            _ if first.starts_with("--") => (None, &words[..]),
            _ => return None,
        };
        let verb = rest.first().filter(|verb| is_name(verb));
        if let (Some(command), Some(verb)) = (command, verb)
            && command.has_subcommands()
            && command.find_subcommand(verb).is_none()
        {
            return Some(format!("`{span}`: `{first}` has no `{verb}`"));
        }
        let mut options = rest.iter().filter_map(|word| word.strip_prefix("--"));
        let knows = |option: &str| match command {
            Some(command) => has(command, option),
            None => {
                self.programs.iter().any(|(_, command)| has(command, option))
                    || has(&self.xtask, option)
            }
        };
        let name = |option: &str| -> String {
            option.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
        };
        let unknown = options.find(|option| !name(option).is_empty() && !knows(&name(option)));
        unknown.map(|option| format!("`{span}`: there is no `--{}`", name(option)))
    }
}

/// Those of `names` that no code of the page begins with.
pub(super) fn missing(names: impl Iterator<Item = String>, page: &str, path: &str) -> Vec<String> {
    let is_mentioned = |name: &str| {
        spans(page).any(|span| {
            span.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    names.filter(|name| !is_mentioned(name)).map(|name| format!("{path}: no `{name}`")).collect()
}

/// The first cells of the table below the heading on exit codes.
pub(super) fn exit_codes(page: &str) -> Vec<String> {
    let table = page.split("\n## Exit codes\n").nth(1).unwrap_or_default();
    let rows = table.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.filter_map(|row| Some(row.split('|').nth(1)?.trim().to_owned())).collect()
}

/// Whether a command or one below it has this option.
fn has(command: &Command, option: &str) -> bool {
    matches!(option, "help" | "version")
        || command.get_arguments().any(|argument| argument.get_long() == Some(option))
        || command.get_subcommands().any(|command| has(command, option))
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The words in backticks outside of fenced blocks, whose lines the tests run.
fn spans(page: &str) -> impl Iterator<Item = &str> {
    let outside = page.split("```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2))
}

#[cfg(test)]
mod tests {
    use super::CommandLines;
    use clap::{Arg, Command};

    fn command_lines() -> CommandLines {
        let send = Command::new("send").arg(Arg::new("wait").long("wait"));
        let sms = Command::new("sms").subcommand(send);
        let xtask = Command::new("xtask").subcommand(Command::new("demo"));
        CommandLines::of(vec![("sms", sms), ("call", Command::new("call"))], xtask)
    }

    #[track_caller]
    fn case(page: &str, wanted: &[&str]) {
        assert_eq!(command_lines().faults(page), wanted, "{page}");
    }

    #[test]
    fn what_there_is_not_is_found() {
        case("`sms send --wait`, `sms`, `--wait=5`, `call Hello`, `ls --color`", &[]);
        case("```sh\nsms sned\n```\n`sms send`", &[]);
        case("`sms sned`", &["`sms sned`: `sms` has no `sned`"]);
        case("`sms send --wiat`", &["`sms send --wiat`: there is no `--wiat`"]);
        case("`--wiat`", &["`--wiat`: there is no `--wiat`"]);
        case("`cargo xtask dmeo`", &["`cargo xtask dmeo`: `cargo` has no `dmeo`"]);
    }

    #[test]
    fn each_help_ends_with_two_examples() {
        let examples = |text| {
            let command = Command::new("clawdtalk-sms").arg(Arg::new("wait").long("wait"));
            CommandLines::of(vec![("sms", command.after_help(text))], Command::new("xtask"))
                .examples()
        };
        assert_eq!(examples("Examples:\n  sms a\n  sms b --wait"), [""; 0]);
        let without = "`sms --help` ends without two examples";
        assert_eq!(examples("Examples:\n  sms a"), [without]);
        assert_eq!(examples("Examples:\n  sms a\n  sms b"), [""; 0]);
        let options_last = Command::new("sms")
            .help_template("{after-help}\n{options}")
            .after_help("Examples:\n  sms a\n  sms b");
        let command_lines = CommandLines::of(vec![("sms", options_last)], Command::new("xtask"));
        assert_eq!(command_lines.examples(), [without]);
        let wrong = "`sms --help`: `sms b --wiat`: there is no `--wiat`";
        assert_eq!(examples("Examples:\n  sms a\n  sms b --wiat"), [wrong]);
    }

    #[test]
    fn the_installed_names_are_the_programs_too() {
        case("`clawdtalk-sms send --wait`, `clawdtalk-call`", &[]);
        case("`clawdtalk-sms sned`", &["`clawdtalk-sms sned`: `clawdtalk-sms` has no `sned`"]);
    }

    #[test]
    fn what_is_not_told_is_missing() {
        let missing =
            |page| super::missing(["sms".to_owned(), "call".to_owned()].into_iter(), page, "p");
        assert_eq!(missing("`sms` and call, `callous`"), ["p: no `call`"]);
        assert_eq!(missing("`sms` and call, `call \"x\"`"), [""; 0]);
    }

    #[test]
    fn exit_codes_are_read_from_their_table() {
        let page = "a\n## Exit codes\nwords\n\n| code | meaning |\n|---|---|\n| 0 | done |\n| 1 | no |\n\n| 2 | x |\n";
        assert_eq!(super::exit_codes(page), ["0", "1"]);
    }
}
