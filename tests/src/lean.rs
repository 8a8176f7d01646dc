//! The two peers of `connect`, the service's socket and the gateway, stripped to what a measurement needs: they keep
//! four instants per turn and nothing else, so that what is measured is the client and not the simulator.

use crate::wire::http::{self, Answer, Request};
use crate::wire::listener::Listener;
use crate::wire::stop::Stop;
use crate::wire::stream::Stream;
use serde_json::{Value, json};
use std::io::{self, BufReader, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::Frame as WireFrame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Bytes, Message};

/// The instants of one turn; `None` where it did not come so far.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// The request is about to be written to the socket.
    pub sent: Instant,
    /// The gateway has read it.
    pub heard: Option<Instant>,
    /// The gateway's answer is about to be written.
    pub answered: Option<Instant>,
    /// The result has been read from the socket.
    pub delivered: Option<Instant>,
}

impl Turn {
    /// The client's share of the turn, loopback included: from the socket to the gateway, and from there back.
    pub fn share(&self) -> Option<Duration> {
        Some((self.heard? - self.sent) + (self.delivered? - self.answered?))
    }
}

#[derive(Default)]
struct State {
    turns: Vec<Turn>,
    /// The number of the first of them: a client answers a number that it knows no second time.
    first: usize,
    total: usize,
    /// Turns that were delivered: counting them again at every change would disturb what is measured.
    done: usize,
    live: Option<Stream>,
    /// When each connection was authenticated.
    authenticated: Vec<Instant>,
    /// How long the gateway thinks.
    delay: Duration,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    stop: Arc<Stop>,
}

/// The two peers; dropping them ends both.
pub struct Lean {
    shared: Arc<Shared>,
    service: Listener,
    gateway: Listener,
}

impl Default for Lean {
    fn default() -> Self {
        Self::start()
    }
}

impl Lean {
    /// Listens on two free loopback ports. Every key and every token is taken.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let (socket, turns) = (Arc::clone(&shared), Arc::clone(&shared));
        let listen = "a loopback port can be listened on";
        let stop = || Arc::clone(&shared.stop);
        let service = Listener::start(0, None, stop(), move |stream| socket.serve_socket(&stream));
        let gateway = Listener::start(0, None, stop(), move |stream| turns.serve_turns(stream));
        Self { service: service.expect(listen), gateway: gateway.expect(listen), shared }
    }

    /// The address for `server`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.service.port())
    }

    /// The address for `gateway_url`.
    pub fn gateway_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.gateway.port())
    }

    /// How long the gateway thinks about every turn from now on.
    pub fn delay(&self, time: Duration) {
        self.shared.state().delay = time;
    }

    /// Waits for the `n`th authentication since the start (from 1), and tells when it was.
    pub fn wait_authenticated(&self, limit: Duration, n: usize) -> Option<Instant> {
        self.shared.wait(limit, |state| state.authenticated.get(n - 1).copied())
    }

    /// Cuts the live connection without a close frame.
    pub fn cut(&self) {
        if let Some(live) = self.shared.state().live.take() {
            live.cut();
        }
    }

    /// Asks `total` requests, never more than `in_flight` at once, each as soon as an earlier one is answered; `None`
    /// when not all were answered within `limit`.
    pub fn turns(&self, total: usize, in_flight: usize, limit: Duration) -> Option<Vec<Turn>> {
        self.begin(total);
        for _ in 0..in_flight.min(total) {
            self.shared.ask();
        }
        let all = |state: &State| (state.done == state.total).then(|| state.turns.clone());
        self.shared.wait(limit, all)
    }

    /// Asks `total` requests at once and waits until the gateway has heard them all; false when it did not in time.
    pub fn flood(&self, total: usize, limit: Duration) -> bool {
        self.begin(total);
        for _ in 0..total {
            self.shared.ask();
        }
        let heard =
            |state: &State| state.turns.iter().all(|turn| turn.heard.is_some()).then_some(());
        self.shared.wait(limit, heard).is_some()
    }

    fn begin(&self, total: usize) {
        let mut state = self.shared.state();
        state.first += state.turns.len();
        (state.turns, state.total, state.done) = (Vec::with_capacity(total), total, 0);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, limit: Duration, mut pick: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let until = Instant::now() + limit;
        let mut state = self.state();
        loop {
            if let Some(found) = pick(&state) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Sends the next request, if one is left.
    fn ask(&self) {
        let mut state = self.state();
        let (number, live) = (state.turns.len(), state.live.clone());
        let Some(live) = live.filter(|_| number < state.total) else { return };
        let number = state.first + number;
        let frame = crate::event::deep_tool_request(
            "call",
            &format!("r{number}"),
            &format!("What is {number}?"),
        );
        let now = Turn { sent: Instant::now(), heard: None, answered: None, delivered: None };
        state.turns.push(now);
        drop(state);
        put(&live, &frame);
    }

    fn mark(&self, number: Option<usize>, mark: impl FnOnce(&mut Turn)) {
        let marked = number.and_then(|number| {
            let mut state = self.state();
            let place = number.checked_sub(state.first)?;
            state.turns.get_mut(place).map(mark)
        });
        if marked.is_some() {
            self.changed.notify_all();
        }
    }

    fn serve_socket(&self, stream: &Stream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.clone());
        let Some(request) = http::read(&mut reader, 65_536)? else { return Ok(()) };
        let Some(key) = request.header("sec-websocket-key") else {
            return stream.clone().write_all(&Answer::text(404, "Not Found").bytes(true));
        };
        let accept = derive_accept_key(key.as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.clone().write_all(head.as_bytes())?;
        let early = reader.buffer().to_vec();
        let mut socket = WebSocket::from_partially_read(stream.clone(), early, Role::Server, None);
        loop {
            match socket.read() {
                Ok(Message::Text(text)) => self.hear(stream, text.as_str()),
                Ok(Message::Close(_)) | Err(_) => return Ok(()),
                // A pong leaves with the flush.
                Ok(_) => drop(socket.flush()),
            }
        }
    }

    fn hear(&self, stream: &Stream, text: &str) {
        let now = Instant::now();
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        match frame["type"].as_str() {
            Some("auth") => {
                put(stream, &json!({"type": "auth_ok"}));
                let mut state = self.state();
                state.live = Some(stream.clone());
                state.authenticated.push(now);
                self.changed.notify_all();
            }
            Some("deep_tool_result") => {
                let id = frame["request_id"].as_str().and_then(|id| id.strip_prefix('r'));
                self.mark(id.and_then(|id| id.parse().ok()), |turn| turn.delivered = Some(now));
                self.state().done += 1;
                self.changed.notify_all();
                self.ask();
            }
            _ => {}
        }
    }

    fn serve_turns(&self, mut stream: Stream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.clone());
        while let Some(request) = http::read(&mut reader, 65_536)? {
            let heard = Instant::now();
            let close = request.header("connection").is_some_and(|value| value == "close");
            let answer = match (request.method.as_str(), request.raw_path.as_str()) {
                ("POST", "/tools/invoke") => {
                    let number = number(&request);
                    self.mark(number, |turn| turn.heard = Some(heard));
                    let delay = self.state().delay;
                    if !delay.is_zero() && !self.stop.pause(delay) {
                        return Ok(());
                    }
                    let details = json!({"runId": "r", "status": "ok", "reply": "It is a number."});
                    let content = json!([{"type": "text", "text": details.to_string()}]);
                    let answer =
                        json!({"ok": true, "result": {"content": content, "details": details}});
                    self.mark(number, |turn| turn.answered = Some(Instant::now()));
                    Answer::json(200, &answer)
                }
                ("GET", "/startupz") => Answer::json(
                    200,
                    &json!({"ok": true, "status": "started", "version": "2026.9.6"}),
                ),
                _ => Answer::text(404, "Not Found"),
            };
            stream.write_all(&answer.bytes(close))?;
            if close {
                break;
            }
        }
        Ok(())
    }
}

/// The number at the end of the message that the agent was sent.
fn number(request: &Request) -> Option<usize> {
    let body = request.json().ok()?;
    let words = body["args"]["message"].as_str()?.trim_end().trim_end_matches('?');
    words.rsplit(' ').next()?.parse().ok()
}

fn put(stream: &Stream, json: &Value) {
    let payload = Bytes::copy_from_slice(json.to_string().as_bytes());
    let frame = WireFrame::message(payload, OpCode::Data(Data::Text), true);
    let mut bytes = Vec::new();
    if frame.format(&mut bytes).is_ok() {
        // A client that is gone is seen by whoever waits for its answer.
        let _ = stream.clone().write_all(&bytes);
    }
}
