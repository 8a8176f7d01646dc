//! Hands decisions that come over the socket to the workers that wait for one.

use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use state::api::JsonResponse;
use state::approval_status::OwnersDecision;

/// Of so many approvals the ids are remembered.
const MAX_IDS: usize = 1_000;

/// What a worker that waits for an approval is sent.
#[derive(Debug)]
pub(crate) enum ApprovalUpdate {
    /// A decision about some approval came over the socket.
    Decided(OwnersDecision),
    /// The service's answer to a poll, and the time by its clock.
    Polled(Box<JsonResponse>, Timestamp),
    /// A poll failed, which shows nothing: the next one may.
    PollFailed,
    /// The service gave this id to two approvals.
    Repeated(String),
}

/// The workers that wait for an approval. Each gets every decision: one may come before the service has answered which
/// approval is whose.
#[derive(Debug, Default)]
pub(crate) struct ApprovalSubscriptions(Mutex<Subscribers>);

#[derive(Debug, Default)]
struct Subscribers {
    n_ever: u64,
    /// The ids of the newest approvals, decided or not.
    ids: VecDeque<String>,
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
    pub(crate) fn publish(&self, decision: &OwnersDecision) -> bool {
        let send = |updates: &Sender<ApprovalUpdate>| {
            updates.send(ApprovalUpdate::Decided(decision.clone())).is_ok()
        };
        self.lock().by_number.values().filter(|updates| send(updates)).count() > 0
    }

    /// Notes the id of an approval that was just created; false if the service gave it to an earlier one too. Then a
    /// decision could mean either, and whoever waits for the earlier one is told.
    pub(crate) fn claim(&self, id: &str) -> bool {
        let mut subscribers = self.lock();
        if subscribers.ids.iter().any(|known| known == id) {
            for updates in subscribers.by_number.values() {
                // Whoever is gone waits for nothing.
                let _ = updates.send(ApprovalUpdate::Repeated(id.to_owned()));
            }
            return false;
        }
        if subscribers.ids.len() == MAX_IDS {
            subscribers.ids.pop_front();
        }
        subscribers.ids.push_back(id.to_owned());
        true
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{ApprovalSubscriptions, ApprovalUpdate, MAX_IDS};
    use state::approval_status::OwnersDecision;
    use std::sync::mpsc::channel;

    fn decision(id: &str, decision: &str) -> OwnersDecision {
        OwnersDecision { request_id: id.into(), decision: decision.into() }
    }

    #[test]
    fn a_decision_reaches_everybody_who_still_waits() {
        let subscriptions = ApprovalSubscriptions::default();
        assert!(!subscriptions.publish(&decision("a", "approved")));
        let (sender, updates) = channel();
        let subscription = subscriptions.subscribe(sender);
        assert!(subscriptions.publish(&decision("a", "denied")));
        let Ok(ApprovalUpdate::Decided(received)) = updates.try_recv() else { panic!() };
        assert_eq!(received, decision("a", "denied"));
        drop(subscription);
        assert!(!subscriptions.publish(&decision("a", "approved")));
        assert!(subscriptions.lock().by_number.is_empty());
    }

    #[test]
    fn an_id_that_two_approvals_have_is_told_to_both() {
        let subscriptions = ApprovalSubscriptions::default();
        let (sender, updates) = channel();
        let _subscription = subscriptions.subscribe(sender);
        assert!(subscriptions.claim("a") && subscriptions.claim("b"));
        assert!(updates.try_recv().is_err());
        assert!(!subscriptions.claim("a"));
        assert!(matches!(updates.try_recv(), Ok(ApprovalUpdate::Repeated(id)) if id == "a"));
        for n in 0..MAX_IDS {
            assert!(subscriptions.claim(&n.to_string()));
        }
        assert_eq!(subscriptions.lock().ids.len(), MAX_IDS);
    }
}
