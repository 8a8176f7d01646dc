//! Orders without an imperative: the result that is wanted ("I want the repo gone", "the bill needs to be paid",
//! "have the car washed", "would you mind sending it", "lights off").

use super::clause::Clause;
use super::governor::ordered;
use super::lexicon::list;
use super::mood::Mood;
use super::words::{self, BE, EMBEDDERS, INFORMATION, SUBJECTS, is, number, possessive};

/// Whether the past participle at `at` is a result that the speaker orders. `Some(from)` is where the thing
/// it is done to is named.
pub(super) fn wanted(clause: &Clause, at: usize) -> Option<usize> {
    // "I'd rather you sold it", "I wish you deleted it"
    let left = clause.left(at).filter(|&you| clause.at(you) == "you");
    let rather = left.filter(|&you| clause.has_before("rather wish", you));
    rather.or_else(|| passive(clause, at)).or_else(|| caused(clause, at))
}

/// "… needs to be deleted", "… must be paid", "can the meeting be moved", "make sure the door is locked".
fn passive(clause: &Clause, at: usize) -> Option<usize> {
    let be = clause.left(at)?;
    if !matches!(clause.at(be), "be" | "is" | "are" | "get" | "gets" | "being") {
        return None;
    }
    if let Some(ensure) = (clause.open..be).find(|&i| ensures(clause, i)) {
        return ordered(clause, ensure).then_some(ensure + 1);
    }
    if !matches!(clause.at(be), "be" | "get") {
        return None;
    }
    let first = clause.at(clause.open);
    if matches!(clause.mood, Mood::Question { .. }) {
        let person = is(SUBJECTS, clause.at(clause.open + 1)) && clause.at(clause.open + 1) != "it";
        return (matches!(first, "can" | "could")
            && !person
            && clause.at(clause.open + 1) != "you")
            .then_some(clause.open + 1);
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
    let embedded =
        (clause.open + 1..subject).any(|i| is(EMBEDDERS, clause.at(i)) && clause.at(i) != "for");
    (!person && !condition && !embedded).then_some(clause.open)
}

fn ensures(clause: &Clause, at: usize) -> bool {
    match clause.at(at) {
        "make" => matches!(clause.at(at + 1), "sure" | "certain"),
        "ensure" => true,
        "see" => matches!(clause.at(at + 1), "that" | "to"),
        _ => false,
    }
}

/// "I want it …", "I'd like the table …": the place after the wish, if it is the speaker's.
fn wish(clause: &Clause, before: usize) -> Option<usize> {
    let verb = (clause.open..before).rev().find(|&i| {
        matches!(clause.at(i), "want" | "need" | "like" | "love" | "prefer" | "wanted" | "expect")
    })?;
    if matches!(clause.mood, Mood::Question { .. } | Mood::Condition | Mood::Request) {
        return None;
    }
    let mild = matches!(clause.at(verb), "like" | "love" | "prefer");
    let mut at = verb;
    while let Some(left) = clause.left(at) {
        match clause.at(left) {
            "i" | "we" => break,
            "would" | "do" | "will" => at = left,
            _ => return None,
        }
    }
    let speaker = clause.left(at).is_some() || verb == clause.open;
    let would = !mild || clause.has_before("would", verb);
    let denied = clause.has_before("not never", verb);
    (speaker && would && !denied).then_some(verb + 1)
}

/// "have the invoice paid", "get it fixed", "I need my hair cut".
fn caused(clause: &Clause, at: usize) -> Option<usize> {
    let from = match (clause.open..at).rev().find(|&i| matches!(clause.at(i), "have" | "get")) {
        Some(have) if ordered(clause, have) => have + 1,
        _ => wish(clause, at)?,
    };
    let thing = from..at;
    let first = clause.at(from);
    let begins = !first.is_empty()
        && first != "to"
        && (!words::adverb(first) || first == "next")
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
    let by =
        next == "by" && !is(words::TIMES, clause.at(at + 2)) && !is("the end", clause.at(at + 2));
    let told = by || matches!(next, "me" | "yesterday" | "last" | "us");
    (begins && !thing.is_empty() && thing.len() <= 8 && !foreign && !told).then_some(from)
}

/// "I need the car washed": a result of an action that the rule does not know.
pub(super) fn strange(clause: &Clause, at: usize) -> bool {
    let word = clause.at(at);
    let next = clause.at(at + 1);
    let last = next.is_empty()
        || is(words::TIMES, next)
        || matches!(next, "by" | "before" | "at" | "on" | "this");
    let adjective =
        is("used tired speed hundred indeed united limited advanced related detailed", word);
    let participle = word.len() > 4 && word.ends_with("ed") && !adjective;
    participle && last && caused(clause, at).is_some()
}

/// Whether the gerund at `at` is ordered: "would you mind sending", "how about cancelling", "needs deleting".
pub(super) fn gerund(clause: &Clause, at: usize) -> bool {
    let Some(left) = clause.left(at) else { return false };
    let question = matches!(clause.mood, Mood::Question { .. });
    match clause.at(left) {
        "mind" => !clause.has_before("i", left),
        "about" => left == clause.open + 1 && matches!(clause.at(clause.open), "how" | "what"),
        "with" => {
            let verb = clause.left(left).map_or("", |at| clause.at(at));
            !question && matches!(verb, "proceed" | "on" | "continue" | "ahead" | "go")
                || clause.has_before("ahead", left)
        }
        "start" | "begin" | "keep" | "continue" | "resume" | "try" | "consider" | "finish" => {
            ordered(clause, left)
        }
        "needs" | "need" | "wants" => {
            let subject = clause.left(left).map_or("", |at| clause.at(at));
            !question && !matches!(subject, "i" | "we" | "you" | "he" | "she" | "they" | "not" | "")
        }
        "appreciate" => !question,
        "help" | "assistance" | "in" if clause.has_before("help assistance", at) => {
            helped(clause, at) && !question
        }
        "you" | "your" => clause.has_before("appreciate mind", left) && !question,
        _ => false,
    }
}

/// "I need help moving money", "help me with paying the bill".
fn helped(clause: &Clause, at: usize) -> bool {
    let help = (clause.open..at).find(|&i| is("help assistance", clause.at(i)));
    help.is_some_and(|help| wish(clause, help).is_some() || ordered(clause, help))
}

/// A thing that is wanted without a verb of the table: "I want the repo gone", "I need a taxi", "lights off".
/// The answer is the word that shows it, and what it comes to.
pub(super) fn wordless(clause: &Clause) -> Option<(usize, Wordless)> {
    for at in clause.open..clause.end {
        let word = clause.at(at);
        let last = clause.at(at + 1).is_empty()
            || is(words::TIMES, clause.at(at + 1))
            || words::adverb(clause.at(at + 1))
            || clause.at(at + 1) == "from";
        let thing = (clause.open..at).any(|i| is(list("switched"), clause.at(i)));
        let wished = || wish(clause, at).is_some_and(|from| from < at && clause.at(from) != "to");
        match word {
            "gone" | "offline" if last && wished() => return Some((at, Wordless::Gone)),
            "on" | "off" if last && thing && wished() => return Some((at, Wordless::Switched)),
            "on" | "off" | "out" | "up" | "down" if last && thing && verbless(clause, at) => {
                return Some((at, Wordless::Switched));
            }
            "go" | "disappear" if last && must_go(clause, at) => return Some((at, Wordless::Gone)),
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
    booked.filter(|_| counted).map(|at| (at, Wordless::Booked))
}

/// What a wish without a verb comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wordless {
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
    let verb = (clause.open..at).any(|i| {
        let word = clause.at(i);
        is(BE, word)
            || is(SUBJECTS, word)
            || is(words::MODALS, word)
            || is(words::HAVE, word)
            || possessive(word) && word.contains('\'')
    });
    mood && !verb && !clause.asked() && at - clause.open <= 4
}

fn must_go(clause: &Clause, at: usize) -> bool {
    let to = clause.left(at).filter(|&to| clause.at(to) == "to");
    let over = to.and_then(|to| clause.left(to));
    let duty = over
        .is_some_and(|over| matches!(clause.at(over), "needs" | "has" | "got" | "need" | "have"));
    let first = clause.at(clause.open);
    duty && clause.mood == Mood::Report
        && (matches!(first, "the" | "that" | "this" | "those" | "these") || possessive(first))
}
