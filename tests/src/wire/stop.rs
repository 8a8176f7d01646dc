//! The end of a simulated server: one flag that interrupts every wait and every connection of its threads.

use super::stream::ServerStream;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shared by all threads of one server.
#[derive(Default)]
pub(crate) struct StopSignal {
    state: Mutex<StopState>,
    changed: Condvar,
}

#[derive(Default)]
struct StopState {
    stopped: bool,
    open: Vec<(u64, ServerStream)>,
    next: u64,
}

impl StopSignal {
    fn state(&self) -> MutexGuard<'_, StopState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// Waits; false when the server ended meanwhile.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.state();
        while !state.stopped {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// Registers a connection, so that the end cuts it; `None` after the end.
    pub(crate) fn register(&self, stream: &ServerStream) -> Option<u64> {
        let mut state = self.state();
        if state.stopped {
            return None;
        }
        state.next += 1;
        let number = state.next;
        state.open.push((number, stream.clone()));
        Some(number)
    }

    pub(crate) fn unregister(&self, number: u64) {
        self.state().open.retain(|(n, _)| *n != number);
    }

    /// Cuts every open connection; new ones are taken.
    pub(crate) fn cut_all(&self) {
        for (_, stream) in &self.state().open {
            stream.cut();
        }
    }

    pub(crate) fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
        self.cut_all();
    }
}
