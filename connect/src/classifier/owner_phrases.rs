//! The owner's own phrases, `guard.patterns` and `guard.harmless`: what they add to the rules and take from them.

use super::normalize;
use super::tokenize::{self, WordToken};

use state::approval_policy::OwnerPhrases;

/// The first of the owner's patterns that occurs in `words`.
pub(super) fn matching_pattern<'a>(
    rules: &'a OwnerPhrases,
    words: &[WordToken],
) -> Option<&'a str> {
    rules
        .patterns
        .iter()
        .find(|phrase| !places(&words_of(phrase), words).is_empty())
        .map(String::as_str)
}

/// For each word, whether a harmless phrase covers it.
pub(super) fn harmless_words(rules: &OwnerPhrases, words: &[WordToken]) -> Vec<bool> {
    let mut covered = vec![false; words.len()];
    for phrase in &rules.harmless {
        let phrase = words_of(phrase);
        for at in places(&phrase, words) {
            covered[at..at + phrase.len()].fill(true);
        }
    }
    covered
}

/// The words of a phrase, as those of a request are made.
fn words_of(phrase: &str) -> Vec<WordToken> {
    normalize::normalize(&tokenize::tokenize(phrase))
}

/// Where `phrase` occurs in `words`. An empty phrase occurs nowhere.
fn places(phrase: &[WordToken], words: &[WordToken]) -> Vec<usize> {
    if phrase.is_empty() {
        return Vec::new();
    }
    let same =
        |window: &[WordToken]| window.iter().zip(phrase).all(|(word, part)| word.text == part.text);
    words
        .windows(phrase.len())
        .enumerate()
        .filter(|(_, window)| same(window))
        .map(|(at, _)| at)
        .collect()
}
