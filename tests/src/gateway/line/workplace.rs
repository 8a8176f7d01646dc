//! Where the agent is at work in a turn of the stub gateway: its clients hear what it says, the gate what it is about to do.

use super::deed::RecordedDeed;
use super::gate;
use super::run::{LineRun, RunStage};
use super::work::WorkPlace;
use crate::gateway::core::GatewayInner;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// One turn's place.
pub(super) struct LinePlace {
    inner: Arc<GatewayInner>,
    run: Arc<LineRun>,
    said: Mutex<String>,
}

impl LinePlace {
    pub(super) fn new(inner: &Arc<GatewayInner>, run: &Arc<LineRun>) -> Self {
        Self { inner: Arc::clone(inner), run: Arc::clone(run), said: Mutex::default() }
    }

    /// What was said so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl WorkPlace for LinePlace {
    fn goes_on(&self) -> bool {
        self.run.stage() == RunStage::Running
    }

    fn say(&self, text: &str) {
        let (delta, whole) = {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            let delta = if said.is_empty() { text.to_owned() } else { format!("\n\n{text}") };
            said.push_str(&delta);
            (delta, said.clone())
        };
        let mut data = self.inner.line.lock();
        let delta = self.run.chat_event("delta", &json!({"deltaText": delta}), Some(&whole));
        data.broadcast("chat", &delta);
        let item = json!({
            "kind": "preamble", "title": "Preamble", "phase": "end", "progressText": text,
        });
        data.broadcast("agent", &self.run.item_event(&item));
    }

    fn begin_tool(&self, tool: &str, title: &str) {
        let item = json!({
            "kind": "tool", "name": tool, "phase": "start", "title": title, "status": "running",
        });
        let event = self.run.item_event(&item);
        self.inner.line.lock().broadcast("agent", &event);
    }

    fn act(&self, session: &str, tool: &str, params: &Value) -> Result<(), String> {
        let mut outcome = gate::ask(&self.inner, &self.run, (session, tool), params);
        // Under the lock of the gateway's end: what a killed process was about to do is not done.
        let _data = self.inner.line.lock();
        if outcome.is_ok() && !self.goes_on() {
            outcome = Err("stopped".to_owned());
        }
        let deed = RecordedDeed {
            at: Instant::now(),
            tool: tool.to_owned(),
            params: params.clone(),
            session: session.to_owned(),
            outcome: outcome.clone(),
        };
        self.inner.recorder.add(|log| log.deeds.push(deed));
        outcome
    }

    fn name_child(&self) -> String {
        self.inner.uuid()
    }
}
