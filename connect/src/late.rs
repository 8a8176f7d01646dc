//! Replies that come after the wait for them was over: looked for in the session's history, one look for all.
//! Only what a run ended with is one; what the agent writes on the way is its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use state::gateway::Ended;

use crate::report::Report;
use crate::shop::Shop;

/// Looks for late replies. Its thread lives only while there are any to look for.
#[derive(Clone, Default)]
pub(crate) struct Late {
    search: Arc<Mutex<Search>>,
}

#[derive(Default)]
struct Search {
    awaited: Vec<Awaited>,
    /// Whether a thread looks. An empty list does not say that none does: it may be forgotten empty while the
    /// thread sleeps, and two threads could find the same reply.
    is_looking: bool,
}

struct Awaited {
    key: String,
    run_id: String,
    until: Instant,
    /// The last look showed an end that was not certain.
    perhaps: Option<Ended>,
}

impl Late {
    /// Looks for the reply of a run for as long as a late one is of use, and reports it (or that there is none)
    /// under `key`.
    pub(crate) fn look_for(&self, shop: &Arc<Shop>, key: String, run_id: String) {
        let until = Instant::now() + shop.periods.late_reply;
        let mut search = self.hold();
        search.awaited.push(Awaited { key, run_id, until, perhaps: None });
        if search.is_looking {
            return;
        }
        let (late, looker_shop) = (self.clone(), Arc::clone(shop));
        let looker = thread::Builder::new().name("late".to_owned()).stack_size(256 << 10);
        // Under the lock: the thread sleeps first, and needs it only then.
        search.is_looking = looker.spawn(move || late.look(&looker_shop)).is_ok();
        if !search.is_looking {
            // Without a thread there is no late reply; whoever asked was told that it is running.
            for one in search.awaited.drain(..) {
                shop.report(&one.key, Report::Late(None));
            }
        }
    }

    /// Stops looking for a reply: its call is over.
    pub(crate) fn forget(&self, key: &str) {
        self.hold().awaited.retain(|awaited| awaited.key != key);
    }

    fn look(&self, shop: &Shop) {
        loop {
            thread::sleep(shop.periods.late_poll);
            let looked_for: Vec<(String, String)> = {
                let search = self.hold();
                search.awaited.iter().map(|one| (one.run_id.clone(), one.key.clone())).collect()
            };
            let run_ids: Vec<&str> = looked_for.iter().map(|(run_id, _)| run_id.as_str()).collect();
            // A gateway that is away may be back at the next look.
            for (run_id, ended) in shop.gateway.history(&run_ids) {
                let of_run = looked_for.iter().find(|(of, _)| of == run_id);
                if let Some((_, key)) = of_run
                    && self.is_over(key, &ended)
                {
                    self.forget(key);
                    shop.report(key, Report::Late(Some(ended.outcome)));
                }
            }
            let now = Instant::now();
            let mut search = self.hold();
            search.awaited.retain(|one| {
                let is_over = one.until <= now;
                if is_over {
                    shop.report(&one.key, Report::Late(None));
                }
                !is_over
            });
            // Under the lock: whoever adds the next one sees that nobody looks and starts the next thread.
            if search.awaited.is_empty() {
                search.is_looking = false;
                return;
            }
        }
    }

    /// Whether a run has ended like this: what is not certain counts when two looks have shown it.
    fn is_over(&self, key: &str, ended: &Ended) -> bool {
        let mut search = self.hold();
        let Some(one) = search.awaited.iter_mut().find(|one| one.key == key) else { return false };
        let before = one.perhaps.replace(ended.clone());
        ended.is_certain || before.as_ref() == Some(ended)
    }

    fn hold(&self) -> MutexGuard<'_, Search> {
        self.search.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
