//! The closed classes of English: the small words by which a sentence shows its shape.

use std::sync::LazyLock;

use memchr::memmem;

use super::words::{self, Words};

/// Whether `word` is in `list`. Asked a hundred and fifty times for a request of six words, which must not be felt beside
/// the turn.
pub(super) fn is(list: impl WordSet, word: &str) -> bool {
    list.have(word)
}

/// Words separated by blanks, as a text or as a prepared [`WordList`].
pub(super) trait WordSet {
    /// Whether `word` is one of them.
    fn have(self, word: &str) -> bool;
}

impl WordSet for &str {
    fn have(self, word: &str) -> bool {
        let list = self.as_bytes();
        let is_blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        !word.is_empty()
            && memmem::find_iter(list, word).any(|at| {
                is_blank(at.checked_sub(1).map(|before| &list[before]))
                    && is_blank(list.get(at + word.len()))
            })
    }
}

/// A list that is asked often: which lengths its words have, by their first letter, tells most words from it.
pub(super) struct WordList {
    pub(super) words: &'static str,
    /// A bit for each length; the last letter stands for all bytes that are none.
    lengths: [u32; 27],
}

impl WordList {
    /// The list of these words.
    pub(super) const fn of(words: &'static str) -> Self {
        let (bytes, mut lengths) = (words.as_bytes(), [0; 27]);
        let (mut at, mut start) = (0, 0);
        while at <= bytes.len() {
            if at == bytes.len() || bytes[at].is_ascii_whitespace() {
                if at > start {
                    lengths[letter(bytes[start])] |= length(at - start);
                }
                start = at + 1;
            }
            at += 1;
        }
        Self { words, lengths }
    }
}

impl WordSet for &LazyLock<WordList> {
    fn have(self, word: &str) -> bool {
        LazyLock::force(self).have(word)
    }
}

impl WordSet for &WordList {
    fn have(self, word: &str) -> bool {
        let Some(first) = word.bytes().next() else { return false };
        self.lengths[letter(first)] & length(word.len()) != 0 && self.words.have(word)
    }
}

const fn letter(byte: u8) -> usize {
    if byte.is_ascii_lowercase() { (byte - b'a') as usize } else { 26 }
}

const fn length(length: usize) -> u32 {
    1 << if length < 31 { length } else { 31 }
}

static CLASSES: LazyLock<Words> =
    LazyLock::new(|| words::entries(include_str!("words/classes.txt")).collect());

/// The words of one class.
fn class(name: &str) -> &'static str {
    CLASSES.get(name).copied().unwrap_or_default()
}

/// The lists of `words/classes.txt` under the names by which the rules ask for them, each read when it is first asked.
macro_rules! classes {
    ($($name:ident = $entry:literal;)*) => {
        $(
        pub(super) const $name: &LazyLock<WordList> = {
            static LIST: LazyLock<WordList> = LazyLock::new(|| WordList::of(class($entry)));
            &LIST
        };)*
        #[cfg(test)]
        const NAMES: &[&str] = &[$($entry),*];
    };
}

classes! {
    FILLERS = "fillers";
    COMPOUNDS = "compounds";
    GREETINGS = "greetings";
    ADVERBS = "adverbs";
    TIMES = "times";
    TIME_JOINTS = "time_joints";
    SUBJECTS = "subjects";
    SOMEONE = "someone";
    OBJECTS = "objects";
    DETERMINERS = "determiners";
    POSSESSIVES = "possessives";
    MODALS = "modals";
    BE = "be";
    DO = "do";
    HAVE = "have";
    QUESTION_WORDS = "question_words";
    CONDITIONS = "conditions";
    EMBEDDERS = "embedders";
    STRICT_PREPOSITIONS = "strict_prepositions";
    PARTICLES = "particles";
    MODIFIERS = "modifiers";
    STATES = "states";
    PEOPLE = "people";
    INFORMATION = "information";
    STREETS = "streets";
    SERVICES = "services";
    IN_NAMES = "in_names";
    BRINGS = "brings";
    REACHABLE = "reachable";
    URGED = "urged";
    REPORTING = "reporting";
    MEANS = "means";
    GUIDES = "guides";
    OTHERS_LISTS = "others_lists";
    PREPOSITIONS = "prepositions";
    OWN_DEVICES = "own_devices";
    QUOTING = "quoting";
    SAME = "same";
    OBEYS = "obeys";
    BIDDINGS = "biddings";
    BIDS = "bids";
    NUMBERS = "numbers";
    NOT_ADVERBS = "not_adverbs";
}

/// A number in figures or words, or an amount.
pub(super) fn number(word: &str) -> bool {
    let digits = word.trim_start_matches('$');
    digits.starts_with(|c: char| c.is_ascii_digit()) || is(NUMBERS, word)
}

/// Owns what follows: "my", "bob's".
pub(super) fn possessive(word: &str) -> bool {
    is(POSSESSIVES, word) || word.ends_with("'s") || word.ends_with("s'")
}

/// An adverb by list or by its ending.
pub(super) fn adverb(word: &str) -> bool {
    is(ADVERBS, word) || word.len() > 4 && word.ends_with("ly") && !is(NOT_ADVERBS, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_words_and_no_others_are_in_the_file() {
        for name in NAMES {
            assert!(!class(name).is_empty(), "{name}");
        }
        assert_eq!(CLASSES.len(), NAMES.len());
    }
}
