//! The keywords of SMS by which people opt out, opt in again, or ask who this is: STOP, START, HELP and their kin.
//!
//! A text counts as a keyword only as a whole: "don't stop" and "can you cancel my order" are meant for the agent.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::text::invisible::is_unseen;

/// What a text that is a keyword asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more texts and calls: STOP, STOPALL, UNSUBSCRIBE, OPTOUT, REVOKE, ARRET, or a sentence such as "stop texting me".
    StopAll,
    /// No more texts: CANCEL, END and QUIT, on which carriers block texts.
    StopTexts,
    /// An opt-out is taken back: START, UNSTOP. Not YES, which answers questions of all kinds.
    Start,
    /// Who is this? HELP, INFO.
    Help,
}

/// What opts out of texts and calls, without blanks.
const STOP: &str = "stop stopall unsubscribe optout revoke arret";

/// Polite words that may stand before and after.
const BEFORE: &str = "please pls plz kindly just hey hi hello";
const AFTER: &str = "please pls plz thanks thx now immediately asap";

/// What somebody wants to end: "stop texting me", "stop your calls".
const UNWANTED: &str = "texting txting calling messaging msging phoning ringing contacting sending \
    texts txts messages msgs sms calls";

/// What else may stand in such a sentence. No names: "stop texting Bob" is meant for the agent.
const ALLOWED_BESIDE: &str = "me us and or all the these this your my number phone text any more anymore again here \
    please pls plz now";

/// No way to say it has more words.
const MOST_WORDS: usize = 12;

/// The keyword that a text is, if it is one and nothing else. Case, blanks, punctuation, quotes, emoji and accents do
/// not matter, nor whether the letters are full-width or mathematical ones.
pub fn parse(text: &str) -> Option<Keyword> {
    let words = words_of(text)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Some(match &*words.concat() {
        "cancel" | "end" | "quit" => Keyword::StopTexts,
        "start" | "unstop" => Keyword::Start,
        "help" | "info" => Keyword::Help,
        _ if stops(&words) => Keyword::StopAll,
        _ => return None,
    })
}

/// The words in lower case without accents; `None` if there are too many for a keyword.
fn words_of(text: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    for c in text.nfkd().filter(|c| !is_combining_mark(*c) && !is_unseen(*c)) {
        let word = words.last_mut()?;
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            words.push(String::new());
        }
        if words.len() > MOST_WORDS + 1 {
            return None;
        }
    }
    words.retain(|word| !word.is_empty());
    Some(words)
}

/// Whether a word stands in a list.
fn is(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

fn stops(mut words: &[&str]) -> bool {
    while let [first, rest @ ..] = words
        && is(BEFORE, first)
    {
        words = rest;
    }
    while let [rest @ .., "thank", "you"] | [rest @ .., _] = words
        && (words.ends_with(&["thank", "you"]) || is(AFTER, words[words.len() - 1]))
    {
        words = rest;
    }
    let [first, rest @ ..] = words else { return false };
    let is_repeated = || is(STOP, first) && rest.iter().all(|word| word == first);
    let is_sentence = || {
        *first == "stop"
            && rest.iter().any(|word| is(UNWANTED, word))
            && rest.iter().all(|word| is(UNWANTED, word) || is(ALLOWED_BESIDE, word))
    };
    let opts_me_out = || matches!(words, ["unsubscribe", "me"] | ["opt", "me", "out"]);
    is(STOP, &words.concat()) || is_repeated() || is_sentence() || opts_me_out()
}

#[cfg(test)]
mod tests {
    use super::{Keyword, STOP, parse};
    use proptest::prelude::*;

    #[track_caller]
    fn case(wanted: Option<Keyword>, texts: &[&str]) {
        for text in texts {
            assert_eq!(parse(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn every_word_as_people_write_it() {
        case(
            Some(Keyword::StopAll),
            &[
                "STOP",
                "stop",
                "Stop.",
                "\"stop\"",
                "“Stop”",
                "«Stop»",
                "'STOP'",
                "STOP!!!",
                "(stop)",
                "*STOP*",
                "ｓｔｏｐ",
                "ＳＴＯＰ！",
                "𝐒𝐓𝐎𝐏",
                "ⓢⓣⓞⓟ",
                "\nSTOP\r\n",
                "  stop\t",
                "\u{feff}STOP\u{200b}",
                "S\u{200d}T\u{ad}OP",
                "s̶t̶o̶p̶",
                "STOP 🛑",
                "🛑🙏🏽 stop ✋",
                "❤️STOP❤️",
                "S.T.O.P.",
                "S T O P",
                "STOP STOP",
                "Stop! Stop! STOP!",
                "please stop",
                "Stop please!",
                "stop now",
                "STOPALL",
                "Stop all",
                "STOP-ALL",
                "Unsubscribe",
                "unsubscribe.",
                "please unsubscribe me",
                "OPTOUT",
                "Opt out",
                "opt-out",
                "opt me out",
                "REVOKE",
                "revoke!",
                "ARRET",
                "arrêt",
                "ARRE\u{302}T",
                "«Arrêt»",
                "stop texting me",
                "Please stop texting me",
                "pls stop texting me",
                "Stop messaging me!!",
                "stop calling",
                "STOP CALLING ME",
                "please stop calling me, thanks",
                "stop texting me please",
                "Stop texting and calling me.",
                "stop calling or texting this number again",
                "stop texting us anymore",
                "stop sending me messages",
                "stop sending me text messages, thank you",
                "Stop your calls!",
                "stop all messages",
                "Hey, stop texting me 😡",
                "STOP TEXTING ME PLEASE AND THANK YOU",
                "stop calling here",
            ],
        );
        case(
            Some(Keyword::StopTexts),
            &[
                "CANCEL",
                "cancel",
                "Cancel.",
                "END",
                "end!",
                "\"End\"",
                "QUIT",
                "quit 👋",
                "ｑｕｉｔ",
            ],
        );
        case(Some(Keyword::Start), &["START", "start", "Start!", "UNSTOP", "unstop.", "«START»"]);
        case(Some(Keyword::Help), &["HELP", "help", "Help!", "help?", "INFO", "info.", "ｉｎｆｏ"]);
    }

    #[test]
    fn what_only_contains_such_a_word_stays_an_ordinary_text() {
        case(
            None,
            &[
                "",
                " ",
                "🛑",
                "...",
                "don't stop",
                "Don’t stop now",
                "stop by at eight",
                "can you stop by at 8?",
                "stop it",
                "non-stop",
                "full stop",
                "stopped",
                "STOP 2",
                "when does the bus stop",
                "please stop texting Bob",
                "stop texting Bob",
                "stop calling me names",
                "stop the music",
                "stop the number",
                "stop me",
                "he told me to stop calling",
                "never stop texting me",
                "can you cancel my order",
                "please cancel",
                "cancel it",
                "cancel please",
                "the end",
                "The End.",
                "weekend",
                "end of the day",
                "quit smoking tips",
                "I quit",
                "help me move",
                "please help",
                "help help",
                "info please",
                "more info",
                "I will start monday",
                "start at nine",
                "restart",
                "please start",
                "YES",
                "yes please",
                "no",
                "Liked “STOP”",
                "Reply STOP to opt out",
                "revoke the key",
                "unsubscribe bob",
                "arrête",
                "opt out of the plan",
            ],
        );
        case(None, &[&"stop ".repeat(2_000), &"x".repeat(100_000)]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,300}") {
            let _ = parse(&text);
        }

        #[test]
        fn punctuation_and_blanks_beside_a_keyword_do_not_matter(
            word in prop::sample::select(STOP.split(' ').collect::<Vec<_>>()),
            before in "[ .,!?\"'«»“”()*_~\n\r\t🛑👋🏽❤\u{fe0f}\u{200b}\u{feff}-]{0,12}",
            after in "[ .,!?\"'«»“”()*_~\n\r\t🛑👋🏽❤\u{fe0f}\u{200b}\u{feff}-]{0,12}",
            is_loud: bool,
        ) {
            let word = if is_loud { word.to_uppercase() } else { word.to_owned() };
            prop_assert_eq!(parse(&format!("{before}{word}{after}")), Some(Keyword::StopAll));
        }

        #[test]
        fn another_word_beside_it_does(other in "[a-z]{3,8}", is_first: bool) {
            let polite = ["please", "pls", "plz", "kindly", "just", "hey", "hello", "thanks", "thx", "now", "immediately",
                "asap", "stop", "all", "texting", "txting", "calling", "messaging", "msging", "phoning",
                "ringing", "contacting", "sending", "texts", "txts", "messages", "msgs", "sms", "calls"];
            prop_assume!(!polite.contains(&other.as_str()));
            let text = if is_first { format!("{other} stop") } else { format!("stop {other}") };
            prop_assert_eq!(parse(&text), None);
        }
    }
}
