//! Second step: makes spoken and hasty English regular: contractions, noises, stammers, polite asides.
//!
//! "um could ya uh could ya plz DELETE the repo when you get a chance" leaves here as
//! "could you could you please delete the repo".

use std::borrow::Cow;
use std::sync::LazyLock;

use smol_str::{SmolStr, format_smolstr};

use super::tokenize::{Separator, WordToken};
use super::word_classes::{is, number};
use super::words::{self, Words, phrases};

/// The words in regular English, in order. At most twice as many as went in.
pub(super) fn normalize(words: &[WordToken]) -> Vec<WordToken> {
    let mut regular = Vec::with_capacity(words.len() + 8);
    let mut carried = None;
    let joined = joined(words);
    for (at, word) in joined.iter().enumerate() {
        let mut word = word.clone();
        let next = joined.get(at + 1).map_or("", |next| next.text.as_str());
        // Recognisers leave out the apostrophe; "my id" is another word.
        if word.text == "id" && is("like love prefer rather appreciate want need", next) {
            word.text = SmolStr::new_static("i'd");
        }
        word.separator = word.separator.max(carried.take().unwrap_or(Separator::Blank));
        if NOISES.contains(&word.text.as_str()) {
            carried = Some(word.separator);
            continue;
        }
        expand(word, &mut regular);
    }
    homophones(&mut regular);
    regular.dedup_by(|word, before| {
        word.text == before.text
            && word.separator == Separator::Blank
            && !TWICE.contains(&word.text.as_str())
            && !number(&word.text)
    });
    asides(&regular)
}

const NOISES: &[&str] = &[
    "um", "umm", "uh", "uhh", "uhm", "er", "erm", "ah", "hmm", "hm", "mm", "mhm", "huh", "eh", "aw",
];

/// Words that are rightly said twice.
const TWICE: &[&str] = &["that", "had", "bye", "no", "very"];

/// Joins what recognisers split ("e mail", "un subscribe") and words that were spelled out.
fn joined(words: &[WordToken]) -> Vec<WordToken> {
    let mut out: Vec<WordToken> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let letter = |i: usize| {
            words
                .get(i)
                .is_some_and(|w| w.text.len() == 1 && w.text.as_bytes()[0].is_ascii_alphabetic())
        };
        let run = (at..words.len())
            .take_while(|&i| letter(i) && (i == at || words[i].separator == Separator::Blank));
        let run = run.count();
        let mut word = words[at].clone();
        let next = words.get(at + 1).filter(|next| next.separator == Separator::Blank);
        if run >= 4 {
            word.text = words[at..at + run].iter().map(|word| word.text.as_str()).collect();
            at += run;
        } else if let Some(next) = next.filter(|next| split(&word.text, &next.text)) {
            word.text = format_smolstr!("{}{}", word.text, next.text);
            at += 2;
        } else {
            at += 1;
        }
        out.push(word);
    }
    out
}

/// Whether these are one word that was split.
fn split(first: &str, second: &str) -> bool {
    is("e un re face docu", first)
        && is(
            "email emails emailed emailing esign esigned unsubscribe unlock unmute unfollow uninstall unfriend unblock \
             reschedule resend rebook reorder repost restart reboot rename facetime docusign",
            &format!("{first}{second}"),
        )
}

fn expand(word: WordToken, spoken: &mut Vec<WordToken>) {
    static CONTRACTIONS: LazyLock<Words> =
        LazyLock::new(|| words::entries(include_str!("words/contractions.txt")).collect());
    let short = CONTRACTIONS.get(word.text.as_str());
    let whole = match short {
        Some(long) => Cow::Borrowed(*long),
        None if word.text.contains('\'') => Cow::Owned(suffix(&word.text)),
        None => return spoken.push(word),
    };
    let mut separator = word.separator;
    for part in whole.split(' ') {
        spoken.push(WordToken { text: SmolStr::from(part), separator, ..word });
        separator = Separator::Blank;
    }
}

/// "you'll" and its kind. `'s` is taken for "is" only after words that own nothing.
fn suffix(word: &str) -> String {
    const BE: &[&str] =
        &["what", "who", "where", "when", "how", "why", "that", "it", "he", "she", "there", "here"];
    let Some((stem, tail)) = word.split_once('\'') else { return word.to_owned() };
    match tail {
        "s" if stem == "let" => "lets".to_owned(),
        "s" if BE.contains(&stem) => format!("{stem} is"),
        "re" => format!("{stem} are"),
        "ve" => format!("{stem} have"),
        "ll" => format!("{stem} will"),
        "d" => format!("{stem} would"),
        "m" => format!("{stem} am"),
        "t" if stem == "can" => "can not".to_owned(),
        "t" if stem == "won" => "will not".to_owned(),
        "t" if stem.ends_with('n') => format!("{} not", &stem[..stem.len() - 1]),
        "s" | "" => format!("{stem}'s"),
        _ => format!("{stem}{tail}"),
    }
}

/// Words that recognisers write for a verb of the same sound, recognised by what follows.
fn homophones(words: &mut [WordToken]) {
    for at in 0..words.len() {
        let next = words.get(at + 1).map_or("", |word| word.text.as_str());
        let opens = at == 0 || words[at].separator > Separator::Blank;
        let before = if opens { "" } else { words[at - 1].text.as_str() };
        let meant = match (words[at].text.as_str(), next) {
            ("by", "me" | "us" | "some" | "tickets" | "another") if lead(before) => "buy",
            ("cell", "my" | "all" | "the" | "those" | "half") if lead(before) => "sell",
            _ => continue,
        };
        words[at].text = SmolStr::new_static(meant);
    }
}

/// Words after which an order may begin.
fn lead(before: &str) -> bool {
    matches!(before, "" | "please" | "you" | "to" | "and" | "then" | "now" | "ok" | "okay" | "hey")
}

/// Removes polite asides, which may stand anywhere.
fn asides(words: &[WordToken]) -> Vec<WordToken> {
    let mut out: Vec<WordToken> = Vec::with_capacity(words.len());
    let mut at = 0;
    let mut stop = Separator::Blank;
    while at < words.len() {
        if let Some(length) = aside(words, at) {
            // The stop before an aside stays, so that what follows still begins a clause.
            stop = stop.max(words[at].separator);
            at += length;
            continue;
        }
        let mut word = words[at].clone();
        word.separator = word.separator.max(std::mem::replace(&mut stop, Separator::Blank));
        out.push(word);
        at += 1;
    }
    out
}

fn aside(words: &[WordToken], at: usize) -> Option<usize> {
    let first = words[at].text.as_str();
    let fits = |phrase: &&str| {
        phrase.split(' ').zip(at..).all(|(part, i)| {
            words
                .get(i)
                .is_some_and(|w| w.text == part && (i == at || w.separator == Separator::Blank))
        })
    };
    let length = |phrase: &str| phrase.split(' ').count();
    let after = |phrase: &str| words.get(at + length(phrase));
    let closes = |phrase: &str| after(phrase).is_none_or(|word| word.separator > Separator::Blank);
    let opens = at == 0 || words[at].separator > Separator::Blank;
    let anywhere = phrases("asides", first).find(fits);
    let found = anywhere
        .or_else(|| phrases("asides_at_the_end", first).filter(|it| closes(it)).find(fits))
        .or_else(|| {
            let edge = phrases("asides_at_an_edge", first).find(fits);
            edge.filter(|phrase| opens || closes(phrase))
        });
    found.map(length)
}

#[cfg(test)]
mod tests {
    use super::super::tokenize;
    use super::*;

    #[track_caller]
    fn case(text: &str, wanted: &str) {
        let got: Vec<_> =
            normalize(&tokenize::tokenize(text)).into_iter().map(|w| w.text).collect();
        assert_eq!(got.join(" "), wanted, "{text:?}");
    }

    #[test]
    fn contractions_become_words() {
        case("don't dont can't won't", "do not do not can not will not");
        case("id like u to send it", "i would like you to send it");
        case("what's Bob's plan, let's go", "what is bob's plan lets go");
    }

    #[test]
    fn noises_stammers_and_asides_go() {
        case("um, delete delete the uh the repo", "delete the repo");
        case("when you get a chance email bob, thanks", "email bob");
        case("if you can text bob", "text bob");
        case("see if you can book it", "see if you can book it");
    }

    #[test]
    fn split_and_spelled_words_are_joined() {
        case("e mail bob", "email bob");
        case("d e l e t e it", "delete it");
    }

    #[test]
    fn a_verb_transcribed_as_another_word_is_found() {
        case("by me a ticket", "buy me a ticket");
        case("cell my shares", "sell my shares");
        case("by the way who is it", "who is it");
    }
}
