//! What the words on the command line mean: a greeting, a number to call, or a typing error that must not dial.

use state::exit::Fault;
use state::{invisible, sanitize};
use strsim::levenshtein;

use crate::written_number;

/// The words of the command line, once it is sure that they are not a misspelt command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// No words: the service greets as it likes.
    Default,
    /// Say this first.
    Text(String),
    /// One word that is a phone number, which is called as if `--to` stood before it.
    Number(String),
}

const COMMANDS: [&str; 3] = ["status", "end", "wait"];

/// Words that people try as commands here, and with which no greeting begins that is not quoted.
const TRIED_COMMANDS: [&str; 10] =
    ["history", "transcript", "log", "logs", "show", "get", "info", "cancel", "hangup", "hang"];

/// Commands of other programs, which people try here.
const FOREIGN_COMMANDS: [&str; 5] = ["help", "list", "start", "stop", "version"];

/// Parses the words of the command line. Refuses (exit 2) what may be a misspelt command, an id or a
/// number without a country code: a wrong guess would ring a phone. Here a word may begin with a dash: the
/// parser of the command line only lets it through behind `--`, where it is text.
pub(crate) fn parse(words: &[String]) -> Result<Greeting, Fault> {
    for word in words {
        // It could hide an id, a number or a command from the checks below.
        invisible::refuse_unseen(|| format!("`{}`", sanitize::line_up_to(word, 40)), word)?;
    }
    let is_plain_number = words.len() == 1 && words[0].trim().starts_with('+') && {
        words[0].trim()[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(number) = written_number::leading_number(words).filter(|_| !is_plain_number) {
        return Err(is_number(&words.join(" "), &number));
    }
    if words.len() > 1 {
        refuse_misspelt_command(words)?;
        return Ok(Greeting::Text(words.join(" ")));
    }
    let word = words.first().map_or("", |word| word.trim());
    if word.is_empty() {
        return Ok(Greeting::Default);
    }
    let digits = word.strip_prefix('+').unwrap_or(word);
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        refuse_lone_command(word)?;
        return Ok(Greeting::Text(word.to_owned()));
    }
    if word.starts_with('+') && (8..=15).contains(&digits.len()) {
        return Ok(Greeting::Number(word.to_owned()));
    }
    Err(is_number(word, &format!("+COUNTRY{digits}")))
}

/// The error for a number in the place of a greeting: spoken to the owner, it would not be called.
fn is_number(words: &str, number: &str) -> Fault {
    let shown = sanitize::line_up_to(words, 40);
    Fault::usage(format!(
        "`{shown}` begins like a phone number, not like a greeting; nothing was dialled"
    ))
    .hint(format!("to call it, write it in digits with its country code: call --to {number}"))
}

fn refuse_misspelt_command(words: &[String]) -> Result<(), Fault> {
    let (first, second) = (words[0].to_ascii_lowercase(), words[1].to_ascii_lowercase());
    let like_command = COMMANDS.iter().any(|command| levenshtein(&first, command) <= 2);
    let asks_for_help =
        FOREIGN_COMMANDS.contains(&first.as_str()) && COMMANDS.contains(&second.as_str());
    let is_tried = TRIED_COMMANDS.contains(&first.as_str()) && (first != "hang" || second == "up");
    if like_command || is_tried || asks_for_help || looks_like_id(&words[1]) {
        return Err(misspelt(&words.join(" ")));
    }
    Ok(())
}

/// Refuses one word that reads like a command, though it might have been a greeting. How much it reads like one is
/// bounded, so that greetings get through: `Hello` is two edits from `help`, so other programs' commands must be spelt
/// exactly, and `Dad` and `Ann` are within two edits of `end`, so a short word is allowed fewer edits.
fn refuse_lone_command(word: &str) -> Result<(), Fault> {
    let lower = word.to_lowercase();
    let allowed = (lower.chars().count() / 2).min(2);
    let like_command = COMMANDS.iter().any(|command| levenshtein(&lower, command) <= allowed);
    if word.contains(char::is_whitespace)
        || !(like_command
            || FOREIGN_COMMANDS.contains(&&*lower)
            || TRIED_COMMANDS.contains(&&*lower))
    {
        return Ok(());
    }
    Err(Fault::usage(format!(
        "`{word}` may be meant as a command, not as a greeting; nothing was dialled"
    ))
    .hint("`call --help` lists the commands; a greeting has several words: call \"help me\""))
}

fn misspelt(words: &str) -> Fault {
    let text = format!(
        "`{words}` may be a misspelt command ({}); nothing was dialled",
        COMMANDS.join(", ")
    );
    Fault::usage(text)
        .hint("correct the command, or quote the greeting as one argument of several words")
}

/// Whether this may be an id of the service: `call_9`, a UUID, a long run of hex or digits.
fn looks_like_id(word: &str) -> bool {
    let has_digit = word.chars().any(|c| c.is_ascii_digit());
    let id_like = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':'));
    has_digit && id_like && (word.contains(['_', '-']) || word.len() >= 8)
}

#[cfg(test)]
mod tests {
    use super::{Greeting, parse};

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn greetings() {
        for (line, expected) in [
            (vec!["hello", "there", "friend"], Greeting::Text("hello there friend".into())),
            (vec!["Hey, what's up?"], Greeting::Text("Hey, what's up?".into())),
            (vec!["end x"], Greeting::Text("end x".into())),
            (vec!["stop worrying"], Greeting::Text("stop worrying".into())),
            (vec!["show me the money"], Greeting::Text("show me the money".into())),
            (vec!["hang up now"], Greeting::Text("hang up now".into())),
            (vec!["hang", "on", "a", "minute"], Greeting::Text("hang on a minute".into())),
            (vec!["+13125550142 called"], Greeting::Text("+13125550142 called".into())),
            (vec!["+15551234567"], Greeting::Number("+15551234567".into())),
            (vec![""], Greeting::Default),
            (vec![], Greeting::Default),
        ] {
            assert_eq!(parse(&words(&line)).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn one_word_may_be_a_greeting() {
        for word in [
            "Hello", "Hi", "Hey", "Yo", "Hallo", "Hola", "Ciao", "Dad", "Ann", "Ping", "Test",
            "Done", "Help!", "Morning",
        ] {
            assert_eq!(parse(&words(&[word])).unwrap(), Greeting::Text(word.into()));
        }
    }

    #[test]
    fn typing_errors_never_dial() {
        for line in [
            vec!["stauts", "call_1"],
            vec!["stop", "call_1"],
            vec!["statsu"],
            vec!["help"],
            vec!["List"],
            vec!["STOP"],
            vec!["start"],
            vec!["version"],
            vec!["hangup"],
            vec!["cancel"],
            vec!["waits"],
            vec!["ended"],
            vec!["send"],
            vec!["help", "status"],
            vec!["edn", "call_9"],
            vec!["history", "of", "yesterday"],
            vec!["transcript", "last"],
            vec!["Log", "it"],
            vec!["logs"],
            vec!["show", "me", "the", "money"],
            vec!["get", "status", "please"],
            vec!["info", "please"],
            vec!["CANCEL", "everything"],
            vec!["hang", "up"],
            vec!["Hang", "Up", "now"],
            vec!["+1 (555) 123-4567"],
            vec!["+15551234567", "hello"],
            vec!["tel:+15551234567"],
            vec!["hangup", "5f0c1d2e-aaaa-bbbb-cccc-000000000000"],
            vec!["5551234567"],
            vec!["+123"],
        ] {
            assert!(parse(&words(&line)).is_err(), "{line:?}");
        }
    }
}
