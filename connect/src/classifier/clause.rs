//! One clause of a request, and the questions that the rules ask about the words in it.

use super::morphology;
use super::tokenize::{Separator, WordToken};
use super::word_classes::{
    self, CONDITIONS, DO, FILLERS, MODALS, QUESTION_WORDS, TIME_JOINTS, TIMES, is, number,
};

/// How a clause hangs on the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClauseJoin {
    /// A new sentence, or "then", "also", "please", "so", "but".
    Fresh,
    /// Only "and".
    And,
    /// Only "or".
    Or,
    /// Only a comma.
    Comma,
}

/// What the beginning of a clause says of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It begins with a verb in its plain form, or with nothing that speaks against an order.
    Bare,
    /// "can you", "could someone", "would you mind".
    Request,
    /// It asks; `plain` if its verbs are plain forms that order nothing ("how do I delete", not "is it").
    Question { plain: bool },
    /// It tells: a subject comes first.
    Report,
    /// "if", "when", "once".
    Condition,
    /// "do not", "never".
    Forbidden,
}

/// A stretch of words without a stop or conjunction inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clause<'a> {
    /// The words of the whole request.
    pub(super) words: &'a [WordToken],
    /// Where it starts in `words`.
    pub(super) start: usize,
    /// The first word that is more than a filler, a name that is called, or a time.
    pub(super) body_start: usize,
    /// Where the next one starts.
    pub(super) end: usize,
    pub(super) join: ClauseJoin,
    pub(super) mood: Mood,
    /// A command-line program stands in front ("git push").
    pub(super) command_line: bool,
}

impl<'a> Clause<'a> {
    /// The word at `at`, or "" outside the clause.
    pub(super) fn at(&self, at: usize) -> &'a str {
        if (self.start..self.end).contains(&at) { &self.words[at].text } else { "" }
    }

    /// The words from `from` to the end.
    pub(super) fn rest(&self, from: usize) -> impl Iterator<Item = &'a str> {
        self.words[from.min(self.end)..self.end].iter().map(|word| word.text.as_str())
    }

    /// Whether the sentence so far is a question about what somebody has, looks like or needs.
    pub(super) fn question_of_having(&self) -> bool {
        let from = self.sentence_start();
        let sentence = || self.words[from..self.start].iter().map(|word| word.text.as_str());
        let asks = sentence().any(|word| is("what when which who", word));
        asks && sentence().any(|word| is("have got look need", word))
    }

    /// "see if the dentist can fit me in and book it": what follows is not part of what is checked.
    pub(super) fn depends_on_a_check(&self) -> bool {
        let sentence = &self.words[self.sentence_start()..self.start];
        let is_check = |pair: &[WordToken]| {
            is("see check look find", &pair[0].text) && is("if whether", &pair[1].text)
        };
        sentence.windows(2).any(is_check)
    }

    fn sentence_start(&self) -> usize {
        (0..=self.start)
            .rev()
            .find(|&at| self.words[at].separator == Separator::Sentence)
            .unwrap_or(0)
    }

    /// The last word of the clause before, whatever separates them.
    pub(super) fn word_before(&self) -> &'a str {
        self.start.checked_sub(1).map_or("", |at| &self.words[at].text)
    }

    /// The word right before `at`, in this clause.
    pub(super) fn before_word(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |before| self.at(before))
    }

    /// Whether somebody else is named right at `at` with "and": "… to me and Bob", but not "… to me and call".
    pub(super) fn other_after(&self, at: usize) -> bool {
        let word = |at: usize| self.words.get(at).map_or("", |word| word.text.as_str());
        let next = word(at + 1);
        word(at) == "and" && !next.is_empty() && !begins_speech(next) && !is(FILLERS, next)
    }

    /// A question mark closes the sentence.
    pub(super) fn in_question(&self) -> bool {
        self.words[self.start].in_question
    }

    /// Whether any word of the clause before `at` is in `list`.
    pub(super) fn has_before(&self, list: &str, at: usize) -> bool {
        (self.start..at).any(|i| is(list, self.at(i)))
    }

    /// The word that governs the one at `at`: the next to the left that is neither adverb nor time.
    /// `None` at the opening.
    pub(super) fn left(&self, at: usize) -> Option<usize> {
        let mut timed = false;
        let mut left = at;
        while left > self.body_start {
            left -= 1;
            let word = self.at(left);
            let clock = number(word)
                && left > self.body_start
                && matches!(self.at(left - 1), "at" | "by" | "around");
            if is(TIMES, word) || clock || clock_time(word) {
                timed = true;
            } else if timed && (is(TIME_JOINTS, word) || number(word)) || word_classes::adverb(word)
            {
            } else {
                return Some(left);
            }
        }
        None
    }
}

/// "9:30", "10am", "5th".
pub(super) fn clock_time(word: &str) -> bool {
    word.as_bytes()[0].is_ascii_digit()
        && (word.contains(':')
            || ["am", "pm", "th", "st", "nd", "rd"].iter().any(|end| word.ends_with(end)))
}

/// Whether a speech can go on with `word` after a name that is called.
pub(super) fn begins_speech(word: &str) -> bool {
    morphology::is_base(word)
        || is(MODALS, word)
        || is(QUESTION_WORDS, word)
        || is(DO, word)
        || is(CONDITIONS, word)
        || matches!(word, "please" | "i" | "we" | "lets" | "is" | "are" | "kindly" | "go" | "just")
}
