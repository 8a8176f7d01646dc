//! Orders that follow a full clause without a stop, as recognisers write them: "I'm running late text Anna",
//! "if it's over fifty sell it", "the card is lost cancel it".

use super::clause::{Clause, Mood};
use super::morphology;
use super::object::ObjectKind;
use super::word_classes::{
    DETERMINERS, EMBEDDERS, MODIFIERS, PEOPLE, QUOTING, STATES, STRICT_PREPOSITIONS, TIMES, is,
    possessive,
};

/// A plain form that nothing governs, beside another word.
#[derive(Clone, Copy)]
pub(super) struct LooseVerb {
    pub(super) at: usize,
    /// The word to its left that governs nothing.
    pub(super) beside: usize,
    /// It may be a noun.
    pub(super) noun: bool,
    pub(super) object: ObjectKind,
}

impl LooseVerb {
    /// Whether it begins an order.
    pub(super) fn orders(self, clause: &Clause) -> bool {
        let before = clause.at(self.at - 1);
        let beside = clause.at(self.beside);
        if self.bound(before) || is(PEOPLE, beside) {
            return false;
        }
        let embedded = |from: usize| (from..self.at).any(|i| is(EMBEDDERS, clause.at(i)));
        let named = matches!(self.object, ObjectKind::Marked | ObjectKind::Pronoun);
        let urged = (self.beside + 1..self.at).any(|i| is("just now also", clause.at(i)));
        match clause.mood {
            Mood::Condition => self.clear(clause, before),
            Mood::Report => {
                let follows = self.clear(clause, before);
                // "in my calendar delete the meeting", "the tv turn it on"
                let fronted = is("in on from for with at to under", clause.at(clause.body_start))
                    && (named || !self.noun && self.object == ObjectKind::Other);
                let after = clause.at(self.at + 2);
                let alone = after.is_empty()
                    || is(TIMES, after)
                    || is("for to at on in now if when by from", after);
                let topic =
                    (!self.noun || alone) && matches!(clause.at(self.at + 1), "it" | "them");
                // "Sage, delete the repo" without its comma
                let called = self.beside == clause.body_start
                    && !self.noun
                    && named
                    && !beside.ends_with('s');
                (follows || fronted || topic || called || urged && named)
                    && !embedded(clause.body_start + 1)
            }
            Mood::Bare => {
                // "open my calendar delete future events"
                let means = is("open go log", clause.at(clause.body_start))
                    && self.object == ObjectKind::Other;
                let follows = (!self.noun || urged) && (named || means && !self.noun);
                follows && !is(QUOTING, beside) && !embedded(clause.body_start)
            }
            _ => false,
        }
    }

    /// "the delete button", "my last order", "about email": it belongs to the word before.
    fn bound(self, before: &str) -> bool {
        let determined = is(DETERMINERS, before)
            && (self.noun || is("the a an every another which what", before));
        determined
            || possessive(before)
            || is(MODIFIERS, before) && self.noun
            || is(STRICT_PREPOSITIONS, before)
    }

    /// Whether its object is clear enough to tell it from the noun, and from the verb of a subject.
    fn clear(self, clause: &Clause, before: &str) -> bool {
        let state = is(STATES, before) || is(TIMES, before) || morphology::is_inflected(before);
        match (self.noun, self.object) {
            (_, ObjectKind::None) => !self.noun && clause.mood == Mood::Condition,
            (false, ObjectKind::Other) => clause.mood == Mood::Condition || state,
            (true, ObjectKind::Other | ObjectKind::Marked) => state,
            _ => true,
        }
    }
}
