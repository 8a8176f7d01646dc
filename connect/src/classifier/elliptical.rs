//! Orders without a verb that acts: "I want the repo gone", "I need a taxi", "lights off".

use super::clause::{Clause, Mood};
use super::passives::wish;
use super::verb_table::list;
use super::word_classes::{self, BE, INFORMATION, SUBJECTS, is, number, possessive};

/// A thing that is wanted without a verb of the table: "I want the repo gone", "I need a taxi", "lights off".
/// The answer is the word that shows it, and what it comes to.
pub(super) fn find(clause: &Clause) -> Option<(usize, Elliptical)> {
    for at in clause.body_start..clause.end {
        let word = clause.at(at);
        let last = clause.at(at + 1).is_empty()
            || is(word_classes::TIMES, clause.at(at + 1))
            || word_classes::adverb(clause.at(at + 1))
            || clause.at(at + 1) == "from";
        let thing = (clause.body_start..at).any(|i| is(list("switched"), clause.at(i)));
        let wished = || wish(clause, at).is_some_and(|from| from < at && clause.at(from) != "to");
        match word {
            "gone" | "offline" if last && wished() => return Some((at, Elliptical::Gone)),
            "on" | "off" if last && thing && wished() => return Some((at, Elliptical::Switched)),
            "on" | "off" | "out" | "up" | "down" if last && thing && verbless(clause, at) => {
                return Some((at, Elliptical::Switched));
            }
            "go" | "disappear" if last && must_go(clause, at) => {
                return Some((at, Elliptical::Gone));
            }
            _ => {}
        }
    }
    let from = wish(clause, clause.end)?;
    let first = clause.at(from);
    let counted =
        matches!(first, "a" | "an" | "some" | "another" | "my") && first != "my" || number(first);
    let end = (from..clause.end.min(from + 6))
        .find(|&i| matches!(clause.at(i), "to" | "for" | "from" | "at" | "with" | "that"));
    let booked = (from..end.unwrap_or(clause.end.min(from + 6)))
        .find(|&i| is(list("bookable"), clause.at(i)) && !is(INFORMATION, clause.at(i + 1)));
    booked.filter(|_| counted).map(|at| (at, Elliptical::Booked))
}

/// What an order without a verb comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elliptical {
    /// It shall be gone.
    Gone,
    /// It shall be on or off.
    Switched,
    /// It is ordered or booked.
    Booked,
}

/// "kitchen lights off": nothing in it is a verb, a pronoun or a question.
fn verbless(clause: &Clause, at: usize) -> bool {
    let mood = clause.mood == Mood::Report || clause.mood == Mood::Bare;
    let verb = (clause.body_start..at).any(|i| {
        let word = clause.at(i);
        is(BE, word)
            || is(SUBJECTS, word)
            || is(word_classes::MODALS, word)
            || is(word_classes::HAVE, word)
            || possessive(word) && word.contains('\'')
    });
    mood && !verb && !clause.in_question() && at - clause.body_start <= 4
}

fn must_go(clause: &Clause, at: usize) -> bool {
    let to = clause.left(at).filter(|&to| clause.at(to) == "to");
    let over = to.and_then(|to| clause.left(to));
    let duty = over
        .is_some_and(|over| matches!(clause.at(over), "needs" | "has" | "got" | "need" | "have"));
    let first = clause.at(clause.body_start);
    duty && clause.mood == Mood::Report
        && (matches!(first, "the" | "that" | "this" | "those" | "these") || possessive(first))
}
