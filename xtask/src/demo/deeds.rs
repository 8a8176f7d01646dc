//! What the gate is for: in whatever language something is asked, the owner's phone is asked about it in the moment when it is done.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{AgentReply, AgentWork, ServiceLog, ServiceTable, SimulatedOwner, wait_until};
use serde_json::{Value, json};
use state::out;

use super::script::{AGENT, OWNER};
use super::stage::{DemoStage, says};
use super::voice::ask;

const THINKS: Duration = Duration::from_millis(600);
const SOON: Duration = Duration::from_secs(15);
/// "Please clean up my downloads folder."
const ASKED: &str = "Räum bitte meinen Download-Ordner auf.";
/// "It is tidy: 212 files are gone."
const TIDY: &str = "Er ist aufgeräumt: 212 Dateien sind weg.";
/// "I have not cleaned it up: you did not want that."
const UNTIDY: &str = "Ich habe ihn nicht aufgeräumt: Das wolltest du nicht.";

/// The agent looks, and then does it, if it may.
fn cleans_up(work: &AgentWork) -> AgentReply {
    work.says("Ich sehe nach.");
    work.reads("exec", "List the downloads folder");
    let params = json!({"command": "find ~/Downloads -mtime +90 -delete"});
    AgentReply::from(if work.does("exec", &params).is_ok() { TIDY } else { UNTIDY })
}

/// `setup --gate` puts the gate into the gateway, after a test on the owner's phone.
pub(super) fn set_up(stage: &mut DemoStage) -> Result<Value> {
    stage.close()?;
    stage.service.owner(SimulatedOwner::Approves(THINKS));
    says(OWNER, "(will tap Approve for the test)");
    let output = stage.run("setup", &["--gate", "--service", "none"]);
    ensure!(output.out().contains("clawdtalk-gate"), "the gate was not put in\n{output}");
    if let Some(gateway) = &stage.gateway {
        gateway.gate(true).work_with(cleans_up);
    }
    let before = stage.service.log().authenticated();
    out::progress("  $ connect run &");
    stage.client = Some(stage.sandbox.spawn(&stage.program("connect"), ["run"]));
    stage.wait("the line", |log| (log.authenticated() > before).then_some(()))?;
    let connect = stage.program("connect");
    wait_until(SOON, || {
        let status = stage.sandbox.run(&connect, ["status"]);
        let status: Value = serde_json::from_str(status.out()).unwrap_or_default();
        status["gateway"]["rung"] == "gate"
    });
    Ok(json!({"held_by": "gate"}))
}

/// Denied at the deed: the agent says that it was not done.
pub(super) fn denied(stage: &mut DemoStage) -> Result<Value> {
    play(stage, SimulatedOwner::Denies(THINKS), ("request-de-1", UNTIDY))
}

/// Approved at the deed: it is done, once.
pub(super) fn approved(stage: &mut DemoStage) -> Result<Value> {
    play(stage, SimulatedOwner::Approves(THINKS), ("request-de-2", TIDY))
}

fn play(stage: &DemoStage, owner: SimulatedOwner, (id, wanted): (&str, &str)) -> Result<Value> {
    let before = stage.service.rows(ServiceTable::Approvals).len();
    stage.service.owner(owner);
    says(OWNER, if wanted == TIDY { "(will tap Approve)" } else { "(will tap Deny)" });
    let answer = ask(stage, "call-in-1", id, ASKED)?;
    for said in on_the_way(&stage.service.log(), id) {
        says(AGENT, &format!("(before that) {said}"));
    }
    ensure!(answer == wanted, "wanted {wanted:?}, found {answer:?}");
    let rows = stage.service.rows(ServiceTable::Approvals);
    ensure!(rows.len() == before + 1, "wanted one question, found {}", rows.len() - before);
    let action = rows.last().map(|row| row["action"].clone()).unwrap_or_default();
    out::progress(&format!("  (the phone showed: {action})"));
    let done = stage.gateway.as_ref().map(|gateway| gateway.log().deeds);
    let last = done.and_then(|deeds| deeds.last().map(|deed| deed.outcome.is_ok()));
    ensure!(last == Some(wanted == TIDY), "what was done is not what was decided");
    Ok(json!({"asked": ASKED, "shown": action, "answered": answer}))
}

/// What was said before the answer.
fn on_the_way(log: &ServiceLog, id: &str) -> Vec<String> {
    let frames = log.frames_of("deep_tool_progress").into_iter();
    let of_this = frames.filter(|frame| frame["request_id"] == id);
    of_this.filter_map(|frame| frame["text"].as_str().map(str::to_owned)).collect()
}
