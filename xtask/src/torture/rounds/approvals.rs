//! `approval request`: exit 0 only if the owner approved, whatever is killed or lost.

use std::time::Duration;

use harness::{ServiceTable, SimulatedOwner};
use serde_json::Value;

use crate::torture::harm::Harm;
use crate::torture::stage::Stage;

/// A question to an owner of a random mind.
pub(in crate::torture) fn approval(stage: &mut Stage, n: usize) {
    let at_once = Duration::from_millis(stage.rng.below(30));
    let (owner, expected) = stage.rng.pick(&[
        (2, (SimulatedOwner::Approves(at_once), 0)),
        (1, (SimulatedOwner::Denies(at_once), 1)),
        (1, (SimulatedOwner::Silent, 6)),
        (1, (SimulatedOwner::NoDevices, 7)),
        (1, (SimulatedOwner::NotDelivered, 7)),
    ]);
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
        if end.code() == 0 && !rows.iter().any(|row| row["status"] == "approved") {
            stage.tally.unapproved(&format!("`{action}`: {end}"));
        }
        // What was pending when the machine slept is void.
        let is_void = stage.last.1 == Harm::Sleep && end.code() != 0;
        match end.code() {
            code if code == expected || is_void => stage.tally.count("acknowledged"),
            8 => {
                stage.tally.count("unconfirmed");
                continue;
            }
            code if rows.len() == before && stage.is_undone(code) => continue,
            _ => stage.tally.fault(format!("the owner was {owner:?}: {end}")),
        }
        return;
    }
}

fn rows_of(stage: &Stage, action: &str) -> Vec<Value> {
    let rows = stage.service.rows(ServiceTable::Approvals).into_iter();
    rows.filter(|row| row["action"] == action).collect()
}
