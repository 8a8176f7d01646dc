//! `approval`: a script asks the owner's phone, and goes on only after a yes.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::SimulatedOwner;
use serde_json::{Value, json};

use super::script::OWNER;
use super::stage::{DemoStage, says, shows};

const ACTION: [&str; 4] = ["request", "Force-push the main branch", "--timeout", "30"];
const THINKS: Duration = Duration::from_millis(600);

/// Denied means denied: exit 1, so that `approval request … && git push` stops.
pub(super) fn denied(stage: &mut DemoStage) -> Result<Value> {
    stage.service.owner(SimulatedOwner::Denies(THINKS));
    says(OWNER, "(will tap Deny on the phone)");
    let result = stage.json("approval", &ACTION, 1)?;
    shows(&result, &["action", "status"]);
    ensure!(result["status"] == "denied", "wanted `denied`, found {result}");
    Ok(json!({"action": result["action"], "status": result["status"]}))
}

/// Approved is the only exit 0.
pub(super) fn approved(stage: &mut DemoStage) -> Result<Value> {
    stage.service.owner(SimulatedOwner::Approves(THINKS));
    says(OWNER, "(will tap Approve on the phone)");
    let result = stage.json("approval", &ACTION, 0)?;
    shows(&result, &["action", "status"]);
    ensure!(result["status"] == "approved", "wanted `approved`, found {result}");
    Ok(json!({"action": result["action"], "status": result["status"]}))
}
