//! The bare gateway: threads that accept, read one request, respond and hang up.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Result;

use super::connection;
use super::turn_times::{MARK, Point, TurnTimes, turn_in};

/// The bare gateway. It ends with the process: its threads wait in `accept`.
pub(crate) struct BareGateway {
    url: String,
    address: String,
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
    /// A gateway that has up to `at_once` turns at once.
    pub(crate) fn start(at_once: usize) -> Result<Self> {
        let listener = Arc::new(connection::listen()?);
        let (url, address) = (connection::url(&listener), connection::address(&listener));
        let gate = Arc::new(ReplyGate::default());
        for _ in 0..at_once {
            let (listener, gate) = (Arc::clone(&listener), Arc::clone(&gate));
            thread::Builder::new()
                .name("agent".to_owned())
                .stack_size(128 << 10)
                .spawn(move || serve(&listener, &gate))?;
        }
        Ok(Self { url, address, gate })
    }

    /// The address to configure as `gateway_url`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same without a scheme.
    pub(crate) fn address(&self) -> &str {
        &self.address
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

fn serve(listener: &TcpListener, gate: &ReplyGate) {
    let mut bytes = vec![0; 32 << 10];
    while let Ok((stream, _)) = listener.accept() {
        // A client that breaks off is no error here: its turn misses a point, and does not count.
        let _ = respond(&stream, &mut bytes, gate);
    }
}

fn respond(mut stream: &TcpStream, bytes: &mut [u8], gate: &ReplyGate) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let request = request(stream, bytes)?;
    if !request.starts_with(b"POST /tools/invoke") {
        // `/startupz` makes this a gateway of the newest version; everything else is switched off.
        let text = if request.starts_with(b"GET /startupz") {
            response("200 OK", r#"{"ok":true,"status":"started"}"#)
        } else {
            response("404 Not Found", "Not Found")
        };
        return stream.write_all(text.as_bytes());
    }
    let turn = turn_in(request);
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
    let text = response("200 OK", &reply_body(turn.unwrap_or_default()));
    note(Point::Replied);
    stream.write_all(text.as_bytes())
}

/// The body of the response to a turn, as a gateway of the newest version sends it.
fn reply_body(turn: usize) -> String {
    let reply = format!("You have two meetings today, at ten and at three. ({MARK}{turn})");
    format!(
        r#"{{"ok":true,"result":{{"content":[{{"type":"text","text":"{{\n  \"reply\": \"{reply}\"\n}}"}}],"details":{{"runId":"fe12c934-5c6e-4e21-a363-db4d9383f79c","sessionKey":"agent:main:main","status":"ok","delivery":{{"status":"pending","mode":"announce"}},"reply":"{reply}"}}}}}}"#
    )
}

fn response(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one whole request into `bytes`.
fn request<'a>(mut stream: &TcpStream, bytes: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut end = 0;
    loop {
        let n = stream.read(&mut bytes[end..])?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        end += n;
        let Some(head) = bytes[..end].windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let length = content_length(&bytes[..head]).unwrap_or(0);
        if end >= head + 4 + length {
            return Ok(&bytes[..end]);
        }
    }
}

/// The length that a head announces.
pub(crate) fn content_length(head: &[u8]) -> Option<usize> {
    let head = std::str::from_utf8(head).ok()?;
    head.lines().find_map(|connection| {
        let (name, value) = connection.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    })
}
