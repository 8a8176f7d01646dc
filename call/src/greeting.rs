//! What the words on the command line mean: a greeting, a number, or a slip that must not dial.

use state::exit::Fault;
use state::words::edits;

/// What was said to be said, once it is sure that a call is meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// No words: the service greets as it likes.
    Nothing,
    /// Say this first.
    Greeting(String),
    /// One word that is a phone number: the reference takes it as the number to call.
    Number(String),
}

const COMMANDS: [&str; 3] = ["status", "end", "wait"];

/// Commands of other programs, which people try here.
const ELSEWHERE: [&str; 7] = ["help", "list", "start", "stop", "version", "hangup", "cancel"];

/// Reads the words of the command line. Refuses (exit 2) what looks like a misspelt command, an id or a
/// number without a country code: a wrong guess would ring somebody up. What begins with a dash stands behind `--` here,
/// where it is text: before, clap refuses it.
pub(crate) fn read(words: &[String]) -> Result<Spoken, Fault> {
    if words.len() > 1 {
        refuse_misspelt_command(words)?;
        return Ok(Spoken::Greeting(words.join(" ")));
    }
    let word = words.first().map_or("", |word| word.trim());
    if word.is_empty() {
        return Ok(Spoken::Nothing);
    }
    let digits = word.strip_prefix('+').unwrap_or(word);
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        refuse_lone_command(word)?;
        return Ok(Spoken::Greeting(word.to_owned()));
    }
    if word.starts_with('+') && (8..=15).contains(&digits.len()) {
        return Ok(Spoken::Number(word.to_owned()));
    }
    Err(Fault::usage(format!("`{word}` is a number, not a greeting; nothing was dialled"))
        .hint(format!("to call it, write it with its country code: call --to +COUNTRY{digits}")))
}

fn refuse_misspelt_command(words: &[String]) -> Result<(), Fault> {
    let (first, second) = (words[0].to_ascii_lowercase(), words[1].to_ascii_lowercase());
    let like_command = COMMANDS.iter().any(|command| edits(&first, command) <= 2);
    let asks_for_help = ELSEWHERE.contains(&first.as_str()) && COMMANDS.contains(&second.as_str());
    if like_command || asks_for_help || looks_like_id(&words[1]) {
        return Err(misspelt(&words.join(" ")));
    }
    Ok(())
}

/// One word that reads like a command is one. It rings no phone, though it might have been a greeting: `Hello` is two
/// edits from `help`, so commands of elsewhere are known by their spelling alone, and within two edits of `end` are
/// `Dad` and `Ann`, so a short word is allowed fewer.
fn refuse_lone_command(word: &str) -> Result<(), Fault> {
    let lower = word.to_lowercase();
    let allowed = (lower.chars().count() / 2).min(2);
    let like_command = COMMANDS.iter().any(|command| edits(&lower, command) <= allowed);
    if word.contains(char::is_whitespace) || !(like_command || ELSEWHERE.contains(&lower.as_str()))
    {
        return Ok(());
    }
    Err(Fault::usage(format!("`{word}` is no greeting of several words; nothing was dialled"))
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

/// An id of the service: `call_9`, a UUID, a long run of hex or digits. Words of a greeting are letters.
fn looks_like_id(word: &str) -> bool {
    let has_digit = word.chars().any(|c| c.is_ascii_digit());
    let id_like = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':'));
    has_digit && id_like && (word.contains(['_', '-']) || word.len() >= 8)
}

#[cfg(test)]
mod tests {
    use super::{Spoken, read};

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn greetings() {
        for (line, wanted) in [
            (vec!["hello", "there", "friend"], Spoken::Greeting("hello there friend".into())),
            (vec!["Hey, what's up?"], Spoken::Greeting("Hey, what's up?".into())),
            (vec!["end x"], Spoken::Greeting("end x".into())),
            (vec!["stop worrying"], Spoken::Greeting("stop worrying".into())),
            (vec!["+15551234567"], Spoken::Number("+15551234567".into())),
            (vec![""], Spoken::Nothing),
            (vec![], Spoken::Nothing),
        ] {
            assert_eq!(read(&words(&line)).unwrap(), wanted, "{line:?}");
        }
    }

    #[test]
    fn one_word_may_be_a_greeting() {
        for word in [
            "Hello", "Hi", "Hey", "Yo", "Hallo", "Hola", "Ciao", "Dad", "Ann", "Ping", "Test",
            "Done", "Help!", "Morning",
        ] {
            assert_eq!(read(&words(&[word])).unwrap(), Spoken::Greeting(word.into()));
        }
    }

    #[test]
    fn slips_never_dial() {
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
            vec!["hangup", "5f0c1d2e-aaaa-bbbb-cccc-000000000000"],
            vec!["5551234567"],
            vec!["+123"],
        ] {
            assert!(read(&words(&line)).is_err(), "{line:?}");
        }
    }
}
