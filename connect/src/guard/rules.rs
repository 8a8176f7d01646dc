//! What the owner adds to the rule and takes from it: `guard.patterns` and `guard.harmless`.

use super::fold::{self, Word};
use super::spoken;

/// The owner's own phrases. A phrase is whole words, in any case; it is folded like a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// A request in which one of these occurs is sensitive, whatever else is true of it.
    pub(crate) patterns: Vec<String>,
    /// A verb inside one of these is not held against the request; every other verb still is. So
    /// "turn on the lights" lets that through, and "turn on the lights and delete the repo" is asked about.
    /// A request that is one of these and nothing else is harmless in any language.
    pub(crate) harmless: Vec<String>,
}

impl Rules {
    /// The first of the owner's patterns that occurs in `words`.
    pub(super) fn pattern_in(&self, words: &[Word]) -> Option<&str> {
        self.patterns
            .iter()
            .find(|phrase| !places(&folded(phrase), words).is_empty())
            .map(String::as_str)
    }

    /// For each word, whether a harmless phrase covers it.
    pub(super) fn covered(&self, words: &[Word]) -> Vec<bool> {
        let mut covered = vec![false; words.len()];
        for phrase in &self.harmless {
            let phrase = folded(phrase);
            for at in places(&phrase, words) {
                covered[at..at + phrase.len()].fill(true);
            }
        }
        covered
    }
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
