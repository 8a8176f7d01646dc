//! Questions asked aloud on calls, each answered by the next request of its call, whatever that is.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::guard::case::Aloud;

/// The open questions.
#[derive(Debug, Default)]
pub(crate) struct Questions(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    /// By call: asked, and not answered yet.
    open: HashMap<String, Aloud>,
    /// By request: the question that this request answers.
    taken: HashMap<String, Aloud>,
}

impl Questions {
    /// A question was asked on a call; an older one there is void.
    pub(crate) fn ask(&self, call_id: &str, aloud: Aloud) {
        self.hold().open.insert(call_id.to_owned(), aloud);
    }

    /// The next request of a call came in. Told by the socket's thread, so that it is the next one indeed.
    pub(crate) fn next(&self, call_id: &str, request: &str) {
        let mut tables = self.hold();
        if let Some(aloud) = tables.open.remove(call_id) {
            tables.taken.insert(request.to_owned(), aloud);
        }
    }

    /// The question that this request answers, if it does.
    pub(crate) fn taken_for(&self, request: &str) -> Option<Aloud> {
        self.hold().taken.remove(request)
    }

    /// The work for a request is over, perhaps before it began: no question waits for it.
    pub(crate) fn ended(&self, request: &str) {
        self.hold().taken.remove(request);
    }

    /// A call is over, and so are its questions.
    pub(crate) fn call_ended(&self, call_id: &str) {
        self.hold().open.remove(call_id);
    }

    fn hold(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
