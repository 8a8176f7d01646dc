//! Puts the options of `sms send` before its text, wherever they were written.
//!
//! A text may begin with a dash (`- milk`, `-5`), and options may stand behind it. A parser that allows
//! both takes a misspelt option for text and sends it. So the command line is sorted first:
//! options stay before a `--`, known or misspelt, and what can only be text goes behind it.

use std::ffi::OsString;

use clap::Command;

/// The command line with the options of `send` first. Lines of other commands are left alone.
pub(crate) fn sort(mut command: Command, line: Vec<OsString>) -> Vec<OsString> {
    command.build();
    let Some(send) = command.find_subcommand("send") else { return line };
    let mut sorted = Vec::with_capacity(line.len() + 1);
    let mut text = Vec::new();
    let mut in_send = false;
    let mut words = line.into_iter();
    sorted.extend(words.next());
    while let Some(word) = words.next() {
        let shown = word.to_string_lossy();
        if shown == "--" {
            // Before the command it means something else; clap will say what.
            if !in_send {
                sorted.push(word);
            }
            text.extend(words);
            break;
        }
        match kind(send, &shown) {
            WordKind::Flag => sorted.push(word),
            WordKind::TakesValue => {
                sorted.push(word);
                sorted.extend(words.next());
            }
            WordKind::Word if in_send => text.push(word),
            WordKind::Word => {
                in_send = shown == "send";
                sorted.push(word);
                if !in_send {
                    sorted.extend(words);
                    return sorted;
                }
            }
        }
    }
    if in_send && !text.is_empty() {
        sorted.push("--".into());
    }
    sorted.extend(text);
    sorted
}

enum WordKind {
    /// An option by itself: known, with its value attached, or misspelt.
    Flag,
    /// A known option with its value in the next word.
    TakesValue,
    /// Not an option.
    Word,
}

fn kind(send: &Command, word: &str) -> WordKind {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    let known = send.get_arguments().find(|argument| {
        argument.get_long().is_some_and(|long| name.strip_prefix("--") == Some(long))
            || argument.get_short().is_some_and(|short| {
                name.strip_prefix('-').is_some_and(|rest| rest.chars().eq([short]))
            })
    });
    match known {
        Some(argument) if argument.get_action().takes_values() && !word.contains('=') => {
            WordKind::TakesValue
        }
        Some(_) => WordKind::Flag,
        // What has the form of an option and is none must not be sent: clap refuses it.
        None if state::args::reject_misspelled_option("the text", word).is_err() => WordKind::Flag,
        None => WordKind::Word,
    }
}

#[cfg(test)]
mod tests {
    use super::sort;
    use crate::args::Args;
    use clap::CommandFactory as _;

    #[track_caller]
    fn case(line: &[&str], wanted: &[&str]) {
        let words = |line: &[&str]| line.iter().map(Into::into).collect();
        assert_eq!(sort(Args::command(), words(line)), words(wanted) as Vec<std::ffi::OsString>);
    }

    #[test]
    fn options_come_first() {
        case(
            &["sms", "send", "+1", "hi", "--media", "u", "there", "--dry-run"],
            &["sms", "send", "--media", "u", "--dry-run", "--", "+1", "hi", "there"],
        );
        case(
            &["sms", "--text", "--server", "s", "send", "+1", "hi", "-q", "--media=u"],
            &["sms", "--text", "--server", "s", "send", "-q", "--media=u", "--", "+1", "hi"],
        );
    }

    #[test]
    fn texts_may_begin_with_a_dash() {
        case(&["sms", "send", "+1", "- milk"], &["sms", "send", "--", "+1", "- milk"]);
        case(&["sms", "send", "+1", "-5"], &["sms", "send", "--", "+1", "-5"]);
        case(&["sms", "send", "+1", "-"], &["sms", "send", "--", "+1", "-"]);
        case(
            &["sms", "send", "+1", "--dry-run", "--", "--media", "--"],
            &["sms", "send", "--dry-run", "--", "+1", "--media", "--"],
        );
    }

    #[test]
    fn misspelt_options_are_left_to_be_refused() {
        case(
            &["sms", "send", "+1", "hi", "--medai", "u"],
            &["sms", "send", "--medai", "--", "+1", "hi", "u"],
        );
    }

    #[test]
    fn other_commands_are_left_alone() {
        let line = ["sms", "-q", "list", "--limit", "5", "x"];
        case(&line, &line);
        case(&["sms"], &["sms"]);
        case(&["sms", "send", "--help"], &["sms", "send", "--help"]);
    }
}
