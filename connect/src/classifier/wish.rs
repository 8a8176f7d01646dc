//! A wish that the speaker has: "I want …", "I'd like …".

use super::clause::{Clause, Mood};
use super::word_classes::is;

/// "I want it …", "I'd like the table …": the place after the wish, if it is the speaker's.
pub(super) fn wish(clause: &Clause, before: usize) -> Option<usize> {
    let verb = (clause.body_start..before)
        .rev()
        .find(|&i| is("want need like love prefer wanted expect require fancy", clause.at(i)))?;
    if matches!(clause.mood, Mood::Question { .. } | Mood::Condition | Mood::Request) {
        return None;
    }
    let mild = matches!(clause.at(verb), "like" | "love" | "prefer");
    let mut at = verb;
    while let Some(left) = clause.left(at) {
        match clause.at(left) {
            "i" | "we" => break,
            "would" | "do" | "will" | "to" | "going" | "am" | "are" => at = left,
            _ => return None,
        }
    }
    let speaker = clause.left(at).is_some() || verb == clause.body_start;
    let would = !mild || clause.has_before("would", verb);
    let denied = clause.has_before("not never", verb);
    (speaker && would && !denied).then_some(verb + 1)
}
