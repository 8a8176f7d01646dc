//! `approval request`: exit 0 only if the owner approved, whatever is killed or lost.

use std::time::Duration;

use harness::{ServiceTable, SimulatedOwner};
use serde_json::Value;

use super::stage::CommandStage;

/// A question to an owner of a random mind.
pub(super) fn approval(stage: &mut CommandStage, n: usize) {
    let at_once = Duration::from_millis(stage.rng.below(30));
    let (owner, expected) = match stage.rng.below(6) {
        0..2 => (SimulatedOwner::Approves(at_once), 0),
        2 => (SimulatedOwner::Denies(at_once), 1),
        3 => (SimulatedOwner::Silent, 6),
        4 => (SimulatedOwner::NoDevices, 7),
        _ => (SimulatedOwner::NotDelivered, 7),
    };
    stage.service.owner(owner);
    let action = format!("Action {n}");
    let mut args = vec!["request", &action, "--timeout", "60"];
    if owner == SimulatedOwner::Silent {
        args.push("--no-wait");
    }
    for lives in 1..=3 {
        let before = rows_of(stage, &action).len();
        let end = stage.run_disturbed("approval", &args);
        let rows = rows_of(stage, &action);
        // The request of a killed command may arrive during the next one.
        if rows.len() > lives {
            let n = rows.len();
            stage.tally.double(&format!("`{action}` was asked {n} times by {lives} commands"));
        }
        let Some(end) = end else { continue };
        match end.code() {
            0 if !rows.iter().any(|row| row["status"] == "approved") => {
                stage.tally.fault(format!("`{action}` was not approved: {end}"));
            }
            code if code == expected => stage.tally.acknowledged += 1,
            8 => {
                stage.tally.unconfirmed += 1;
                continue;
            }
            4 if rows.len() == before => continue,
            _ => stage.tally.fault(format!("the owner was {owner:?}: {end}")),
        }
        return;
    }
}

fn rows_of(stage: &CommandStage, action: &str) -> Vec<Value> {
    let rows = stage.service.rows(ServiceTable::Approvals).into_iter();
    rows.filter(|row| row["action"] == action).collect()
}
