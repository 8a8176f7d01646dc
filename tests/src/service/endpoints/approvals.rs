//! `/v1/approvals`: requests to the owner's phone, which the owner decides as the test wants.

use crate::clock::millis;
use crate::service::agenda::Task;
use crate::service::event;
use crate::service::refusal::not_found;
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::settings::SimulatedOwner;
use crate::service::store::{ServiceTable, World};
use crate::wire::http::ServerResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn create(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let action = request.text("action")?;
    let lives = request.body["expires_in"].as_i64().unwrap_or(300);
    let (id, now) = (world.rng.uuid(), world.now());
    let expires = now + SignedDuration::from_secs(lives);
    let row = json!({
        "request_id": id, "action": action, "details": request.body["details"],
        "require_biometric": request.body["require_biometric"].as_bool().unwrap_or(false),
        "status": "pending", "created_at": millis(now), "expires_at": millis(expires),
        "responded_at": null, "response": null, "biometric_verified": null,
    });
    world.add(ServiceTable::Approvals, &id, "", row);
    let (notified, failed) = match world.settings.owner {
        SimulatedOwner::NoDevices => (0, 0),
        SimulatedOwner::NotDelivered => (0, 2),
        SimulatedOwner::Silent
        | SimulatedOwner::Approves(_)
        | SimulatedOwner::ApprovesUnchecked(_)
        | SimulatedOwner::Denies(_) => (1, 0),
    };
    if let SimulatedOwner::Approves(after)
    | SimulatedOwner::ApprovesUnchecked(after)
    | SimulatedOwner::Denies(after) = world.settings.owner
    {
        world.agenda.at(now + span(after), Task::Decide { id: id.clone() });
    }
    let body = json!({
        "request_id": id, "status": "pending", "expires_at": millis(expires),
        "devices_notified": notified, "devices_failed": failed,
    });
    Ok(ServerResponse::json(201, &body))
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

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let now = world.now();
    let row = world
        .find(ServiceTable::Approvals, request.id())
        .ok_or_else(|| not_found("approval request"))?;
    Ok(ServerResponse::json(200, &at(&row.body, now)))
}

pub(crate) fn list(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let now = world.now();
    let status = request.raw.query("status");
    let rows = world.listed(ServiceTable::Approvals, None);
    let rows = rows.iter().rev().map(|row| at(row, now));
    let rows: Vec<_> = rows
        .filter(|row| status.as_ref().is_none_or(|wanted| row["status"] == wanted.as_str()))
        .collect();
    Ok(ServerResponse::json(200, &json!({"approvals": rows})))
}

/// Stores a decision; true when it was the first one, in time, for an approval that exists.
pub(crate) fn decide(world: &mut World, id: &str, decision: &str, checked: bool) -> bool {
    let now = world.now();
    let Some(row) = world.find(ServiceTable::Approvals, id) else { return false };
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

/// The owner decides as the settings say.
pub(crate) fn decide_as_set(world: &mut World, id: &str) {
    let (decision, checked) = match world.settings.owner {
        SimulatedOwner::Approves(_) => ("approved", true),
        SimulatedOwner::ApprovesUnchecked(_) => ("approved", false),
        SimulatedOwner::Denies(_) => ("denied", true),
        SimulatedOwner::Silent | SimulatedOwner::NoDevices | SimulatedOwner::NotDelivered => return,
    };
    if decide(world, id, decision, checked) {
        // Told even where calls are not: clients wait for it.
        world.outbox.push(event::approval_responded(id, decision));
    }
}
