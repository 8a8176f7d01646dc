//! Turns by `chat.send`: one at a time in a session, each key once, and what a kill of the gateway makes of them.

use super::run::{LineRun, RunStage};
use super::state::LineData;
use super::work::{AgentWork, WorkPlace};
use super::workplace::LinePlace;
use crate::gateway::core::GatewayInner;
use crate::gateway::history::HistoryEntry;
use crate::gateway::turn::{AgentReply, RecordedTurn, TurnApi};
use serde_json::{Value, json};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// What the agent is told when the gateway goes on with a turn that a restart cut.
const RECOVERY: &str = "[System] Your previous turn was interrupted by a gateway restart while OpenClaw was waiting on tool/model work.";

fn invalid(message: &str) -> Value {
    json!({"code": "INVALID_REQUEST", "message": message})
}

/// Accepts a turn, or joins the one of the same key.
pub(super) fn send(
    inner: &Arc<GatewayInner>,
    params: &Value,
    takes_queue_mode: bool,
) -> Result<Value, Value> {
    let text = |key: &str| params[key].as_str().filter(|text| !text.is_empty());
    let (Some(session), Some(message), Some(key)) =
        (text("sessionKey"), text("message"), text("idempotencyKey"))
    else {
        return Err(invalid("invalid chat.send params"));
    };
    let mode = text("queueMode");
    if mode.is_some() && !takes_queue_mode {
        return Err(invalid("invalid chat.send params: at root: unexpected property 'queueMode'"));
    }
    let mut data = inner.line.lock();
    if let Some(run) = data.keys.get(key) {
        if run.message != message {
            let mut error = invalid(
                "This message ID was already used for different input. Check the conversation history and use a new message ID to send again.",
            );
            error["details"] = json!({"reason": "chat-request-conflict"});
            return Err(error);
        }
        let status = if run.stage().has_ended() { "ok" } else { "in_flight" };
        return Ok(json!({"runId": key, "status": status}));
    }
    let is_interrupt = mode == Some("interrupt");
    if is_interrupt {
        abort_active(&mut data, session);
    }
    let is_busy = data.sessions.get(session).is_some_and(|turns| turns.active.is_some());
    let run_id = if is_busy { inner.uuid() } else { key.to_owned() };
    let run = Arc::new(LineRun::new(key, &run_id, session, message));
    data.keys.insert(key.to_owned(), Arc::clone(&run));
    if is_busy {
        data.sessions.entry(session.to_owned()).or_default().waiting.push_back(Arc::clone(&run));
        // The gateway says that this key is over, and nothing of what is to come.
        let done = json!({
            "runId": key, "sessionKey": session, "seq": 1, "state": "final",
        });
        data.broadcast("chat", &done);
    } else {
        start(inner, &mut data, run);
    }
    Ok(json!({"runId": key, "status": "started"}))
}

/// Stops the turn that runs in a session; the next one does not wait for it.
pub(super) fn abort_active(data: &mut LineData, session: &str) -> Vec<String> {
    let active = data.sessions.get_mut(session).and_then(|turns| turns.active.take());
    let Some(run) = active.filter(|run| run.enter(RunStage::Aborted)) else { return Vec::new() };
    if let Some(gate) = &mut data.gate {
        gate.held.retain(|deed| deed.run_id != run.run_id);
    }
    let event = run.chat_event("aborted", &json!({"stopReason": "rpc"}), Some(""));
    data.broadcast("chat", &event);
    vec![run.key.clone()]
}

/// Lets the agent begin with a turn, on a thread of its own.
fn start(inner: &Arc<GatewayInner>, data: &mut LineData, run: Arc<LineRun>) {
    data.sessions.entry(run.session.clone()).or_default().active = Some(Arc::clone(&run));
    let inner = Arc::clone(inner);
    run.enter(RunStage::Running);
    thread::spawn(move || work(&inner, &run));
}

fn work(inner: &Arc<GatewayInner>, run: &Arc<LineRun>) {
    let turn = RecordedTurn {
        at: Instant::now(),
        message: run.message.clone(),
        session: run.session.clone(),
        caller: None,
        key: Some(run.key.clone()),
        timeout: 0,
        api: TurnApi::Line,
        run_id: run.run_id.clone(),
        ended: None,
    };
    inner.history().push(HistoryEntry::question(&turn));
    let index = inner.recorder.add(|log| {
        log.in_flight += 1;
        log.most_in_flight = log.most_in_flight.max(log.in_flight);
        log.turns.push(turn.clone());
        log.turns.len() - 1
    });
    let place = Arc::new(LinePlace::new(inner, run));
    let at_work = AgentWork::new(Arc::clone(&place) as Arc<dyn WorkPlace>, turn.clone());
    while inner.wait_released(Duration::from_millis(10)) && at_work.goes_on() {}
    let reply = if at_work.goes_on() { inner.reply_of(&at_work) } else { AgentReply::Nothing };
    inner.recorder.add(|log| {
        log.in_flight -= 1;
        log.finished += 1;
        log.turns[index].ended = Some(Instant::now());
    });
    let said = place.said();
    let stage = match reply {
        AgentReply::Text(text) => {
            stream(inner, run, &said, &text);
            RunStage::Replied(text)
        }
        AgentReply::Failure(words) => RunStage::Failed(words),
        _ => RunStage::Silent,
    };
    end(inner, run, &turn, (stage, &said));
}

/// Sends a reply sentence by sentence.
fn stream(inner: &Arc<GatewayInner>, run: &LineRun, said: &str, text: &str) {
    let pause = inner.line.lock().sentence_pause;
    let mut whole = said.to_owned();
    for sentence in text.split_inclusive(". ") {
        if !pause.is_zero() {
            inner.stop.pause(pause);
        }
        if run.stage() != RunStage::Running {
            return;
        }
        let gap = if whole == said && !said.is_empty() { "\n\n" } else { "" };
        let delta = format!("{gap}{sentence}");
        whole.push_str(&delta);
        let event = run.chat_event("delta", &json!({"deltaText": delta}), Some(&whole));
        inner.line.lock().broadcast("chat", &event);
    }
}

fn end(
    inner: &Arc<GatewayInner>,
    run: &Arc<LineRun>,
    turn: &RecordedTurn,
    (stage, said): (RunStage, &str),
) {
    let mut data = inner.line.lock();
    if !run.enter(stage.clone()) {
        return;
    }
    let event = match &stage {
        RunStage::Replied(text) => {
            inner.history().push(HistoryEntry::reply(turn, text));
            let gap = if said.is_empty() { "" } else { "\n\n" };
            let whole = format!("{said}{gap}{text}");
            run.chat_event("final", &json!({"stopReason": "stop"}), Some(&whole))
        }
        RunStage::Failed(words) => run.chat_event("error", &json!({"errorMessage": words}), None),
        _ => run.chat_event("final", &json!({}), None),
    };
    data.broadcast("chat", &event);
    let turns = data.sessions.entry(run.session.clone()).or_default();
    turns.active = None;
    let next = turns.waiting.pop_front();
    if let Some(next) = next {
        start(inner, &mut data, next);
    }
    inner.line.changed.notify_all();
}

/// How a turn stands, for `agent.wait` without a wait.
pub(super) fn wait(data: &LineData, params: &Value) -> Value {
    let id = params["runId"].as_str().unwrap_or_default();
    let Some(run) = data.keys.get(id) else {
        return json!({"runId": id, "status": "timeout"});
    };
    match run.stage() {
        RunStage::Queued => {
            json!({"runId": id, "status": "pending", "timeoutPhase": "queue", "providerStarted": false})
        }
        RunStage::Running => json!({"runId": id, "status": "timeout"}),
        RunStage::Replied(text) => {
            let text: String = text.chars().take(4095).collect();
            let reply = json!({"disposition": "visible", "text": text});
            json!({"runId": id, "status": "ok", "terminalReply": reply})
        }
        RunStage::Silent => json!({"runId": id, "status": "ok"}),
        RunStage::Failed(error) => json!({"runId": id, "status": "error", "error": error}),
        RunStage::Aborted | RunStage::Lost => {
            json!({"runId": id, "status": "error", "error": "aborted"})
        }
    }
}

/// Kills the process: connections, turns and held deeds end, and no key is remembered.
pub(in crate::gateway) fn kill(inner: &Arc<GatewayInner>) {
    let mut data = inner.line.lock();
    data.down = true;
    data.cut();
    if let Some(gate) = &mut data.gate {
        gate.held.clear();
    }
    let active = data.sessions.values().filter_map(|turns| turns.active.clone());
    data.interrupted = active.map(|run| run.session.clone()).collect();
    for run in data.keys.values() {
        run.enter(RunStage::Lost);
    }
    data.keys.clear();
    data.sessions.clear();
}

/// Starts the next process; with `recovers` it goes on with the turns that were cut, each under a run of its own.
pub(in crate::gateway) fn start_again(inner: &Arc<GatewayInner>, recovers: bool) {
    let mut data = inner.line.lock();
    data.n_boots += 1;
    data.boot = format!("boot-{}", data.n_boots + 1);
    data.down = false;
    for session in std::mem::take(&mut data.interrupted) {
        if recovers {
            let id = inner.uuid();
            let run = Arc::new(LineRun::new(&id, &id, &session, RECOVERY));
            data.keys.insert(id, Arc::clone(&run));
            start(inner, &mut data, run);
        }
    }
}
