//! Hands decisions that come over the socket to the workers that wait for one.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a worker that waits for an approval is sent.
#[derive(Debug)]
pub(crate) enum ApprovalUpdate {
    /// A decision about some approval came over the socket.
    Decided {
        /// Which approval.
        request_id: String,
        /// The service's word.
        decision: String,
    },
    /// The service's answer to a poll.
    Polled(serde_json::Value),
}

/// The workers that wait for an approval. Each gets every decision: one may come before the service has answered which
/// approval is whose.
#[derive(Debug, Default)]
pub(crate) struct ApprovalSubscriptions(Mutex<Subscribers>);

#[derive(Debug, Default)]
struct Subscribers {
    n_ever: u64,
    by_number: HashMap<u64, Sender<ApprovalUpdate>>,
}

/// Decisions are sent for as long as this lives.
#[derive(Debug)]
pub(crate) struct Subscription<'a> {
    subscriptions: &'a ApprovalSubscriptions,
    number: u64,
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        // Not left to the next decision: where the owner's phone answers through the polls only, none ever comes.
        self.subscriptions.lock().by_number.remove(&self.number);
    }
}

impl ApprovalSubscriptions {
    /// Sends every decision from now on to `updates`.
    #[must_use]
    pub(crate) fn subscribe(&self, updates: Sender<ApprovalUpdate>) -> Subscription<'_> {
        let mut subscribers = self.lock();
        subscribers.n_ever += 1;
        let number = subscribers.n_ever;
        subscribers.by_number.insert(number, updates);
        Subscription { subscriptions: self, number }
    }

    /// Sends a decision to all; false if nobody waits for any.
    pub(crate) fn publish(&self, request_id: &str, decision: &str) -> bool {
        let send = |updates: &Sender<ApprovalUpdate>| {
            let (request_id, decision) = (request_id.to_owned(), decision.to_owned());
            updates.send(ApprovalUpdate::Decided { request_id, decision }).is_ok()
        };
        self.lock().by_number.values().filter(|updates| send(updates)).count() > 0
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{ApprovalSubscriptions, ApprovalUpdate};
    use std::sync::mpsc::channel;

    #[test]
    fn a_decision_reaches_everybody_who_still_waits() {
        let subscriptions = ApprovalSubscriptions::default();
        assert!(!subscriptions.publish("a", "approved"));
        let (sender, updates) = channel();
        let subscription = subscriptions.subscribe(sender);
        assert!(subscriptions.publish("a", "denied"));
        let Ok(ApprovalUpdate::Decided { request_id, decision }) = updates.try_recv() else {
            panic!()
        };
        assert_eq!((request_id.as_str(), decision.as_str()), ("a", "denied"));
        drop(subscription);
        assert!(!subscriptions.publish("a", "approved"));
        assert!(subscriptions.lock().by_number.is_empty());
    }
}
