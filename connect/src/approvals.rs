//! Decisions that come over the socket, handed to the workers that wait for some.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a worker that waits for an approval hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A decision about some approval came over the socket.
    Decided(String, String),
    /// The service said where the approval stands.
    Polled(serde_json::Value),
}

/// The workers that wait for an approval. Each hears every decision: one may come before the service has
/// told which approval is whose.
#[derive(Debug, Default)]
pub(crate) struct Approvals(Mutex<Workers>);

#[derive(Debug, Default)]
struct Workers {
    n_ever: u64,
    waiting: HashMap<u64, Sender<Heard>>,
}

/// A worker is told of decisions for as long as it has this.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    approvals: &'a Approvals,
    number: u64,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        // Not left to the next decision: where the owner's phone answers through the polls only, none ever comes.
        self.approvals.hold().waiting.remove(&self.number);
    }
}

impl Approvals {
    /// Tells a worker of every decision from now on.
    #[must_use]
    pub(crate) fn tell(&self, worker: Sender<Heard>) -> Told<'_> {
        let mut workers = self.hold();
        workers.n_ever += 1;
        let number = workers.n_ever;
        workers.waiting.insert(number, worker);
        Told { approvals: self, number }
    }

    /// Hands on a decision; false if nobody waits for any.
    pub(crate) fn decided(&self, request_id: &str, decision: &str) -> bool {
        let told = |worker: &Sender<Heard>| {
            worker.send(Heard::Decided(request_id.to_owned(), decision.to_owned())).is_ok()
        };
        self.hold().waiting.values().filter(|worker| told(worker)).count() > 0
    }

    fn hold(&self) -> MutexGuard<'_, Workers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Approvals, Heard};
    use std::sync::mpsc::channel;

    #[test]
    fn a_decision_reaches_everybody_who_still_waits() {
        let approvals = Approvals::default();
        assert!(!approvals.decided("a", "approved"));
        let (sender, heard) = channel();
        let told = approvals.tell(sender);
        assert!(approvals.decided("a", "denied"));
        let Heard::Decided(id, decision) = heard.try_recv().unwrap() else { panic!() };
        assert_eq!((id.as_str(), decision.as_str()), ("a", "denied"));
        drop(told);
        assert!(!approvals.decided("a", "approved"));
        assert!(approvals.hold().waiting.is_empty());
    }
}
