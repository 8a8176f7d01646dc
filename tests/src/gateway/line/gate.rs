//! The plugin that holds what an agent is about to do until a word comes, as far as a client sees it. It holds in the sessions
//! of phone calls, blocks in those of strangers, and leaves all others alone.

use super::run::LineRun;
use super::state::{GateWord, HeldDeed, LineData};
use crate::gateway::core::GatewayInner;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Instant;

/// Whose turn a session's is.
enum SessionKind {
    Phone,
    Stranger,
    Other,
}

fn kind(session: &str) -> SessionKind {
    let rest = session.splitn(3, ':').nth(2).unwrap_or_default();
    if rest == "phone" || rest.starts_with("phone-") || rest.starts_with("phone:") {
        SessionKind::Phone
    } else if rest.starts_with("clawdtalk-stranger") {
        SessionKind::Stranger
    } else {
        SessionKind::Other
    }
}

/// Asks for one deed, and waits for the word. `Err` is what the model is told.
pub(super) fn ask(
    inner: &Arc<GatewayInner>,
    run: &LineRun,
    (session, tool): (&str, &str),
    params: &Value,
) -> Result<(), String> {
    let (word, answer) = channel();
    let until = {
        let mut data = inner.line.lock();
        let until = Instant::now() + data.gate_wait;
        let Some(gate) = &mut data.gate else { return Ok(()) };
        match kind(&run.session) {
            SessionKind::Other => return Ok(()),
            SessionKind::Stranger => return Err("blocked: not for strangers".to_owned()),
            SessionKind::Phone => {}
        }
        let id = format!("deed:{}", inner.uuid());
        let action: String = format!("{tool}: {params}").chars().take(450).collect();
        let view = json!({
            "id": id, "tool": tool, "action": action, "later": tool == "cron",
            "session": session, "root": run.session, "runId": run.run_id,
        });
        let run_id = run.run_id.clone();
        gate.held.push(HeldDeed { id, run_id, view, until, word });
        data.flush_poll();
        until
    };
    let answer = answer.recv_timeout(until.saturating_duration_since(Instant::now()));
    let mut data = inner.line.lock();
    if let Some(gate) = &mut data.gate {
        gate.held.retain(|deed| deed.run_id != run.run_id);
    }
    match answer {
        Ok(GateWord::Allow) => Ok(()),
        Ok(GateWord::Deny(reason)) => Err(reason),
        Err(RecvTimeoutError::Timeout) => Err("unanswered".to_owned()),
        Err(RecvTimeoutError::Disconnected) => Err("stopped".to_owned()),
    }
}

impl LineData {
    /// Answers the open long poll, if there is one and there is news.
    pub(super) fn flush_poll(&mut self) {
        let Some(gate) = &mut self.gate else { return };
        let Some((number, id, seen)) = gate.poll.take() else { return };
        let views = gate.news(&seen);
        if views.is_empty() {
            gate.poll = Some((number, id, seen));
            return;
        }
        self.respond(number, &id, Ok(json!({"deeds": views})));
    }

    /// Answers a request to the plugin; `None` if the answer comes later.
    pub(super) fn gate_request(
        &mut self,
        number: usize,
        id: &str,
        (method, params): (&str, &Value),
    ) -> Option<Result<Value, Value>> {
        let device = self.connections.iter().find(|one| one.number == number)?.device.clone();
        let Some(gate) = &mut self.gate else {
            let message = format!("unknown method: {method}");
            return Some(Err(json!({"code": "INVALID_REQUEST", "message": message})));
        };
        if gate.device.get_or_insert_with(|| device.clone()) != &device {
            let message = "another device is bound";
            return Some(Err(json!({"code": "FORBIDDEN", "message": message})));
        }
        match method {
            "clawdtalk.gate" => Some(Ok(json!({"version": 1, "bound": true}))),
            "clawdtalk.gate.next" => {
                if let Some((of, before, _)) = gate.poll.take() {
                    self.respond(of, &before, Ok(json!({"deeds": []})));
                }
                let seen: Vec<String> = params["seen"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|id| id.as_str().map(str::to_owned))
                    .collect();
                self.gate.as_mut()?.poll = Some((number, id.to_owned(), seen));
                self.flush_poll();
                None
            }
            _ => {
                let deed = params["id"].as_str().unwrap_or_default();
                let Some(place) = gate.held.iter().position(|held| held.id == deed) else {
                    let error = json!({"code": "NOT_FOUND", "message": "no such deed"});
                    return Some(Err(error));
                };
                let held = gate.held.remove(place);
                let reason = params["reason"].as_str().unwrap_or("denied").to_owned();
                let word = match params["decision"].as_str() {
                    Some("allow-once") => GateWord::Allow,
                    _ => GateWord::Deny(reason),
                };
                let _ = held.word.send(word);
                Some(Ok(json!({"id": deed})))
            }
        }
    }
}

impl super::state::SimulatedGate {
    /// The held deeds that a client has not seen.
    fn news(&self, seen: &[String]) -> Vec<Value> {
        let now = Instant::now();
        let view = |held: &HeldDeed| {
            let left = held.until.saturating_duration_since(now).as_millis();
            let mut view = held.view.clone();
            view["leftMs"] = u64::try_from(left).unwrap_or(0).into();
            view
        };
        self.held.iter().filter(|held| !seen.contains(&held.id)).map(view).collect()
    }
}
