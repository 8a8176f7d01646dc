//! What is known of each call: whose it is, whether it was greeted, whether it is over.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Calls beyond this are forgotten, oldest first: no owner has as many in a day.
const MAX_CALLS: usize = 1_000;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The owner.
    Owner,
    /// Anybody else.
    Stranger,
}

/// What is known of one call; this is also the body of its line in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// The service said that we placed it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) outbound: bool,
    /// Its greeting was sent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) greeted: bool,
    /// It is over.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) ended: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The calls of the last day.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    known: HashMap<String, Known>,
    order: VecDeque<String>,
}

impl Calls {
    /// What is known of a call; nothing is known of most before they begin.
    pub(crate) fn known(&self, call_id: &str) -> Known {
        self.known.get(call_id).copied().unwrap_or_default()
    }

    /// Notes something of a call. Gives what is known now if that is new: it belongs into the journal.
    pub(crate) fn note(&mut self, call_id: &str, change: impl FnOnce(&mut Known)) -> Option<Known> {
        let before = self.known.get(call_id).copied();
        let mut known = before.unwrap_or_default();
        change(&mut known);
        if before == Some(known) {
            return None;
        }
        if before.is_none() {
            if self.order.len() >= MAX_CALLS
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(call_id.to_owned());
        }
        self.known.insert(call_id.to_owned(), known);
        Some(known)
    }

    /// Who speaks on a call: the owner, unless it is known to be somebody else's. `is_own` says whether
    /// our own `call` placed it to the owner's phone; it is asked each time, since the service may tell of
    /// a call before `call` has written down that it placed it.
    pub(crate) fn speaker(&self, call_id: &str, is_own: impl FnOnce() -> bool) -> Speaker {
        if self.known(call_id).outbound && !is_own() { Speaker::Stranger } else { Speaker::Owner }
    }
}

#[cfg(test)]
mod tests {
    use super::{Calls, Known, MAX_CALLS, Speaker};

    #[test]
    fn only_a_call_known_to_be_somebody_elses_is_a_strangers() {
        let mut calls = Calls::default();
        assert_eq!(calls.speaker("c1", || false), Speaker::Owner);
        calls.note("c1", |known| known.outbound = true);
        assert_eq!(calls.speaker("c1", || false), Speaker::Stranger);
        assert_eq!(calls.speaker("c1", || true), Speaker::Owner);
    }

    #[test]
    fn only_what_is_new_is_written_down() {
        let mut calls = Calls::default();
        let greeted = Some(Known { greeted: true, ..Known::default() });
        assert_eq!(calls.note("c1", |known| known.greeted = true), greeted);
        assert_eq!(calls.note("c1", |known| known.greeted = true), None);
        assert_eq!(serde_json::to_string(&greeted).unwrap(), r#"{"greeted":true}"#);
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut calls = Calls::default();
        for n in 0..=MAX_CALLS {
            calls.note(&n.to_string(), |known| known.outbound = true);
        }
        assert!(!calls.known("0").outbound && calls.known("1").outbound);
    }
}
