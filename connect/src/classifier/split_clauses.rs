//! Cuts a request into clauses, and finds for each how it hangs on the one before and where its body begins.

use super::clause::{Clause, ClauseJoin, Mood, begins_speech, clock_time};
use super::english::is_known_word;
use super::mood::mood_of;
use super::morphology;
use super::tokenize::{Separator, WordToken};
use super::word_classes::{BE, COMPOUNDS, FILLERS, GREETINGS, TIME_JOINTS, TIMES, is, number};

/// A clause of more words than this is cut: what governs a verb is not looked for farther away.
const LONGEST: usize = 32;

/// The clauses of a request, in order.
pub(super) fn clauses(words: &[WordToken]) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    while start < words.len() {
        let mut end = start + 1;
        let mut body = !coordinator(&words[start].text);
        while end < words.len() && words[end].separator == Separator::Blank {
            let joins = coordinator(&words[end].text);
            if joins && body || end - start >= LONGEST {
                break;
            }
            body |= !joins;
            end += 1;
        }
        clauses.push(clause(words, start, end));
        start = end;
    }
    clauses
}

/// Whether `word` joins clauses.
fn coordinator(word: &str) -> bool {
    matches!(word, "and" | "then" | "but" | "or" | "so" | "otherwise" | "afterwards")
}

/// The clause of the words from `start` to `end`.
fn clause(words: &[WordToken], start: usize, end: usize) -> Clause<'_> {
    let mut clause = Clause {
        words,
        start,
        body_start: start,
        end,
        join: ClauseJoin::Fresh,
        mood: Mood::Bare,
        command_line: false,
    };
    clause.body_start = body_start(&clause);
    clause.command_line = (start..end).take(3).any(|at| command_line(clause.at(at)));
    clause.join = join(&clause);
    clause.mood = mood_of(&clause);
    clause
}

/// How the clause hangs on the one before.
fn join(clause: &Clause) -> ClauseJoin {
    let first = &clause.words[clause.start];
    let lead = |word: &str| (clause.start..clause.body_start).any(|at| clause.at(at) == word);
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
    if first.separator == Separator::Sentence || fresh.iter().any(|word| lead(word)) {
        ClauseJoin::Fresh
    } else if lead("or") {
        ClauseJoin::Or
    } else if lead("and") {
        ClauseJoin::And
    } else if clause.start == 0 {
        ClauseJoin::Fresh
    } else {
        ClauseJoin::Comma
    }
}

/// Where more begins than fillers, a name that is called, and times.
fn body_start(clause: &Clause) -> usize {
    let mut at = clause.start;
    loop {
        let word = clause.at(at);
        if word.is_empty() {
            return clause.start.max(at.min(clause.end));
        }
        if let Some(next) = time_run(clause, at) {
            at = next;
        } else if is(FILLERS, word) && !negation(clause, at) {
            at += 1;
            if is(GREETINGS, word) {
                at = names(clause, at, 2);
            }
        } else if is(COMPOUNDS, word) && morphology::is_base(clause.at(at + 1)) {
            at += 1;
        } else {
            let after = names(clause, at, 2);
            let called = after > at && begins_speech(clause.at(after));
            let fresh =
                clause.words[clause.start].separator == Separator::Sentence || clause.start < at;
            if called && fresh {
                at = after;
                continue;
            }
            return at;
        }
    }
}

/// "no need to", "no longer" are not the filler "no", nor is "there is" the filler "there".
fn negation(clause: &Clause, at: usize) -> bool {
    clause.at(at) == "no" && matches!(clause.at(at + 1), "need" | "longer" | "one" | "more")
        || clause.at(at) == "there" && is(BE, clause.at(at + 1))
}

/// Skips at most `most` words that are no English we know: a name that is called.
fn names(clause: &Clause, from: usize, most: usize) -> usize {
    let unknown = |at: usize| {
        !clause.at(at).is_empty()
            && (!is_known_word(clause.at(at)) && morphology::misspelt(clause.at(at)).is_empty())
    };
    (from..from + most).find(|&at| !unknown(at)).unwrap_or(from + most)
}

/// The end of a run of time that begins at `from`: "tomorrow at nine", "in ten minutes".
fn time_run(clause: &Clause, from: usize) -> Option<usize> {
    let joint = |at: usize| is(TIME_JOINTS, clause.at(at));
    // "am I able to …" asks.
    if is(BE, clause.at(from)) && clause.at(from + 1) == "i" {
        return None;
    }
    // "the morning report" is a thing, not a time.
    let mut end = None;
    let mut at = from;
    while at < clause.end && at < from + 8 {
        let word = clause.at(at);
        let clock = number(word)
            && at > from
            && matches!(clause.at(at - 1), "at" | "by" | "around" | "before");
        if is(TIMES, word) || clock || clock_time(word) {
            end = Some(at + 1);
        } else if !joint(at) && !number(word) {
            break;
        }
        at += 1;
    }
    end
}

/// Whether `word` is a program of the command line.
fn command_line(word: &str) -> bool {
    is("git kubectl docker npm sudo terraform helm systemctl cargo gh", word)
}
