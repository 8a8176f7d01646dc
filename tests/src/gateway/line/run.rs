//! One turn that came by `chat.send`, from its acceptance to its end.

use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far a turn is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RunStage {
    /// Another turn of its session runs.
    Queued,
    /// The agent is at work.
    Running,
    /// It ended with a reply.
    Replied(String),
    /// It ended with nothing to say.
    Silent,
    /// The model failed.
    Failed(String),
    /// Somebody stopped it.
    Aborted,
    /// The gateway was killed meanwhile.
    Lost,
}

impl RunStage {
    pub(super) fn has_ended(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// One turn.
pub(in crate::gateway) struct LineRun {
    /// The `idempotencyKey`, under which the client knows it.
    pub(super) key: String,
    /// The id under which its events go out: the key, unless it was queued.
    pub(super) run_id: String,
    pub(super) session: String,
    pub(super) message: String,
    stage: Mutex<RunStage>,
    seq: Mutex<u64>,
}

impl LineRun {
    pub(super) fn new(key: &str, run_id: &str, session: &str, message: &str) -> Self {
        Self {
            key: key.to_owned(),
            run_id: run_id.to_owned(),
            session: session.to_owned(),
            message: message.to_owned(),
            stage: Mutex::new(RunStage::Queued),
            seq: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, RunStage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stage(&self) -> RunStage {
        self.lock().clone()
    }

    /// Goes on to a stage; false if it has ended before, and nothing changes any more.
    pub(super) fn enter(&self, stage: RunStage) -> bool {
        let mut now = self.lock();
        if now.has_ended() {
            return false;
        }
        *now = stage;
        true
    }

    /// The number of its next event.
    pub(super) fn next_seq(&self) -> u64 {
        let mut seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        *seq += 1;
        *seq
    }
}

impl LineRun {
    /// An event of the kind `chat`; `text` is the whole text so far.
    pub(super) fn chat_event(&self, state: &str, more: &Value, text: Option<&str>) -> Value {
        let mut event = json!({
            "runId": self.run_id, "sessionKey": self.session, "agentId": "main",
            "seq": self.next_seq(), "state": state,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            event[key.as_str()] = value.clone();
        }
        if let Some(text) = text {
            event["message"] =
                json!({"role": "assistant", "content": [{"type": "text", "text": text}]});
        }
        event
    }

    /// An event of the kind `agent` about an item of work.
    pub(super) fn item_event(&self, item: &Value) -> Value {
        json!({
            "runId": self.run_id, "stream": "item", "data": item, "sessionKey": self.session,
            "agentId": "main", "seq": self.next_seq(),
        })
    }
}
