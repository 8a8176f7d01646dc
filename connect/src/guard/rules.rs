//! What the owner adds to the rule and takes from it: `guard.patterns` and `guard.harmless`.

use super::fold::{self, Word};
use super::spoken;

pub(crate) use state::guard::Rules;

/// The first of the owner's patterns that occurs in `words`.
pub(super) fn pattern_in<'a>(rules: &'a Rules, words: &[Word]) -> Option<&'a str> {
    rules
        .patterns
        .iter()
        .find(|phrase| !places(&folded(phrase), words).is_empty())
        .map(String::as_str)
}

/// For each word, whether a harmless phrase covers it.
pub(super) fn covered(rules: &Rules, words: &[Word]) -> Vec<bool> {
    let mut covered = vec![false; words.len()];
    for phrase in &rules.harmless {
        let phrase = folded(phrase);
        for at in places(&phrase, words) {
            covered[at..at + phrase.len()].fill(true);
        }
    }
    covered
}

fn folded(phrase: &str) -> Vec<Word> {
    spoken::regular(&fold::words(phrase))
}

/// Where `phrase` occurs in `words`. An empty phrase occurs nowhere.
fn places(phrase: &[Word], words: &[Word]) -> Vec<usize> {
    if phrase.is_empty() {
        return Vec::new();
    }
    let same =
        |window: &[Word]| window.iter().zip(phrase).all(|(word, part)| word.text == part.text);
    words
        .windows(phrase.len())
        .enumerate()
        .filter(|(_, window)| same(window))
        .map(|(at, _)| at)
        .collect()
}
