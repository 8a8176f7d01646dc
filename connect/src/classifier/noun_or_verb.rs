//! Tells a verb from the noun that is spelled alike: "order pizza", "order status", "the last order".

use std::sync::LazyLock;

use super::clause::Clause;
use super::morphology::VerbReading;
use super::object::{ObjectKind, marks, object};
use super::word_classes::{BE, DO, HAVE, INFORMATION, MODALS, OBJECTS, TIMES, is};
use super::words::{self, Words};

/// Whether a verb that is also a noun is one here: "the last email", "order status", "text from mom".
pub(super) fn is_noun(clause: &Clause, at: usize, reading: &VerbReading) -> bool {
    let before = clause.before_word(at);
    let next = clause.at(at + 1);
    let clear = matches!(object(clause, at), ObjectKind::Marked | ObjectKind::Pronoun);
    let timed = is(TIMES, clause.at(at + 2)) || is("this that any every some no", next);
    if reading.rare && (!clear || timed) {
        return true;
    }
    if clause.command_line {
        return matches!(next, "history" | "log" | "message" | "messages" | "status");
    }
    if matches!(next, "" | "please") {
        return true;
    }
    if is(INFORMATION, next) {
        return !(at + 2..clause.end.min(at + 4)).any(|i| matches!(clause.at(i), "to" | "with"));
    }
    // "return flight details": the last noun is what is meant.
    if is(INFORMATION, clause.at(at + 2))
        && clause.at(at + 3).is_empty()
        && !marks(next)
        && !is(OBJECTS, next)
    {
        return true;
    }
    if is(BE, next) || is(MODALS, next) || is(HAVE, next) || is(DO, next) {
        return true;
    }
    if is(NOUNLY, next) {
        let urged = matches!(before, "please" | "kindly");
        return !(takes(reading.base, next) || urged) || clause.in_question();
    }
    clause.in_question() && is(TIMES, next)
}

/// After these a noun goes on: "text from mom", "order of the day".
const NOUNLY: &str = "of from about in with by for per since between regarding at on than within without \
    under during via as or saying";

/// Verbs that take their object with a preposition.
fn takes(verb: &str, preposition: &str) -> bool {
    static TAKES: LazyLock<Words> =
        LazyLock::new(|| words::entries(include_str!("words/prepositions.txt")).collect());
    TAKES.get(verb).is_some_and(|list| is(*list, preposition))
}
