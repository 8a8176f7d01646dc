//! Cuts a request into clauses and says what each one is: an order, a question, a report, a condition.

use super::english::known;
use super::fold::{Stop, Word};
use super::mood::{self, Mood};
use super::verbs;
use super::words::{
    self, COMPOUNDS, CONDITIONS, DO, FILLERS, GREETINGS, MODALS, QUESTION_WORDS, TIME_JOINTS,
    TIMES, is, number,
};

/// How a clause hangs on the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// A new sentence, or "then", "also", "please", "so", "but".
    Fresh,
    /// Only "and".
    And,
    /// Only "or".
    Or,
    /// Only a comma.
    Comma,
}

/// A stretch of words without a stop or conjunction inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clause<'a> {
    words: &'a [Word],
    pub(super) start: usize,
    /// The first word that is more than a filler, a name that is called, or a time.
    pub(super) open: usize,
    pub(super) end: usize,
    pub(super) join: Join,
    pub(super) mood: Mood,
    /// A command-line program stands in front ("git push").
    pub(super) command_line: bool,
}

/// A clause of more words than this is cut: what governs a verb is not looked for farther away.
const LONGEST: usize = 32;

/// The clauses of a request, in order.
pub(super) fn clauses(words: &[Word]) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    while start < words.len() {
        let mut end = start + 1;
        let mut body = !coordinator(&words[start].text);
        while end < words.len() && words[end].stop == Stop::Blank {
            let joins = coordinator(&words[end].text);
            if joins && body || end - start >= LONGEST {
                break;
            }
            body |= !joins;
            end += 1;
        }
        clauses.push(Clause::new(words, start, end));
        start = end;
    }
    clauses
}

fn coordinator(word: &str) -> bool {
    matches!(word, "and" | "then" | "but" | "or" | "so" | "otherwise" | "afterwards")
}

impl<'a> Clause<'a> {
    fn new(words: &'a [Word], start: usize, end: usize) -> Self {
        let join = Join::Fresh;
        let mut clause =
            Clause { words, start, open: start, end, join, mood: Mood::Bare, command_line: false };
        clause.open = clause.opening();
        clause.command_line = (start..end).take(3).any(|at| command_line(clause.at(at)));
        clause.join = clause.joining();
        clause.mood = mood::of(&clause);
        clause
    }

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

    /// "see if the dentist can fit me in and book it": what follows is not part of what is looked up.
    pub(super) fn looked_up(&self) -> bool {
        let sentence = &self.words[self.sentence_start()..self.start];
        let looks = |pair: &[Word]| {
            is("see check look find", &pair[0].text) && is("if whether", &pair[1].text)
        };
        sentence.windows(2).any(looks)
    }

    /// Whether an "or" follows in the sentence: what stands here is one of a list.
    pub(super) fn lists_with_or(&self) -> bool {
        let rest = self.words[self.end..].iter();
        rest.take_while(|word| word.stop != Stop::Sentence).any(|word| word.text == "or")
    }

    /// Whether the sentence so far begins as a question.
    pub(super) fn before_has_question(&self) -> bool {
        let first = self.words[self.sentence_start()].text.as_str();
        is(QUESTION_WORDS, first) || is(MODALS, first) || is(DO, first)
    }

    fn sentence_start(&self) -> usize {
        (0..=self.start).rev().find(|&at| self.words[at].stop == Stop::Sentence).unwrap_or(0)
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
    pub(super) fn asked(&self) -> bool {
        self.words[self.start].asked
    }

    /// Whether any word of the clause before `at` is in `list`.
    pub(super) fn has_before(&self, list: &str, at: usize) -> bool {
        (self.start..at).any(|i| is(list, self.at(i)))
    }

    fn joining(&self) -> Join {
        let first = &self.words[self.start];
        let lead = |word: &str| (self.start..self.open).any(|at| self.at(at) == word);
        let fresh = [
            "then",
            "also",
            "please",
            "so",
            "but",
            "next",
            "now",
            "otherwise",
            "afterwards",
            "finally",
        ];
        if first.stop == Stop::Sentence || fresh.iter().any(|word| lead(word)) {
            Join::Fresh
        } else if lead("or") {
            Join::Or
        } else if lead("and") {
            Join::And
        } else if self.start == 0 {
            Join::Fresh
        } else {
            Join::Comma
        }
    }

    fn opening(&self) -> usize {
        let mut at = self.start;
        loop {
            let word = self.at(at);
            if word.is_empty() {
                return self.start.max(at.min(self.end));
            }
            if let Some(next) = self.time_run(at) {
                at = next;
            } else if is(FILLERS, word) && !self.negation(at) {
                at += 1;
                if is(GREETINGS, word) {
                    at = self.names(at, 2);
                }
            } else if is(COMPOUNDS, word) && verbs::is_base(self.at(at + 1))
                || words::adverb(word) && word.len() > 4 && word.ends_with("ly")
            {
                at += 1;
            } else {
                let after = self.names(at, 2);
                let called = after > at && begins_speech(self.at(after));
                let fresh = self.words[self.start].stop == Stop::Sentence || self.start < at;
                if called && fresh {
                    at = after;
                    continue;
                }
                return at;
            }
        }
    }

    /// "no need to", "no longer" are not the filler "no".
    fn negation(&self, at: usize) -> bool {
        self.at(at) == "no" && matches!(self.at(at + 1), "need" | "longer" | "one" | "more")
    }

    /// Skips at most `most` words that are no English we know: a name that is called.
    fn names(&self, from: usize, most: usize) -> usize {
        let unknown = |at: usize| {
            !self.at(at).is_empty()
                && (!known(self.at(at)) && verbs::misspelt(self.at(at)).is_empty()
                    || is("there google siri alexa", self.at(at)))
        };
        (from..from + most).find(|&at| !unknown(at)).unwrap_or(from + most)
    }

    /// The end of a run of time that begins at `from`: "tomorrow at nine", "in ten minutes".
    fn time_run(&self, from: usize) -> Option<usize> {
        let joint = |at: usize| is(TIME_JOINTS, self.at(at));
        if !is(TIMES, self.at(from)) && !joint(from) {
            return None;
        }
        // "the morning report" is a thing, not a time.
        if is("the a an another other last late early of end about", self.at(from))
            || is("while moment half quarter past thing couple for", self.at(from))
        {
            return None;
        }
        let mut end = None;
        let mut at = from;
        while at < self.end && at < from + 8 {
            let word = self.at(at);
            let clock = number(word)
                && at > from
                && matches!(self.at(at - 1), "at" | "by" | "around" | "before");
            if is(TIMES, word) || clock || clock_time(word) {
                end = Some(at + 1);
            } else if !joint(at) && !number(word) {
                break;
            }
            at += 1;
        }
        end
    }

    /// The word that governs the one at `at`: the next to the left that is neither adverb nor time.
    /// `None` at the opening.
    pub(super) fn left(&self, at: usize) -> Option<usize> {
        let mut timed = false;
        let mut left = at;
        while left > self.open {
            left -= 1;
            let word = self.at(left);
            let clock = number(word)
                && left > self.open
                && matches!(self.at(left - 1), "at" | "by" | "around");
            if is(TIMES, word) || clock || clock_time(word) {
                timed = true;
            } else if timed && (is(TIME_JOINTS, word) || number(word)) || words::adverb(word) {
            } else {
                return Some(left);
            }
        }
        None
    }
}

/// "9:30", "10am", "5th".
fn clock_time(word: &str) -> bool {
    word.as_bytes()[0].is_ascii_digit()
        && (word.contains(':')
            || ["am", "pm", "th", "st", "nd", "rd"].iter().any(|end| word.ends_with(end)))
}

fn command_line(word: &str) -> bool {
    is("git kubectl docker npm sudo terraform helm systemctl cargo gh", word)
}

/// Whether a speech can go on with `word` after a name that is called.
fn begins_speech(word: &str) -> bool {
    verbs::is_base(word)
        || is(MODALS, word)
        || is(QUESTION_WORDS, word)
        || is(DO, word)
        || is(CONDITIONS, word)
        || matches!(word, "please" | "i" | "we" | "lets" | "is" | "are" | "kindly" | "go" | "just")
}
