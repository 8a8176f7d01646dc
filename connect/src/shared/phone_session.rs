//! The session of the owner's turns on the phone: which turn runs there, for whom, and when it was last made anew.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::request::AgentRequest;

/// A session that belongs to no call is made anew after this.
const FRESH_FOR: Duration = Duration::from_secs(3600);

/// Who has the session. One turn runs there at a time.
#[derive(Debug, Default)]
pub(crate) struct PhoneSession {
    state: Mutex<SessionState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct SessionState {
    /// The turn that has the session now; the number tells two of the same request apart.
    running: Option<(u64, Arc<AgentRequest>)>,
    n_turns: u64,
    /// The last request whose turn ran here.
    last: Option<Arc<AgentRequest>>,
    /// When the session was made anew.
    forked_at: Option<Instant>,
    /// Whether that brought the main conversation along.
    has_main: bool,
}

/// The session is this turn's until this is dropped, or another turn of the same call breaks in.
pub(crate) struct SessionTurn<'a> {
    session: &'a PhoneSession,
    number: u64,
    /// It breaks in on a turn of the same call.
    pub(crate) interrupts: bool,
}

impl PhoneSession {
    /// Takes the session for a turn: at once from a turn of the same call, and else when it is free; in any case at `until`.
    pub(crate) fn take(&self, request: &Arc<AgentRequest>, until: Instant) -> SessionTurn<'_> {
        let mut state = self.lock();
        let mut interrupts = false;
        while let Some((_, running)) = &state.running {
            let call = request.origin.call_id();
            interrupts = call.is_some() && running.origin.call_id() == call;
            let left = until.saturating_duration_since(Instant::now());
            if interrupts || left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.n_turns += 1;
        let number = state.n_turns;
        state.running = Some((number, Arc::clone(request)));
        state.last = Some(Arc::clone(request));
        SessionTurn { session: self, number, interrupts }
    }

    /// Whether a turn that belongs to no call needs the session made anew.
    pub(crate) fn is_stale(&self) -> bool {
        self.lock().forked_at.is_none_or(|at| at.elapsed() > FRESH_FOR)
    }

    /// The session was made anew, or could not be.
    pub(crate) fn set_forked(&self, has_main: bool) {
        let mut state = self.lock();
        state.forked_at = Some(Instant::now());
        state.has_main = has_main;
    }

    /// Whether the main conversation came along.
    pub(crate) fn has_main(&self) -> bool {
        self.lock().has_main
    }

    /// The request to which something belongs that the agent is about to do.
    pub(crate) fn request(&self) -> Option<Arc<AgentRequest>> {
        self.lock().last.clone()
    }

    fn lock(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SessionTurn<'_> {
    fn drop(&mut self) {
        let mut state = self.session.lock();
        if state.running.as_ref().is_some_and(|(number, _)| *number == self.number) {
            state.running = None;
        }
        self.session.changed.notify_all();
    }
}
