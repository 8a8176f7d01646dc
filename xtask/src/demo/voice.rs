//! The main job: the owner calls, asks, and hears the agent's answer.

use anyhow::{Result, ensure};
use harness::{ServiceLog, event};
use serde_json::{Value, json};
use state::out;

use super::script::{AGENT, ANSWER, OWNER, QUESTION};
use super::stage::{DemoStage, says, shows};

/// `connect run` authenticates, and says so itself.
pub(super) fn connects(stage: &mut DemoStage) -> Result<Value> {
    out::progress("  $ connect run &");
    stage.client = Some(stage.sandbox.spawn(&stage.program("connect"), ["run"]));
    stage.wait("an authenticated connection", |log| (log.authenticated() > 0).then_some(()))?;
    let status = stage.json("connect", &["status"], 0)?;
    shows(&status, &["state", "last_pong_seconds"]);
    ensure!(status["state"] == "connected", "wanted the state `connected`, found {status}");
    Ok(json!({"state": status["state"]}))
}

/// A call comes in: a greeting, one question, one answer.
pub(super) fn asked_and_answered(stage: &mut DemoStage) -> Result<Value> {
    let call = "call-in-1";
    stage.service.send(&event::context_request(call));
    stage.service.send(&event::call_started(call, "inbound"));
    let greeting = stage.wait("the greeting", |log| spoken(log, "response", "call_id", call))?;
    says(AGENT, &greeting);
    let answer = ask(stage, call, "request-1", QUESTION)?;
    let wanted = stage.is_real() || answer == ANSWER;
    ensure!(wanted, "wanted {ANSWER:?}, found {answer:?}");
    let greetings = stage.service.log().frames_of("response").len();
    ensure!(greetings == 1, "wanted one greeting, found {greetings}");
    Ok(json!({"greeting": greeting, "asked": QUESTION, "answered": answer}))
}

/// The owner says something on a call; returns the last reply.
pub(super) fn ask(stage: &DemoStage, call: &str, request: &str, words: &str) -> Result<String> {
    says(OWNER, words);
    stage.service.send(&event::deep_tool_request(call, request, words));
    let result = |log: &ServiceLog| spoken(log, "deep_tool_result", "request_id", request);
    let answer = stage.wait("the answer", result)?;
    says(AGENT, &answer);
    ensure!(!answer.trim().is_empty(), "the answer is empty");
    Ok(answer)
}

/// The text of the first frame of that type and id.
fn spoken(log: &ServiceLog, kind: &str, key: &str, id: &str) -> Option<String> {
    let frame = log.frames_of(kind).into_iter().find(|frame| frame[key] == id)?;
    Some(frame["text"].as_str().unwrap_or_default().to_owned())
}
