//! `/v1/approvals`: the owner's phone is asked, and answers as the test wants.

use super::agenda::Task;
use super::event;
use super::refusal::not_found;
use super::route::{Answered, Ask};
use super::settings::Owner;
use super::store::{Table, World};
use crate::clock::millis;
use crate::wire::http::Answer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn create(world: &mut World, ask: &Ask) -> Answered {
    let action = ask.text("action")?;
    let lives = ask.body["expires_in"].as_i64().unwrap_or(300);
    let (id, now) = (world.fate.uuid(), world.now());
    let expires = now + SignedDuration::from_secs(lives);
    let row = json!({
        "request_id": id, "action": action, "details": ask.body["details"],
        "require_biometric": ask.body["require_biometric"].as_bool().unwrap_or(false),
        "status": "pending", "created_at": millis(now), "expires_at": millis(expires),
        "responded_at": null, "response": null, "biometric_verified": null,
    });
    world.add(Table::Approvals, &id, "", row);
    let (notified, failed) = match world.settings.owner {
        Owner::NoDevices => (0, 0),
        Owner::NotDelivered => (0, 2),
        Owner::Silent | Owner::Approves(_) | Owner::ApprovesUnchecked(_) | Owner::Denies(_) => {
            (1, 0)
        }
    };
    if let Owner::Approves(after) | Owner::ApprovesUnchecked(after) | Owner::Denies(after) =
        world.settings.owner
    {
        world.agenda.at(now + span(after), Task::Decide { id: id.clone() });
    }
    let answer = json!({
        "request_id": id, "status": "pending", "expires_at": millis(expires),
        "devices_notified": notified, "devices_failed": failed,
    });
    Ok(Answer::json(201, &answer))
}

fn span(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

/// The row as it is at `now`: what nobody decided in time has expired.
fn at(row: &Value, now: Timestamp) -> Value {
    let mut row = row.clone();
    let expires = row["expires_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    if row["status"] == "pending" && expires.is_some_and(|expires| expires <= now) {
        row["status"] = "expired".into();
    }
    row
}

pub(crate) fn get(world: &mut World, ask: &Ask) -> Answered {
    let now = world.now();
    let row =
        world.find(Table::Approvals, ask.id()).ok_or_else(|| not_found("approval request"))?;
    Ok(Answer::json(200, &at(&row.body, now)))
}

pub(crate) fn list(world: &mut World, ask: &Ask) -> Answered {
    let now = world.now();
    let status = ask.request.query("status");
    let rows = world.listed(Table::Approvals, None);
    let rows = rows.iter().rev().map(|row| at(row, now));
    let rows: Vec<_> = rows
        .filter(|row| status.as_ref().is_none_or(|wanted| row["status"] == wanted.as_str()))
        .collect();
    Ok(Answer::json(200, &json!({"approvals": rows})))
}

/// Stores a decision; true when it was the first one, in time, for an approval that exists.
pub(crate) fn decide(world: &mut World, id: &str, decision: &str, checked: bool) -> bool {
    let now = world.now();
    let Some(row) = world.find(Table::Approvals, id) else { return false };
    if at(&row.body, now)["status"] != "pending" {
        return false;
    }
    let status = if matches!(decision, "approved" | "denied") { decision } else { "pending" };
    row.body["status"] = status.into();
    row.body["response"] = decision.into();
    row.body["responded_at"] = millis(now).into();
    if row.body["require_biometric"] == true {
        row.body["biometric_verified"] = (checked && decision == "approved").into();
    }
    true
}

/// The owner answers as the settings say.
pub(crate) fn answer(world: &mut World, id: &str) {
    let (decision, checked) = match world.settings.owner {
        Owner::Approves(_) => ("approved", true),
        Owner::ApprovesUnchecked(_) => ("approved", false),
        Owner::Denies(_) => ("denied", true),
        Owner::Silent | Owner::NoDevices | Owner::NotDelivered => return,
    };
    if decide(world, id, decision, checked) {
        // Told even where calls are not: clients wait for it.
        world.outbox.push(event::approval_responded(id, decision));
    }
}
