//! One connection of the line, from the upgrade to its end: what was asked, who listens, and the gate's long poll.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use mio::Registry;
use serde_json::{Value, json};
use state::gateway::Device;
use state::secret::Secret;

use super::deed::Deed;
use super::frames::{LineFrame, LineRefused, RunEvent};
use super::handle::{LineCommand, LineFault};
use super::handshake;
use super::hello::{GATE_METHOD, GateStanding, LineHello};
use crate::transport::socket::{Disconnected, ServiceSocket, SocketMessage};

/// Requests beyond this are no longer waited for, the oldest first.
const MAX_PENDING: usize = 1_000;
/// Deeds beyond this are no longer named as seen.
const MAX_SEEN: usize = 100;
/// How long the gate may keep a poll open. That the connection lives is seen by the gateway's ticks.
const POLL: Duration = Duration::from_secs(240);

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum LineEnd {
    /// It broke, or was closed.
    Broken(String),
    /// The gateway did not let us in.
    Refused(LineRefused),
    /// The gate is not there, and it is time to look again.
    LookAgain,
}

impl From<Disconnected> for LineEnd {
    fn from(disconnected: Disconnected) -> Self {
        Self::Broken(disconnected.0)
    }
}

/// What came out of a step.
#[derive(Debug)]
pub(super) enum LineNews {
    /// The gateway let us in.
    Connected(LineHello),
    /// The gate holds a deed.
    Held(Deed),
}

/// Who waits for the answer to a request.
enum Waiting {
    /// This connection itself, for the answer to `connect`.
    Hello,
    /// This connection, for the gate to take us.
    Gate(LineHello),
    /// This connection, for held deeds.
    Deeds,
    /// Another thread.
    Thread(Sender<Result<Value, LineFault>>),
}

/// Who listens to which turn; outlives the connection.
pub(super) type RunListeners = HashMap<String, Sender<RunEvent>>;

/// One connection.
pub(super) struct LineConnection {
    socket: ServiceSocket,
    number: u64,
    next_id: u64,
    pending: BTreeMap<u64, Waiting>,
    /// Deeds that were handed on.
    seen: VecDeque<String>,
    is_in: bool,
    has_gate: bool,
    last_frame: Instant,
}

impl LineConnection {
    pub(super) fn new(socket: ServiceSocket, number: u64) -> Self {
        Self {
            socket,
            number,
            next_id: 0,
            pending: BTreeMap::new(),
            seen: VecDeque::new(),
            is_in: false,
            has_gate: false,
            last_frame: Instant::now(),
        }
    }

    /// When the last frame came.
    pub(super) fn last_frame(&self) -> Instant {
        self.last_frame
    }

    /// Takes what another thread wants.
    pub(super) fn command(
        &mut self,
        command: LineCommand,
        listeners: &mut RunListeners,
    ) -> Result<(), LineEnd> {
        match command {
            LineCommand::Request { method, params, reply } if self.is_in => {
                self.send(method, &params, Waiting::Thread(reply))?;
            }
            LineCommand::Request { reply, .. } => _ = reply.send(Err(LineFault::NotSent)),
            LineCommand::Listen { run_id, events } => _ = listeners.insert(run_id, events),
            LineCommand::Forget { run_id } => _ = listeners.remove(&run_id),
        }
        Ok(())
    }

    /// Reads what is there.
    pub(super) fn read(
        &mut self,
        (device, token): (&Device, Option<&Secret>),
        gate_settings: &Value,
        listeners: &mut RunListeners,
    ) -> Result<Vec<LineNews>, LineEnd> {
        let mut news = Vec::new();
        while let Some(message) = self.socket.read()? {
            self.last_frame = Instant::now();
            let text = match message {
                SocketMessage::Text(text) => text,
                SocketMessage::Closed { code, reason } => {
                    return Err(LineEnd::Broken(format!(
                        "the gateway closed it ({code} {reason})"
                    )));
                }
                SocketMessage::Pong(_) | SocketMessage::Nothing => continue,
            };
            match LineFrame::read(&text) {
                LineFrame::Challenge { nonce, ts } => {
                    let params = handshake::params(device, token, &nonce, &ts);
                    self.send("connect", &params, Waiting::Hello)?;
                }
                LineFrame::Response { id, result } => {
                    let waiting = id.parse().ok().and_then(|id: u64| self.pending.remove(&id));
                    if let Some(waiting) = waiting {
                        self.answered(waiting, result, gate_settings, &mut news)?;
                    }
                }
                LineFrame::Run { run_id, event } => {
                    if let Some(events) = listeners.get(&run_id) {
                        // Whoever is gone listens no more, and says so.
                        let _ = events.send(event);
                    }
                }
                LineFrame::Other => {}
            }
        }
        Ok(news)
    }

    fn answered(
        &mut self,
        waiting: Waiting,
        result: Result<Value, LineRefused>,
        gate_settings: &Value,
        news: &mut Vec<LineNews>,
    ) -> Result<(), LineEnd> {
        match waiting {
            Waiting::Thread(reply) => _ = reply.send(result.map_err(LineFault::Refused)),
            Waiting::Hello => {
                let payload = result.map_err(LineEnd::Refused)?;
                let hello = LineHello::read(&payload, self.number)
                    .ok_or_else(|| LineEnd::Broken("it does not answer as a gateway".to_owned()))?;
                if hello.gate == GateStanding::Loaded {
                    self.send(GATE_METHOD, gate_settings, Waiting::Gate(hello))?;
                } else {
                    self.is_in = true;
                    news.push(LineNews::Connected(hello));
                }
            }
            Waiting::Gate(mut hello) => {
                self.is_in = true;
                match result {
                    Ok(_) => self.has_gate = true,
                    Err(refused) => hello.gate = GateStanding::Refused(refused.words),
                }
                news.push(LineNews::Connected(hello));
                if self.has_gate {
                    self.poll_gate()?;
                }
            }
            Waiting::Deeds => {
                // A gate that is unloaded takes its methods along.
                let payload = result.map_err(|_| LineEnd::LookAgain)?;
                let now = Instant::now();
                for deed in payload["deeds"].as_array().into_iter().flatten() {
                    let Some(deed) = Deed::read(deed, now) else { continue };
                    if self.seen.len() == MAX_SEEN {
                        self.seen.pop_front();
                    }
                    self.seen.push_back(deed.id.clone());
                    news.push(LineNews::Held(deed));
                }
                self.poll_gate()?;
            }
        }
        Ok(())
    }

    /// Asks the gate for what it holds; the answer comes when there is something.
    fn poll_gate(&mut self) -> Result<(), LineEnd> {
        let wait = u64::try_from(POLL.as_millis()).unwrap_or(u64::MAX);
        let params = json!({"waitMs": wait, "seen": self.seen});
        self.send("clawdtalk.gate.next", &params, Waiting::Deeds)
    }

    fn send(&mut self, method: &str, params: &Value, waiting: Waiting) -> Result<(), LineEnd> {
        self.next_id += 1;
        let id = self.next_id.to_string();
        let frame = json!({"type": "req", "id": id, "method": method, "params": params});
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop_first();
        }
        self.pending.insert(self.next_id, waiting);
        Ok(self.socket.write(&frame.to_string())?)
    }

    /// Sends what is queued.
    pub(super) fn flush(&mut self, registry: &Registry) -> Result<(), LineEnd> {
        self.socket.flush()?;
        Ok(self.socket.update_interest(registry)?)
    }

    /// Ends it. Whoever waits for an answer gets none, and whoever listens to a turn learns that the line is gone.
    pub(super) fn end(mut self, registry: &Registry, listeners: &RunListeners) {
        let _ = self.socket.close(1000);
        let _ = self.socket.flush();
        self.socket.deregister(registry);
        for (_, waiting) in self.pending {
            if let Waiting::Thread(reply) = waiting {
                let _ = reply.send(Err(LineFault::Unanswered));
            }
        }
        for events in listeners.values() {
            let _ = events.send(RunEvent::Dropped);
        }
    }
}
