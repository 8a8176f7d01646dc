//! `/v1/calls`: a call rings, is answered or not, and ends, on the simulated clock.

use crate::clock::millis;
use crate::service::agenda::Task;
use crate::service::outcome::SimulatedOutcome;
use crate::service::refusal::{not_found, refusal};
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World, merge};
use crate::service::{OWNER, event};
use crate::wire::http::ServerResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) fn place(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let to = if request.body["to"].is_null() { OWNER.to_owned() } else { request.number("to")? };
    if !to.starts_with("+1") {
        return Err(refusal(400, "invalid_number", "Voice calls are available for US/CA numbers"));
    }
    let (id, now) = (world.rng.uuid(), world.now());
    let purpose = [&request.body["purpose"], &request.body["context"]["purpose"]];
    let purpose = purpose.into_iter().find_map(Value::as_str);
    let call = json!({
        "call_id": id, "direction": "outbound", "status": "initiating", "started_at": millis(now),
        "duration_seconds": null, "user_id": world.profile["user_id"], "to": to,
    });
    world.add(ServiceTable::Calls, &id, "", call);
    world.row(ServiceTable::Calls, &id).hidden =
        json!({"purpose": purpose, "greeting": request.body["greeting"]});
    world.reached.push(("dialled", to.clone()));
    let first = SimulatedOutcome::of(&to).call()[0].0;
    let task = Task::Call { id: id.clone(), stage: 0 };
    world.agenda.at(now + SignedDuration::from_secs(first), task);
    let body = json!({"call_id": id, "status": "initiating", "direction": "outbound"});
    Ok(ServerResponse::json(202, &body))
}

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let row = world.find(ServiceTable::Calls, request.id()).ok_or_else(|| not_found("call"))?;
    Ok(ServerResponse::json(200, &row.body))
}

/// Adds the call that an event names, if there is none yet: inbound, unless the event says something else.
pub(crate) fn add_announced(world: &mut World, frame: &Value) {
    let Some(id) = frame["call_id"].as_str().filter(|_| frame["type"] == "event") else { return };
    if world.find(ServiceTable::Calls, id).is_some() {
        return;
    }
    let direction = frame["direction"].as_str().unwrap_or("inbound");
    let call = json!({
        "call_id": id, "direction": direction, "status": "in-progress",
        "started_at": millis(world.now()), "duration_seconds": null,
        "user_id": world.profile["user_id"],
    });
    world.seed(ServiceTable::Calls, id, "", call);
}

pub(crate) fn end(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let now = world.now();
    let row = world.find(ServiceTable::Calls, request.id()).ok_or_else(|| not_found("call"))?;
    let answered = row.hidden["answered"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let seconds = answered.map(|at| now.duration_since(at).as_secs());
    if !is_over(&row.body) {
        let reason = request.optional("reason").unwrap_or_else(|| "user_ended".to_owned());
        finish(world, request.id(), "completed", seconds.unwrap_or(0), &reason);
    }
    let body = json!({"call_id": request.id(), "status": "ending", "duration_seconds": seconds});
    Ok(ServerResponse::json(200, &body))
}

fn is_over(call: &Value) -> bool {
    let status = call["status"].as_str().unwrap_or("");
    !matches!(status, "initiating" | "ringing" | "in-progress")
}

/// The call reaches a stage of its outcome.
pub(crate) fn advance(world: &mut World, id: &str, stage: usize, at: Timestamp) {
    let Some(row) = world.find(ServiceTable::Calls, id) else { return };
    if is_over(&row.body) {
        return;
    }
    let to = row.body["to"].as_str().unwrap_or("").to_owned();
    let stages = SimulatedOutcome::of(&to).call();
    let status = stages[stage].1;
    row.body["status"] = status.into();
    if let Some((seconds, _)) = stages.get(stage + 1) {
        let task = Task::Call { id: id.to_owned(), stage: stage + 1 };
        world.agenda.at(at + SignedDuration::from_secs(*seconds), task);
    }
    match status {
        "in-progress" => {
            world.row(ServiceTable::Calls, id).hidden["answered"] = at.to_string().into();
            world.announce(event::context_request(id));
            world.announce(event::call_started(id, "outbound"));
        }
        "completed" => finish(world, id, status, stages[stage].0, "user_hangup"),
        "busy" => finish(world, id, status, 0, "user_busy"),
        "no-answer" => finish(world, id, status, 0, "no_answer"),
        "failed" => finish(world, id, status, 0, "unspecified"),
        "canceled" => finish(world, id, status, 0, "originator_cancel"),
        "ended" => {
            let outcome = SimulatedOutcome::of(&to);
            let row = world.row(ServiceTable::Calls, id);
            if let Some(amd) = outcome.amd() {
                row.body["amd_result"] = amd.into();
            }
            let was_up = row.hidden["answered"].is_string();
            let seconds = if was_up { stages[stage].0 } else { 0 };
            finish(world, id, status, seconds, outcome.reason());
        }
        _ => {}
    }
}

fn finish(world: &mut World, id: &str, status: &str, seconds: i64, reason: &str) {
    let row = world.row(ServiceTable::Calls, id);
    row.body["status"] = status.into();
    row.body["duration_seconds"] = seconds.into();
    row.body["reason"] = reason.into();
    let to = row.body["to"].clone();
    let mut details = json!({"duration_seconds": seconds, "reason": reason, "to_number": to});
    merge(&mut details, &row.hidden);
    if let Some(details) = details.as_object_mut() {
        details.remove("answered");
        details.retain(|_, value| !value.is_null());
        let outcome = match (status, SimulatedOutcome::of(to.as_str().unwrap_or(""))) {
            ("no-answer", _) => Some("no_answer"),
            ("completed", SimulatedOutcome::Voicemail) | ("ended", SimulatedOutcome::Machine) => {
                Some("voicemail")
            }
            ("ended", SimulatedOutcome::Fax) => Some("fax"),
            _ => None,
        };
        if let Some(outcome) = outcome {
            details.insert("outcome".to_owned(), outcome.into());
        }
    }
    world.announce(event::call_ended(id, "outbound", &details));
}
