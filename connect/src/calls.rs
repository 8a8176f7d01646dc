//! What is known of each call: who called whom, whether it was greeted, whether it is over.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::protocol::incoming::CallDirection;

/// Calls beyond this are forgotten, those of strangers last and the oldest first: no owner has as many in a day. Whose
/// a forgotten one is, is asked anew.
const MAX_CALLS: usize = 1_000;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The owner.
    Owner,
    /// Anybody else.
    Stranger,
}

/// What is known of one call; this is also the body of its line in the journal. Nothing in it is ever taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is said of a call by itself, or not")]
pub(crate) struct Known {
    /// The service said that somebody called us.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) inbound: bool,
    /// The service said that we placed it, or used a word that we do not know.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) outbound: bool,
    /// The service was asked who called whom, and has answered or not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) looked_up: bool,
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

impl Known {
    /// Takes what the service says of who called whom.
    pub(crate) fn hear(&mut self, direction: Option<CallDirection>) {
        match direction {
            Some(CallDirection::Inbound) => self.inbound = true,
            Some(CallDirection::Outbound | CallDirection::Other) => self.outbound = true,
            None => {}
        }
    }

    /// Who speaks, by the service's word alone: the owner only on a call that is said to be inbound and never to be
    /// anything else. `None` if the service has said nothing and was not asked.
    pub(crate) fn speaker(self) -> Option<Speaker> {
        match self {
            Self { outbound: true, .. } => Some(Speaker::Stranger),
            Self { inbound: true, .. } => Some(Speaker::Owner),
            Self { looked_up: true, .. } => Some(Speaker::Stranger),
            Self { .. } => None,
        }
    }
}

/// The calls of the last day. Any thread may ask.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    tables: Mutex<Tables>,
    /// The calls that the service is being asked about.
    looks: Mutex<HashMap<String, Arc<OnceLock<()>>>>,
}

#[derive(Debug, Default)]
struct Tables {
    known: HashMap<String, Known>,
    order: VecDeque<String>,
}

impl Calls {
    /// What is known of a call; nothing is known of most before they begin.
    pub(crate) fn known(&self, call_id: &str) -> Known {
        hold(&self.tables).known.get(call_id).copied().unwrap_or_default()
    }

    /// Notes something of a call. `write` gets what is known now if that is new: it belongs into the journal, in the
    /// order in which it became known.
    pub(crate) fn note(
        &self,
        call_id: &str,
        change: impl FnOnce(&mut Known),
        write: impl FnOnce(Known),
    ) {
        let mut tables = hold(&self.tables);
        if let Some(known) = tables.note(call_id, change) {
            write(known);
        }
    }

    /// Asks about a call with `look`, once, however many want to know at the same time: they wait for it.
    pub(crate) fn look_once(&self, call_id: &str, look: impl FnOnce()) {
        let once = Arc::clone(hold(&self.looks).entry(call_id.to_owned()).or_default());
        once.get_or_init(look);
        // Whoever comes from now on finds it noted.
        hold(&self.looks).remove(call_id);
    }
}

impl Tables {
    fn note(&mut self, call_id: &str, change: impl FnOnce(&mut Known)) -> Option<Known> {
        let before = self.known.get(call_id).copied();
        let mut known = before.unwrap_or_default();
        change(&mut known);
        if before == Some(known) {
            return None;
        }
        if before.is_none() {
            if self.order.len() >= MAX_CALLS {
                self.forget_one();
            }
            self.order.push_back(call_id.to_owned());
        }
        self.known.insert(call_id.to_owned(), known);
        Some(known)
    }

    fn forget_one(&mut self) {
        let whose = |id: &String| self.known.get(id).copied().and_then(Known::speaker);
        let place = self.order.iter().position(|id| whose(id) != Some(Speaker::Stranger));
        if let Some(id) = self.order.remove(place.unwrap_or(0)) {
            self.known.remove(&id);
        }
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept is whole at any time, even after a panic of another thread.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Calls, Known, MAX_CALLS, Speaker};
    use crate::protocol::incoming::CallDirection;
    use proptest::prelude::{Just, prop, prop_assert_eq, prop_oneof, proptest};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn only_what_is_new_is_written_down() {
        let calls = Calls::default();
        let noted = || {
            let mut written = None;
            calls.note("c1", |known| known.greeted = true, |known| written = Some(known));
            written
        };
        let greeted = Some(Known { greeted: true, ..Known::default() });
        assert_eq!((noted(), noted()), (greeted, None));
        assert_eq!(serde_json::to_string(&greeted).unwrap(), r#"{"greeted":true}"#);
    }

    #[test]
    fn strangers_are_forgotten_last_and_are_then_nobodys() {
        let calls = Calls::default();
        let note = |id: &str, direction| calls.note(id, |known| known.hear(Some(direction)), drop);
        note("both", CallDirection::Inbound);
        note("both", CallDirection::Outbound);
        for n in 0..2 * MAX_CALLS {
            note(&format!("in{n}"), CallDirection::Inbound);
        }
        assert_eq!(calls.known("both").speaker(), Some(Speaker::Stranger));
        assert_eq!(calls.known("in0").speaker(), None);
        for n in 0..=MAX_CALLS {
            note(&format!("out{n}"), CallDirection::Outbound);
        }
        assert_eq!((calls.known("both").speaker(), calls.known("out0").speaker()), (None, None));
        assert_eq!(calls.known("out1000").speaker(), Some(Speaker::Stranger));
        assert_eq!(super::hold(&calls.tables).known.len(), MAX_CALLS);
    }

    #[test]
    fn many_who_want_to_know_ask_once() {
        let (calls, n_looks) = (Calls::default(), AtomicUsize::new(0));
        let look = || {
            n_looks.fetch_add(1, Ordering::Relaxed);
            calls.note("c1", |known| known.looked_up = true, drop);
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    if calls.known("c1").speaker().is_none() {
                        calls.look_once("c1", || {
                            if calls.known("c1").speaker().is_none() {
                                look();
                            }
                        });
                    }
                    assert_eq!(calls.known("c1").speaker(), Some(Speaker::Stranger));
                });
            }
        });
        assert_eq!(n_looks.load(Ordering::Relaxed), 1);
        assert!(super::hold(&calls.looks).is_empty());
    }

    proptest! {
        /// In whatever order the service contradicts itself, it is believed in one thing only.
        #[test]
        fn a_call_that_was_ever_anything_but_inbound_is_a_strangers(
            said in prop::collection::vec(
                prop_oneof![
                    Just(None),
                    Just(Some(CallDirection::Inbound)),
                    Just(Some(CallDirection::Outbound)),
                    Just(Some(CallDirection::Other)),
                ],
                1..6,
            ),
        ) {
            let mut known = Known { looked_up: true, ..Known::default() };
            for direction in &said {
                known.hear(*direction);
            }
            let heard: Vec<CallDirection> = said.into_iter().flatten().collect();
            let is_owners = !heard.is_empty() && heard.iter().all(|it| *it == CallDirection::Inbound);
            let wanted = if is_owners { Speaker::Owner } else { Speaker::Stranger };
            prop_assert_eq!(known.speaker(), Some(wanted));
        }
    }
}
