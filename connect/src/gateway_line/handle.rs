//! What other threads have of the gateway line: requests, turns to listen to, and how it stands.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mio::Waker;
use serde_json::Value;

use super::frames::{LineRefused, RunEvent};
use super::hello::{GateStanding, LineHello};

/// How the line stands.
#[derive(Clone, Debug, Default)]
pub(crate) enum LineState {
    /// Nobody wants one.
    #[default]
    Off,
    /// It is being connected for the first time.
    Connecting,
    /// The gateway let us in.
    Connected(Arc<LineHello>),
    /// It is not connected, for this reason; the next attempt comes by itself.
    Away(String),
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineFault {
    /// It was not sent.
    NotSent,
    /// The gateway refused it.
    Refused(LineRefused),
    /// It was sent, and there is no answer to it.
    Unanswered,
}

/// What other threads want of the line's thread.
pub(super) enum LineCommand {
    /// To send a request.
    Request { method: &'static str, params: Value, reply: Sender<Result<Value, LineFault>> },
    /// To hear of a turn.
    Listen { run_id: String, events: Sender<RunEvent> },
    /// To hear of it no more.
    Forget { run_id: String },
}

/// The line, as other threads have it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct GatewayLine {
    shared: Arc<SharedLine>,
}

struct SharedLine {
    commands: Sender<LineCommand>,
    /// `None` without a thread.
    waker: Option<Waker>,
    state: Mutex<LineState>,
    changed: Condvar,
}

/// What happens to one turn, for as long as this lives.
pub(crate) struct RunListener {
    line: GatewayLine,
    run_id: String,
    events: Receiver<RunEvent>,
}

impl RunListener {
    /// The next event; `None` when the time is over.
    pub(crate) fn next(&self, until: Instant) -> Option<RunEvent> {
        match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            // The line's thread has ended: nothing more is heard.
            Err(RecvTimeoutError::Disconnected) => Some(RunEvent::Dropped),
        }
    }
}

impl Drop for RunListener {
    fn drop(&mut self) {
        self.line.command(LineCommand::Forget { run_id: std::mem::take(&mut self.run_id) });
    }
}

impl GatewayLine {
    /// A line and where its commands arrive; without a waker there is no thread that takes them.
    pub(super) fn new(waker: Option<Waker>) -> (Self, Receiver<LineCommand>) {
        let (commands, receiver) = channel();
        let state = if waker.is_some() { LineState::Connecting } else { LineState::Off };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        (Self { shared: Arc::new(SharedLine { commands, waker, state, changed }) }, receiver)
    }

    /// No line at all.
    pub(crate) fn off() -> Self {
        Self::new(None).0
    }

    /// How it stands.
    pub(crate) fn state(&self) -> LineState {
        self.lock().clone()
    }

    pub(super) fn set_state(&self, state: LineState) {
        *self.lock() = state;
        self.shared.changed.notify_all();
    }

    /// What the gateway said when it let us in, if it is connected.
    pub(crate) fn hello(&self) -> Option<Arc<LineHello>> {
        match &*self.lock() {
            LineState::Connected(hello) => Some(Arc::clone(hello)),
            _ => None,
        }
    }

    /// The same, waited for; `None` when the time is over, or at once where there is no line.
    pub(crate) fn wait_hello(&self, until: Instant) -> Option<Arc<LineHello>> {
        let mut state = self.lock();
        loop {
            match &*state {
                LineState::Connected(hello) => return Some(Arc::clone(hello)),
                LineState::Off => return None,
                LineState::Connecting | LineState::Away(_) => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the gate is loaded, and holds what a turn is about to do.
    pub(crate) fn has_gate(&self) -> bool {
        self.hello().is_some_and(|hello| hello.gate == GateStanding::Loaded)
    }

    /// Sends a request, and waits for its result for at most `within`.
    pub(crate) fn request(
        &self,
        method: &'static str,
        params: Value,
        within: Duration,
    ) -> Result<Value, LineFault> {
        let (reply, result) = channel();
        if !self.command(LineCommand::Request { method, params, reply }) {
            return Err(LineFault::NotSent);
        }
        result.recv_timeout(within).unwrap_or(Err(LineFault::Unanswered))
    }

    /// Hears of a turn from now on, whoever starts it.
    pub(crate) fn listen(&self, run_id: &str) -> RunListener {
        let (sender, events) = channel();
        let run_id = run_id.to_owned();
        self.command(LineCommand::Listen { run_id: run_id.clone(), events: sender });
        RunListener { line: self.clone(), run_id, events }
    }

    /// False if there is no thread that takes it.
    fn command(&self, command: LineCommand) -> bool {
        let Some(waker) = &self.shared.waker else { return false };
        let is_sent = self.shared.commands.send(command).is_ok();
        // A waker fails only when its poll is gone.
        let _ = waker.wake();
        is_sent
    }

    fn lock(&self) -> MutexGuard<'_, LineState> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
