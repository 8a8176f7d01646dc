//! The bare gateway: reads one request on each connection, responds and hangs up.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use harness::{RawServer, RecordedRequest};

use super::turn_times::{MARK, Point, TurnTimes, turn_in};

/// The bare gateway.
pub(crate) struct BareGateway {
    server: RawServer,
    gate: Arc<ReplyGate>,
}

/// Holds responses back, and counts the turns that wait.
#[derive(Default)]
struct ReplyGate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    times: Option<TurnTimes>,
    closed: bool,
    n_held: usize,
}

impl ReplyGate {
    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BareGateway {
    pub(crate) fn start() -> Self {
        let gate = Arc::new(ReplyGate::default());
        let held = Arc::clone(&gate);
        Self { server: RawServer::replying(move |request| respond(request, &held)), gate }
    }

    /// The address to configure as `gateway_url`.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Records the times of turns there from now on.
    pub(crate) fn record_into(&self, times: &TurnTimes) {
        self.gate.state().times = Some(times.clone());
    }

    /// Whether responses are held back from now on.
    pub(crate) fn hold(&self, closed: bool) {
        self.gate.state().closed = closed;
        self.gate.changed.notify_all();
    }

    /// Waits until this many turns are held.
    pub(crate) fn wait_held(&self, n: usize) {
        let mut state = self.gate.state();
        while state.n_held < n {
            state = self.gate.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn respond(request: &RecordedRequest, gate: &ReplyGate) -> Vec<u8> {
    if !request.is("POST", "/tools/invoke") {
        // `/startupz` makes this a gateway of the newest version; everything else is switched off.
        return if request.path == "/startupz" {
            response("200 OK", r#"{"ok":true,"status":"started"}"#)
        } else {
            response("404 Not Found", "Not Found")
        };
    }
    let turn = request.body["args"]["message"].as_str().and_then(turn_in);
    let times = gate.state().times.clone();
    let note = |point| {
        if let (Some(times), Some(turn)) = (&times, turn) {
            times.record(turn, point);
        }
    };
    note(Point::AtGateway);
    let mut state = gate.state();
    if state.closed {
        state.n_held += 1;
        gate.changed.notify_all();
        while state.closed {
            state = gate.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.n_held -= 1;
    }
    drop(state);
    let response = response("200 OK", &reply_body(turn.unwrap_or_default()));
    note(Point::Replied);
    response
}

/// The body of the response to a turn, as a gateway of the newest version sends it.
fn reply_body(turn: usize) -> String {
    let reply = format!("You have two meetings today, at ten and at three. ({MARK}{turn})");
    format!(
        r#"{{"ok":true,"result":{{"content":[{{"type":"text","text":"{{\n  \"reply\": \"{reply}\"\n}}"}}],"details":{{"runId":"fe12c934-5c6e-4e21-a363-db4d9383f79c","sessionKey":"agent:main:main","status":"ok","delivery":{{"status":"pending","mode":"announce"}},"reply":"{reply}"}}}}}}"#
    )
}

fn response(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
