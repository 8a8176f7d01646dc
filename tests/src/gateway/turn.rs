//! One turn of the agent: what it saw, what it answers, and how long the caller waits for that.

use super::history::Said;
use super::{Shared, lock};
use serde_json::Value;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// By which way a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `/tools/invoke`, tool `sessions_send`.
    SessionsSend,
    /// `/v1/chat/completions`.
    Chat,
}

/// One message that the agent saw.
#[derive(Clone, Debug)]
pub struct Turn {
    /// When it began.
    pub at: Instant,
    /// The message, whole.
    pub message: String,
    /// The session that it went to.
    pub session: String,
    /// The top-level `sessionKey` of `sessions_send`.
    pub caller: Option<String>,
    /// `timeoutSeconds` as sent, 30 where it was left out; 0 for chat.
    pub timeout: u64,
    /// The way it came.
    pub api: Api,
    /// The run that answers.
    pub run_id: String,
    /// When it ended; the answer leaves right after.
    pub ended: Option<Instant>,
}

/// What becomes of a turn.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The agent says this.
    Text(String),
    /// The agent says nothing (`NO_REPLY`).
    Nothing,
    /// The model failed, with these words.
    Failure(String),
    /// Exactly these `result.details`.
    Details(Value),
    /// Exactly this status and JSON body.
    Json(u16, Value),
    /// Exactly this status and plain text.
    Plain(u16, String),
    /// The turn runs, and the connection ends without an answer.
    Cut,
    /// The turn runs, and no answer ever comes.
    Hang,
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

pub(super) type Replier = dyn Fn(&Turn) -> Reply + Send + Sync;

impl Shared {
    pub(super) fn uuid(&self) -> String {
        lock(&self.fate).uuid()
    }

    /// Begins a turn on a thread of its own, which goes on whoever still listens.
    pub(super) fn begin(self: &Arc<Self>, turn: Turn) -> Receiver<Reply> {
        let (answered, answer) = channel();
        let shared = Arc::clone(self);
        let place = self.heard.add(|heard| {
            heard.in_flight += 1;
            heard.most_in_flight = heard.most_in_flight.max(heard.in_flight);
            heard.turns.push(turn.clone());
            heard.turns.len() - 1
        });
        lock(&self.said).push(Said::asked(&turn));
        thread::spawn(move || {
            let reply = shared.run(&turn);
            if let Reply::Text(text) = &reply {
                lock(&shared.said).push(Said::answered(&turn, text));
            }
            shared.heard.add(|heard| {
                heard.in_flight -= 1;
                heard.finished += 1;
                heard.turns[place].ended = Some(Instant::now());
            });
            // Nobody waits any more when the client was told that the turn goes on.
            let _ = answered.send(reply);
        });
        answer
    }

    fn run(&self, turn: &Turn) -> Reply {
        let settings = lock(&self.settings).clone();
        let _turn = settings.queue.then(|| lock(&self.line));
        self.stop.pause(settings.delay);
        let mut held = lock(&self.settings);
        while held.held && !self.stop.stopped() {
            let turn = self.gate.wait_timeout(held, Duration::from_millis(100));
            held = turn.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(held);
        (settings.reply)(turn)
    }
}
