//! The state of each call: its direction, whether it was greeted, whether it is over.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::protocol::incoming::CallDirection;

/// Calls beyond this are forgotten, those of strangers last and the oldest first: no owner has as many in a day. The
/// direction of a forgotten one is looked up anew.
const MAX_CALLS: usize = 1_000;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The owner.
    Owner,
    /// Anybody else.
    Stranger,
}

/// The state of one call; this is also the body of its line in the journal. Nothing in it is ever taken back: the
/// service may contradict itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is true of a call by itself, or not")]
pub(crate) struct CallState {
    /// The service said that somebody called us.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) inbound: bool,
    /// The service said that we placed it, or used a word that is neither.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) outbound: bool,
    /// The direction was looked up at the service, with or without success.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) looked_up: bool,
    /// Its greeting was sent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) greeted: bool,
    /// The session of its turns was made, with the main conversation in it or without.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) forked: bool,
    /// It is over.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) ended: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl CallState {
    /// Takes what the service says of the direction.
    pub(crate) fn set_direction(&mut self, direction: Option<CallDirection>) {
        match direction {
            Some(CallDirection::Inbound) => self.inbound = true,
            Some(CallDirection::Outbound | CallDirection::Other) => self.outbound = true,
            None => {}
        }
    }

    /// Who speaks, by what the service says alone: the owner only on a call that is said to be inbound and never to be
    /// anything else. `None` if the service has said nothing and the direction was not looked up.
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
    table: Mutex<CallTable>,
    /// The calls whose direction is being looked up.
    lookups: Mutex<HashMap<String, Arc<OnceLock<()>>>>,
}

#[derive(Debug, Default)]
struct CallTable {
    calls: HashMap<String, CallState>,
    /// The ids, oldest first.
    order: VecDeque<String>,
}

impl Calls {
    /// The state of a call: the empty one if no event has named it.
    pub(crate) fn get(&self, call_id: &str) -> CallState {
        lock(&self.table).calls.get(call_id).copied().unwrap_or_default()
    }

    /// Changes the state of a call. `write` gets the new state if it differs: it belongs into the journal, in the
    /// order of the changes.
    pub(crate) fn update(
        &self,
        call_id: &str,
        change: impl FnOnce(&mut CallState),
        write: impl FnOnce(CallState),
    ) {
        let mut table = lock(&self.table);
        if let Some(state) = table.update(call_id, change) {
            write(state);
        }
    }

    /// Looks a call up with `look_up`, once, however many ask at the same time: they wait for it.
    pub(crate) fn look_up_once(&self, call_id: &str, look_up: impl FnOnce()) {
        let once = Arc::clone(lock(&self.lookups).entry(call_id.to_owned()).or_default());
        once.get_or_init(look_up);
        // Whoever comes from now on finds it in the table.
        lock(&self.lookups).remove(call_id);
    }
}

impl CallTable {
    /// Gives the new state if it differs.
    fn update(&mut self, call_id: &str, change: impl FnOnce(&mut CallState)) -> Option<CallState> {
        let before = self.calls.get(call_id).copied();
        let mut state = before.unwrap_or_default();
        change(&mut state);
        if before == Some(state) {
            return None;
        }
        if before.is_none() {
            if self.order.len() >= MAX_CALLS {
                self.forget_one();
            }
            self.order.push_back(call_id.to_owned());
        }
        self.calls.insert(call_id.to_owned(), state);
        Some(state)
    }

    fn forget_one(&mut self) {
        let speaker = |id: &String| self.calls.get(id).copied().and_then(CallState::speaker);
        let place = self.order.iter().position(|id| speaker(id) != Some(Speaker::Stranger));
        if let Some(id) = self.order.remove(place.unwrap_or(0)) {
            self.calls.remove(&id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in it is whole at any time, even after a panic of another thread.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{CallState, Calls, MAX_CALLS, Speaker};
    use crate::protocol::incoming::CallDirection;
    use proptest::prelude::{Just, prop, prop_assert_eq, prop_oneof, proptest};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn only_what_is_new_is_written_down() {
        let calls = Calls::default();
        let update = || {
            let mut written = None;
            calls.update("c1", |call| call.greeted = true, |call| written = Some(call));
            written
        };
        let greeted = Some(CallState { greeted: true, ..CallState::default() });
        assert_eq!((update(), update()), (greeted, None));
        assert_eq!(serde_json::to_string(&greeted).unwrap(), r#"{"greeted":true}"#);
    }

    #[test]
    fn strangers_are_forgotten_last_and_are_then_nobodys() {
        let calls = Calls::default();
        let set = |id: &str, direction| {
            calls.update(id, |call| call.set_direction(Some(direction)), drop);
        };
        set("both", CallDirection::Inbound);
        set("both", CallDirection::Outbound);
        for n in 0..2 * MAX_CALLS {
            set(&format!("in{n}"), CallDirection::Inbound);
        }
        assert_eq!(calls.get("both").speaker(), Some(Speaker::Stranger));
        assert_eq!(calls.get("in0").speaker(), None);
        for n in 0..=MAX_CALLS {
            set(&format!("out{n}"), CallDirection::Outbound);
        }
        assert_eq!((calls.get("both").speaker(), calls.get("out0").speaker()), (None, None));
        assert_eq!(calls.get("out1000").speaker(), Some(Speaker::Stranger));
        assert_eq!(super::lock(&calls.table).calls.len(), MAX_CALLS);
    }

    #[test]
    fn many_requests_at_once_make_one_lookup() {
        let (calls, n_lookups) = (Calls::default(), AtomicUsize::new(0));
        let look_up = || {
            n_lookups.fetch_add(1, Ordering::Relaxed);
            calls.update("c1", |call| call.looked_up = true, drop);
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    if calls.get("c1").speaker().is_none() {
                        calls.look_up_once("c1", || {
                            if calls.get("c1").speaker().is_none() {
                                look_up();
                            }
                        });
                    }
                    assert_eq!(calls.get("c1").speaker(), Some(Speaker::Stranger));
                });
            }
        });
        assert_eq!(n_lookups.load(Ordering::Relaxed), 1);
        assert!(super::lock(&calls.lookups).is_empty());
    }

    proptest! {
        /// In whatever order the service contradicts itself, it is believed in one thing only.
        #[test]
        fn a_call_that_was_ever_anything_but_inbound_is_a_strangers(
            directions in prop::collection::vec(
                prop_oneof![
                    Just(None),
                    Just(Some(CallDirection::Inbound)),
                    Just(Some(CallDirection::Outbound)),
                    Just(Some(CallDirection::Other)),
                ],
                1..6,
            ),
        ) {
            let mut call = CallState { looked_up: true, ..CallState::default() };
            for direction in &directions {
                call.set_direction(*direction);
            }
            let known: Vec<CallDirection> = directions.into_iter().flatten().collect();
            let is_owners = !known.is_empty() && known.iter().all(|it| *it == CallDirection::Inbound);
            let wanted = if is_owners { Speaker::Owner } else { Speaker::Stranger };
            prop_assert_eq!(call.speaker(), Some(wanted));
        }
    }
}
