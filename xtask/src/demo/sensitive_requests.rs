//! What the guard is for: the owner's phone is asked before something sensitive is done.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::{ServiceTable, SimulatedOwner};
use serde_json::{Value, json};

use super::script::{DONE, OWNER, SENSITIVE};
use super::stage::{DemoStage, says};
use super::voice::ask;

const THINKS: Duration = Duration::from_millis(600);

/// Denied: it never reaches the agent, and the caller hears so.
pub(super) fn denied(stage: &mut DemoStage) -> Result<Value> {
    let before = stage.turns().len();
    stage.service.owner(SimulatedOwner::Denies(THINKS));
    says(OWNER, "(will tap Deny on the phone)");
    let answer = ask(stage, "call-in-1", "request-2", SENSITIVE)?;
    ensure!(answer != DONE, "it was done although it was denied");
    ensure!(stage.turns().len() == before, "what was denied reached the agent");
    was_asked(stage, 1, "denied")?;
    Ok(json!({"asked": SENSITIVE, "answered": answer}))
}

/// Approved: it runs, once.
pub(super) fn approved(stage: &mut DemoStage) -> Result<Value> {
    let before = stage.turns().len();
    stage.service.owner(SimulatedOwner::Approves(THINKS));
    says(OWNER, "(will tap Approve on the phone)");
    let answer = ask(stage, "call-in-1", "request-3", SENSITIVE)?;
    ensure!(answer == DONE, "wanted {DONE:?}, found {answer:?}");
    ensure!(
        stage.turns().len() == before + 1,
        "wanted one turn of the agent, found {}",
        stage.turns().len() - before
    );
    was_asked(stage, 2, "approved")?;
    Ok(json!({"asked": SENSITIVE, "answered": answer}))
}

/// The owner's phone has been asked so many times, in the request's own words, and last answered so.
fn was_asked(stage: &DemoStage, times: usize, decision: &str) -> Result<()> {
    let rows = stage.service.rows(ServiceTable::Approvals);
    let last = rows.last().cloned().unwrap_or_default();
    let well = rows.len() == times && last["action"] == SENSITIVE && last["status"] == decision;
    ensure!(well, "wanted approval request {times} for {SENSITIVE:?}, {decision}; found {rows:?}");
    Ok(())
}
