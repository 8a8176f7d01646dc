//! Orders that name the wanted result by a past participle: "the bill needs to be paid", "have the car washed".

use super::clause::{Clause, ClauseJoin, Mood};
use super::imperative::ordered;
use super::morphology;
use super::wish::wish;
use super::word_classes::{self, BE, EMBEDDERS, SUBJECTS, is};

/// Whether the past participle at `at` is a result that the speaker orders. `Some(from)` is where the thing
/// it is done to is named.
pub(super) fn ordered_result(clause: &Clause, at: usize) -> Option<usize> {
    // "I'd rather you sold it", "I wish you deleted it"
    let left = clause.left(at).filter(|&you| clause.at(you) == "you");
    let rather = left.filter(|&you| clause.has_before("rather wish", you));
    rather.or_else(|| passive(clause, at)).or_else(|| caused(clause, at))
}

/// Whether the clause orders a result, or goes on with those of the clause before: "have it printed", "and mailed".
pub(super) fn result(clause: &Clause, before: bool) -> bool {
    let participle = |at: usize| {
        let word = clause.at(at);
        morphology::is_past(word) || word.len() > 4 && word.ends_with("ed")
    };
    let listed = before && clause.join != ClauseJoin::Fresh && participle(clause.body_start);
    listed
        || (clause.body_start..clause.end)
            .any(|at| participle(at) && ordered_result(clause, at).is_some())
}

/// "… needs to be deleted", "… must be paid", "can the meeting be moved", "make sure the door is locked".
fn passive(clause: &Clause, at: usize) -> Option<usize> {
    let be = clause.left(at)?;
    if !matches!(clause.at(be), "be" | "is" | "are" | "get" | "gets" | "being") {
        return None;
    }
    if let Some(ensure) = (clause.body_start..be).find(|&i| ensures(clause, i)) {
        return ordered(clause, ensure).then_some(ensure + 1);
    }
    if !matches!(clause.at(be), "be" | "get") {
        return None;
    }
    let first = clause.at(clause.body_start);
    if matches!(clause.mood, Mood::Question { .. }) {
        let person = is(SUBJECTS, clause.at(clause.body_start + 1))
            && clause.at(clause.body_start + 1) != "it";
        return (matches!(first, "can" | "could")
            && !person
            && clause.at(clause.body_start + 1) != "you")
            .then_some(clause.body_start + 1);
    }
    let over = clause.left(be)?;
    let must = match clause.at(over) {
        "should" | "must" | "shall" | "can" => over,
        "to" => {
            let duty = clause.left(over)?;
            match clause.at(duty) {
                "needs" | "need" | "has" | "have" | "got" | "ought" | "wants" | "supposed"
                | "is" | "are" => duty,
                _ => return wish(clause, over),
            }
        }
        _ => return None,
    };
    let subject = clause.left(must)?;
    let person =
        matches!(clause.at(subject), "i" | "he" | "she" | "we" | "you" | "who" | "not" | "bob");
    let condition = clause.mood == Mood::Condition;
    let embedded = (clause.body_start + 1..subject)
        .any(|i| is(EMBEDDERS, clause.at(i)) && clause.at(i) != "for");
    (!person && !condition && !embedded).then_some(clause.body_start)
}

fn ensures(clause: &Clause, at: usize) -> bool {
    match clause.at(at) {
        "make" => matches!(clause.at(at + 1), "sure" | "certain"),
        "ensure" => true,
        "see" => matches!(clause.at(at + 1), "that" | "to"),
        _ => false,
    }
}

/// "have the invoice paid", "get it fixed", "I need my hair cut".
fn caused(clause: &Clause, at: usize) -> Option<usize> {
    let from = match (clause.body_start..at).rev().find(|&i| matches!(clause.at(i), "have" | "get"))
    {
        Some(have) if ordered(clause, have) => have + 1,
        _ => wish(clause, at)?,
    };
    let thing = from..at;
    let first = clause.at(from);
    let begins = !first.is_empty()
        && first != "to"
        && (!word_classes::adverb(first) || first == "next")
        && !is(SUBJECTS, first)
        || first == "it"
        || first == "that";
    let foreign = thing.clone().any(|i| {
        let word = clause.at(i);
        let relative =
            is(EMBEDDERS, word) && word != "that" && word != "for" || i > from && word == "that";
        relative
            || is(BE, word)
            || matches!(word, "i" | "you" | "he" | "she" | "we" | "they" | "to")
    });
    let next = clause.at(at + 1);
    let by = next == "by" && !is(word_classes::TIMES, clause.at(at + 2));
    let reports = by || matches!(next, "me" | "yesterday" | "last" | "us");
    (begins && !thing.is_empty() && thing.len() <= 8 && !foreign && !reports).then_some(from)
}
