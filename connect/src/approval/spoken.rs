//! Requests that the owner is to confirm on a call: each by the next request of that call, whatever it is.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::state::{Authorization, SpokenConfirmation};

/// What the next request of a call decides.
#[derive(Debug)]
pub(crate) enum AwaitedConfirmation {
    /// A request of the owner's, which was not passed on yet.
    Request(SpokenConfirmation),
    /// A deed that the gate holds; whoever waits for it gets the authorization, or none.
    Deed(SpokenConfirmation, Sender<Option<Authorization>>),
}

/// The confirmations that are awaited.
#[derive(Debug, Default)]
pub(crate) struct SpokenConfirmations(Mutex<ConfirmationTables>);

#[derive(Debug, Default)]
struct ConfirmationTables {
    /// By call: awaited from the next request there.
    by_call: HashMap<String, AwaitedConfirmation>,
    /// By request: this request is that next one.
    by_request: HashMap<String, AwaitedConfirmation>,
}

impl SpokenConfirmations {
    /// The owner was asked to confirm on a call; an older confirmation there is void.
    pub(crate) fn expect(&self, call_id: &str, confirmation: AwaitedConfirmation) {
        self.lock().by_call.insert(call_id.to_owned(), confirmation);
    }

    /// A request came in on a call: it decides what is awaited there. Called by the loop thread, which alone knows the
    /// order of requests.
    pub(crate) fn assign(&self, call_id: &str, request_key: &str) {
        let mut tables = self.lock();
        if let Some(confirmation) = tables.by_call.remove(call_id) {
            tables.by_request.insert(request_key.to_owned(), confirmation);
        }
    }

    /// What this request decides, if anything.
    pub(crate) fn take(&self, request_key: &str) -> Option<AwaitedConfirmation> {
        self.lock().by_request.remove(request_key)
    }

    /// The work for a request is over, perhaps before it began: it decides nothing any more.
    pub(crate) fn forget_request(&self, request_key: &str) {
        self.lock().by_request.remove(request_key);
    }

    /// Nothing that is awaited counts any more, nor what requests under way would confirm.
    pub(crate) fn forget_all(&self) {
        *self.lock() = ConfirmationTables::default();
    }

    /// A call is over, and with it what was awaited there.
    pub(crate) fn forget_call(&self, call_id: &str) {
        self.lock().by_call.remove(call_id);
    }

    fn lock(&self) -> MutexGuard<'_, ConfirmationTables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
