//! `approval`: a script asks the owner's phone, and goes on only after a yes.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::SimulatedOwner;
use serde_json::{Value, json};

use super::script::OWNER;
use super::stage::{Stage, says, shows};

const ACTION: [&str; 4] = ["request", "Force-push the main branch", "--timeout", "30"];
const THINKS: Duration = Duration::from_millis(600);

/// Denied means denied: exit 1, so that `approval request … && git push` stops.
pub(super) fn denied(stage: &mut Stage) -> Result<Value> {
    stage.service.owner(SimulatedOwner::Denies(THINKS));
    says(OWNER, "(will tap Deny on the phone)");
    let verdict = stage.json("approval", &ACTION, 1)?;
    shows(&verdict, &["action", "status"]);
    ensure!(verdict["status"] == "denied", "wanted `denied`, found {verdict}");
    Ok(json!({"action": verdict["action"], "status": verdict["status"]}))
}

/// Approved is the only exit 0.
pub(super) fn approved(stage: &mut Stage) -> Result<Value> {
    stage.service.owner(SimulatedOwner::Approves(THINKS));
    says(OWNER, "(will tap Approve on the phone)");
    let verdict = stage.json("approval", &ACTION, 0)?;
    shows(&verdict, &["action", "status"]);
    ensure!(verdict["status"] == "approved", "wanted `approved`, found {verdict}");
    Ok(json!({"action": verdict["action"], "status": verdict["status"]}))
}
