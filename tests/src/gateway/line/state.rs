//! What the WebSocket side of a gateway is set to, and what it knows: connections, sessions, turns and held deeds.

use super::run::LineRun;
use crate::wire::stream::ServerStream;
use crate::wire::websocket::write_json;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the plugin that holds deeds is decided by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum GateWord {
    /// `allow-once`.
    Allow,
    /// Anything else, with the reason that came with it.
    Deny(String),
}

/// A deed that waits for a word.
pub(in crate::gateway) struct HeldDeed {
    pub(in crate::gateway) id: String,
    pub(in crate::gateway) run_id: String,
    pub(in crate::gateway) view: Value,
    pub(in crate::gateway) until: Instant,
    pub(in crate::gateway) word: Sender<GateWord>,
}

/// The plugin, where it is loaded.
#[derive(Default)]
pub(in crate::gateway) struct SimulatedGate {
    /// The only device that it answers; the first that asks, unless the configuration named one.
    pub(in crate::gateway) device: Option<String>,
    pub(in crate::gateway) held: Vec<HeldDeed>,
    /// The open long poll: its connection, the id of its request, and the deeds that the client has seen.
    pub(in crate::gateway) poll: Option<(usize, String, Vec<String>)>,
}

/// A connection that was let in.
pub(in crate::gateway) struct OpenLine {
    pub(in crate::gateway) number: usize,
    pub(in crate::gateway) device: String,
    pub(in crate::gateway) stream: ServerStream,
}

/// The turns of one session: the one that runs, and those that wait for it.
#[derive(Default)]
pub(in crate::gateway) struct SessionTurns {
    pub(in crate::gateway) active: Option<Arc<LineRun>>,
    pub(in crate::gateway) waiting: VecDeque<Arc<LineRun>>,
}

/// Everything that outlasts a connection.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(in crate::gateway) struct LineData {
    /// Whether there is a WebSocket at all.
    pub(in crate::gateway) enabled: bool,
    pub(in crate::gateway) protocol: u64,
    pub(in crate::gateway) needs_pairing: bool,
    /// Whether it refuses every upgrade: between the end of a process and the start of the next.
    pub(in crate::gateway) down: bool,
    /// Whether `sessions.create` forks.
    pub(in crate::gateway) forks: bool,
    /// How long a held deed waits for a word.
    pub(in crate::gateway) gate_wait: Duration,
    /// The pause before each sentence of a reply.
    pub(in crate::gateway) sentence_pause: Duration,
    /// The id of the process; a restart is another one.
    pub(in crate::gateway) boot: String,
    pub(in crate::gateway) n_connections: usize,
    pub(in crate::gateway) connections: Vec<OpenLine>,
    pub(in crate::gateway) devices: BTreeSet<String>,
    pub(in crate::gateway) gate: Option<SimulatedGate>,
    pub(in crate::gateway) sessions: HashMap<String, SessionTurns>,
    /// Turns by their key, for as long as the process lives.
    pub(in crate::gateway) keys: HashMap<String, Arc<LineRun>>,
    /// Sessions that were made by a fork.
    pub(in crate::gateway) forked: BTreeSet<String>,
    /// The sessions of turns that a kill has cut.
    pub(in crate::gateway) interrupted: Vec<String>,
    pub(in crate::gateway) n_boots: usize,
    event_seq: u64,
}

/// The data behind a lock, and a signal for every change of it.
pub(in crate::gateway) struct LineServer {
    data: Mutex<LineData>,
    pub(in crate::gateway) changed: Condvar,
}

impl Default for LineServer {
    fn default() -> Self {
        let data = LineData {
            enabled: false,
            protocol: 4,
            needs_pairing: false,
            down: false,
            forks: true,
            gate_wait: Duration::from_secs(180),
            sentence_pause: Duration::ZERO,
            boot: "boot-1".to_owned(),
            n_connections: 0,
            connections: Vec::new(),
            devices: BTreeSet::new(),
            gate: None,
            sessions: HashMap::new(),
            keys: HashMap::new(),
            forked: BTreeSet::new(),
            interrupted: Vec::new(),
            n_boots: 0,
            event_seq: 0,
        };
        Self { data: Mutex::new(data), changed: Condvar::new() }
    }
}

impl LineServer {
    pub(in crate::gateway) fn lock(&self) -> MutexGuard<'_, LineData> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineData {
    /// Sends an event to every client.
    pub(in crate::gateway) fn broadcast(&mut self, event: &str, payload: &Value) {
        self.event_seq += 1;
        let frame =
            json!({"type": "event", "event": event, "payload": payload, "seq": self.event_seq});
        for connection in &self.connections {
            write_json(&connection.stream, &frame);
        }
    }

    /// Answers a request of one connection, if that is still there.
    pub(in crate::gateway) fn respond(
        &self,
        number: usize,
        id: &str,
        result: Result<Value, Value>,
    ) {
        let frame = match result {
            Ok(payload) => json!({"type": "res", "id": id, "ok": true, "payload": payload}),
            Err(error) => json!({"type": "res", "id": id, "ok": false, "error": error}),
        };
        if let Some(connection) = self.connections.iter().find(|one| one.number == number) {
            write_json(&connection.stream, &frame);
        }
    }

    /// Cuts every connection.
    pub(in crate::gateway) fn cut(&mut self) {
        for connection in self.connections.drain(..) {
            connection.stream.cut();
        }
        if let Some(gate) = &mut self.gate {
            gate.poll = None;
        }
    }
}
