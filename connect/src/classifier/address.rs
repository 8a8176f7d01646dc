//! Addresses in a request: what goes "to me at evil at example dot com" does not go to the owner.

use super::clause::Clause;
use super::english::is_known_word;
use super::word_classes::{SERVICES, STREETS, is, number};

/// Fewer digits are a time, an amount or a date.
const PHONE_NUMBER: usize = 7;

/// Whether an address, a phone number or a street follows the verb at `at`, in this clause or later, that says where
/// something goes; not where it comes from ("the mail from bob at example dot com").
pub(super) fn address_after(clause: &Clause, at: usize) -> bool {
    let word = |at: usize| clause.words.get(at).map_or("", |word| word.text.as_str());
    (at + 1..clause.words.len()).any(|i| {
        let end = word(i + 1);
        let domain =
            is("com org net io co info biz edu gov me us uk de fr eu", end) || !is_known_word(end);
        let host = word(i) == "@" || word(i) == "dot" && !end.is_empty() && domain;
        let street = is(STREETS, word(i)) && (i.saturating_sub(4)..i).any(|i| number(word(i)));
        let care = word(i) == "care" && word(i + 1) == "of" && word(i - 1) != "take";
        let handle =
            is(SERVICES, word(i)) && word(i - 1) == "on" && is("at as under to", word(i + 1));
        let through = is("through via", word(i)) && clause.before_word(i) == "me";
        (host || street || care || handle || through || digits(clause, i) >= PHONE_NUMBER)
            && !source(clause, at, i)
    })
}

/// How many digits are said or written in a row from `from`.
fn digits(clause: &Clause, from: usize) -> usize {
    let count = |word: &str| {
        let figures = word.bytes().filter(u8::is_ascii_digit).count();
        let spoken = is("zero oh one two three four five six seven eight nine double triple", word);
        if word.starts_with('$') { 0 } else { figures.max(usize::from(spoken)) }
    };
    clause.words[from..].iter().map(|word| count(&word.text)).take_while(|&n| n > 0).sum()
}

/// Whether the address around `address` is where something came from.
fn source(clause: &Clause, verb: usize, address: usize) -> bool {
    let from = address.saturating_sub(5).max(verb + 1);
    let word = |at: usize| clause.words[at].text.as_str();
    let named = (from..address)
        .rev()
        .find(|&i| is("to at from by on is about me", word(i)) && word(i) != "at");
    named.is_some_and(|i| is("from by about", word(i)))
}
