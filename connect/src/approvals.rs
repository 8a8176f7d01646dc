//! Decisions that come over the socket, handed to the workers that wait for some.

use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

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
pub(crate) struct Approvals(Mutex<Vec<Sender<Heard>>>);

impl Approvals {
    /// Tells a worker of every decision from now on, until its receiver is gone.
    pub(crate) fn tell(&self, worker: Sender<Heard>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    /// Hands on a decision; false if nobody waits for any.
    pub(crate) fn decided(&self, request_id: &str, decision: &str) -> bool {
        let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.retain(|worker| {
            worker.send(Heard::Decided(request_id.to_owned(), decision.to_owned())).is_ok()
        });
        !workers.is_empty()
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
        approvals.tell(sender);
        assert!(approvals.decided("a", "denied"));
        let Heard::Decided(id, decision) = heard.try_recv().unwrap() else { panic!() };
        assert_eq!((id.as_str(), decision.as_str()), ("a", "denied"));
        drop(heard);
        assert!(!approvals.decided("a", "approved"));
    }
}
