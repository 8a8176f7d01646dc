//! Decisions that come over the socket, handed to the worker that waits for them.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The approvals that are being waited for.
#[derive(Debug, Default)]
pub(crate) struct Approvals(Mutex<HashMap<String, Sender<String>>>);

impl Approvals {
    /// Begins to listen for decisions about one approval.
    pub(crate) fn listen(&self, request_id: &str) -> Receiver<String> {
        let (sender, receiver) = channel();
        self.hold().insert(request_id.to_owned(), sender);
        receiver
    }

    /// Stops listening.
    pub(crate) fn leave(&self, request_id: &str) {
        self.hold().remove(request_id);
    }

    /// Hands on a decision; false if nobody waits for it.
    pub(crate) fn decided(&self, request_id: &str, decision: &str) -> bool {
        self.hold().get(request_id).is_some_and(|sender| sender.send(decision.to_owned()).is_ok())
    }

    fn hold(&self) -> MutexGuard<'_, HashMap<String, Sender<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Approvals;

    #[test]
    fn a_decision_reaches_only_who_waits_for_it() {
        let approvals = Approvals::default();
        let heard = approvals.listen("a");
        assert!(!approvals.decided("b", "approved"));
        assert!(approvals.decided("a", "denied"));
        assert_eq!(heard.try_recv().unwrap(), "denied");
        approvals.leave("a");
        assert!(!approvals.decided("a", "approved") && heard.try_recv().is_err());
    }
}
