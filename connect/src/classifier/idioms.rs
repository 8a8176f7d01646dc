//! Phrases in which a verb of the table does nothing: "give it a try", "pay attention".

use super::clause::Clause;
use super::words::phrases;

/// Whether an idiom begins at `at`; `$` is the end of the clause.
pub(super) fn idiom(clause: &Clause, at: usize) -> bool {
    phrases("idioms", clause.at(at)).any(|phrase| {
        phrase
            .split(' ')
            .zip(at..)
            .all(|(part, i)| clause.at(i) == if part == "$" { "" } else { part })
    })
}
