//! Orders that name the wanted action by a gerund: "would you mind sending it", "needs deleting".

use super::clause::{Clause, Mood};
use super::imperative::ordered;
use super::wish::wish;
use super::word_classes::is;

/// Whether the gerund at `at` is ordered: "would you mind sending", "how about cancelling", "needs deleting".
pub(super) fn is_ordered(clause: &Clause, at: usize) -> bool {
    let Some(left) = clause.left(at) else { return false };
    let question = matches!(clause.mood, Mood::Question { .. });
    match clause.at(left) {
        "mind" => !clause.has_before("i", left),
        "about" => {
            left == clause.body_start + 1 && matches!(clause.at(clause.body_start), "how" | "what")
        }
        "with" => {
            let verb = clause.left(left).map_or("", |at| clause.at(at));
            !question && matches!(verb, "proceed" | "on" | "continue" | "ahead" | "go")
                || clause.has_before("ahead", left)
                || !question && helped(clause, at)
        }
        "start" | "begin" | "keep" | "continue" | "resume" | "try" | "consider" | "finish" => {
            ordered(clause, left)
        }
        "needs" | "need" | "wants" => {
            let subject = clause.left(left).map_or("", |at| clause.at(at));
            !question && !matches!(subject, "i" | "we" | "you" | "he" | "she" | "they" | "not" | "")
        }
        "appreciate" => !question,
        "help" | "assistance" | "in" if clause.has_before("help assistance assist", at) => {
            helped(clause, at) && !question
        }
        "you" | "your" => clause.has_before("appreciate mind", left) && !question,
        _ => false,
    }
}

/// "I need help moving money", "help me with paying the bill".
fn helped(clause: &Clause, at: usize) -> bool {
    let help = (clause.body_start..at).find(|&i| is("help assistance assist", clause.at(i)));
    help.is_some_and(|help| wish(clause, help).is_some() || ordered(clause, help))
}
