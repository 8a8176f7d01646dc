//! Refuses misspelt options that were taken for text: an argument that may begin with `-` swallows them.

use std::ffi::OsString;

use clap::Command;
use state::exit::Fault;

use crate::args;

/// Refuses (exit 2) a command line on which something before `--` looks like an option and is none: since it
/// was understood all the same, it stands where a text is meant.
pub(crate) fn check() -> anyhow::Result<()> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    // Most lines have no such word, and then nothing has to be known about options.
    if suspects(&words).next().is_none() {
        return Ok(());
    }
    Ok(check_words(&words)?)
}

fn suspects(words: &[OsString]) -> impl Iterator<Item = &str> {
    let words = words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    words.filter(|word| state::args::reject_misspelled_option("a text", word).is_err())
}

fn check_words(words: &[OsString]) -> Result<(), Fault> {
    let program = args::needed_commands(words);
    // No more than the one that was understood is there.
    let command = program.get_subcommands().next();
    let unknown = suspects(words).find(|word| {
        let knows = |command: &Command| knows(command, word);
        let below = |command: &Command| command.get_subcommands().any(knows);
        !knows(&program) && !command.is_some_and(|command| knows(command) || below(command))
    });
    unknown.map_or(Ok(()), |word| state::args::reject_misspelled_option("a text", word))
}

/// Whether a command has this option: `--name`, `--name=value`, `-n`.
fn knows(command: &Command, word: &str) -> bool {
    let name = word.split('=').next().unwrap_or(word);
    if let Some(long) = name.strip_prefix("--") {
        let is_own = |arg: &clap::Arg| arg.get_long() == Some(long);
        return matches!(long, "help" | "version") || command.get_arguments().any(is_own);
    }
    let short = name.trim_start_matches('-').chars().next();
    let is_own = |arg: &clap::Arg| arg.get_short() == short;
    matches!(short, Some('h' | 'V')) || command.get_arguments().any(is_own)
}

#[cfg(test)]
mod tests {
    use super::check_words;

    #[track_caller]
    fn case(line: &str, is_right: bool) {
        let words: Vec<_> = line.split(' ').map(Into::into).collect();
        assert_eq!(check_words(&words).is_ok(), is_right, "{line}");
    }

    #[test]
    fn a_misspelt_option_is_no_text() {
        case("save-memory s k --jsno", false);
        case("save-memory s k --json 5", true);
        case("save-memory --text s k v", true);
        case("save-memory s k -q v", true);
        case("save-memory s k -5", true);
        case("save-memory s k -x", false);
        case("save-memory s k -- -x", true);
        case("--state=f save-memory s k v", true);
        case("schedule-sms --mission m +1 x --agian", false);
        case("schedule-sms --mission=m +1 x --again", true);
        case("log-event m r custom x -", true);
        case("cron add s --step verify", true);
        case("cron add --stpe s", false);
    }
}
