//! `/v1/assistants/:id/events`: scheduled calls and texts, which take place on the simulated clock.

use super::{insights, numbers};
use crate::clock::millis;
use crate::service::agenda::Task;
use crate::service::event;
use crate::service::outcome::{INSIGHTS_AFTER, SimulatedOutcome};
use crate::service::refusal::{CarrierError, not_found, refusal, wrapped};
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World};
use crate::wire::http::ServerResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) fn create(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let assistant =
        world.find(ServiceTable::Assistants, request.id()).ok_or_else(|| not_found("Assistant"))?;
    let assistant = assistant.body.clone();
    let channel = request.text("channel")?;
    let (to, from, at) =
        (request.number("to")?, request.number("from")?, request.text("scheduled_at")?);
    let prefix = match channel.as_str() {
        "call" => "Telnyx schedule call failed",
        "sms" => "Telnyx schedule SMS failed",
        _ => return Err(refusal(400, "invalid_channel", "channel must be call or sms")),
    };
    if channel == "sms" {
        request.text("text_body")?;
    }
    let Ok(due) = at.parse::<Timestamp>() else {
        return Err(wrapped(prefix, &[CarrierError::malformed()]));
    };
    if !may_call_from(world, &assistant, &from) {
        let detail = format!("telnyx_agent_target {from} does not belong to this assistant");
        return Err(wrapped(prefix, &[CarrierError::bad(&detail)]));
    }
    let key = request.raw.header("idempotency-key").filter(|_| world.settings.idempotent);
    let key = key.map(str::to_owned);
    if let Some((_, earlier)) = world.repeatable.iter().find(|(used, _)| Some(used) == key.as_ref())
    {
        return Ok(ServerResponse::json(201, earlier));
    }
    let mission = request
        .optional("mission_id")
        .and_then(|id| world.find(ServiceTable::Missions, &id).map(|row| row.body.clone()));
    let mission = mission.unwrap_or(Value::Null);
    let (id, telnyx, now) = (world.rng.uuid(), world.rng.uuid(), millis(world.now()));
    let row = json!({
        "id": id, "user_id": world.profile["user_id"], "assistant_id": assistant["id"],
        "telnyx_assistant_id": assistant["telnyx_assistant_id"], "telnyx_event_id": telnyx,
        "channel": channel, "to_number": to, "from_number": from, "scheduled_at": millis(due),
        "text_body": request.body["text_body"], "metadata": request.body["metadata"], "status": "pending",
        "call_status": null, "conversation_id": null,
        "telnyx_mission_id": mission["telnyx_mission_id"], "telnyx_run_id": request.body["run_id"],
        "step_id": request.body["step_id"], "created_at": now, "updated_at": now,
    });
    let row = world.add(ServiceTable::Scheduled, &id, request.id(), row);
    world.row(ServiceTable::Scheduled, &id).hidden = json!({"mission_id": mission["id"]});
    world.agenda.at(due, Task::Scheduled { id, stage: 0 });
    let body = wrapped_event(world, &row);
    if let Some(key) = key {
        world.repeatable.push((key, body.clone()));
    }
    Ok(ServerResponse::json(201, &body))
}

/// The assistant's own number, or one of the account's that rings no assistant.
fn may_call_from(world: &World, assistant: &Value, from: &str) -> bool {
    if assistant["phone_number"] == from {
        return true;
    }
    let of_account = world.find_where(ServiceTable::Phones, |row| row.body["phone_number"] == from);
    of_account.is_some() && !numbers::is_assigned(world, &from.into())
}

fn wrapped_event(world: &World, row: &Value) -> Value {
    if world.settings.wrap_events { json!({"event": row}) } else { row.clone() }
}

pub(crate) fn list(world: &mut World, request: &RoutedRequest) -> RouteResult {
    world.find(ServiceTable::Assistants, request.id()).ok_or_else(|| not_found("Assistant"))?;
    let mut events = world.listed(ServiceTable::Scheduled, Some(request.id()));
    events.retain(|row| row["status"] != "deleted");
    events.reverse();
    Ok(ServerResponse::json(200, &json!({"events": events})))
}

fn find_event(world: &World, request: &RoutedRequest) -> Result<Value, ServerResponse> {
    let row = world.find_where(ServiceTable::Scheduled, |row| {
        row.parent == request.ids[0] && row.id == request.ids[1] && row.body["status"] != "deleted"
    });
    row.map(|row| row.body.clone()).ok_or_else(|| not_found("Event"))
}

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let row = find_event(world, request)?;
    Ok(ServerResponse::json(200, &wrapped_event(world, &row)))
}

/// Cancels a pending event; of one that has begun only the record goes.
pub(crate) fn delete(world: &mut World, request: &RoutedRequest) -> RouteResult {
    find_event(world, request)?;
    world.row(ServiceTable::Scheduled, &request.ids[1]).body["status"] = "deleted".into();
    Ok(ServerResponse::nothing())
}

/// Moves an event on to a stage: 0 when it is due, then those of its outcome.
pub(crate) fn advance(world: &mut World, id: &str, stage: usize, at: Timestamp) {
    let Some(row) = world.find(ServiceTable::Scheduled, id) else { return };
    if stage == 0 && row.body["status"] != "pending" {
        return;
    }
    let (event, mission) = (row.body.clone(), row.hidden["mission_id"].clone());
    let outcome = outcome_of(world, id, &event);
    let wait = if event["channel"] == "sms" {
        text(world, id, stage, outcome, &event, &mission)
    } else {
        call(world, id, stage, outcome, &event, &mission, at)
    };
    if let Some(seconds) = wait {
        let task = Task::Scheduled { id: id.to_owned(), stage: stage + 1 };
        world.agenda.at(at + SignedDuration::from_secs(seconds), task);
    }
}

/// How it ends: as it is scripted for the number, else by its last digits.
fn outcome_of(world: &World, id: &str, event: &Value) -> SimulatedOutcome {
    let number = event["to_number"].as_str().unwrap_or("");
    let same = world.all(ServiceTable::Scheduled).filter(|row| {
        row.body["to_number"] == number && (row.id == id || row.body["status"] != "deleted")
    });
    let n = same.take_while(|row| row.id != id).count();
    let scripted = world.scripts.get(number).and_then(|script| script.outcome(n));
    let outcome = SimulatedOutcome::of(number);
    scripted.unwrap_or(if n == 0 { outcome } else { outcome.next() })
}

fn set_status(world: &mut World, id: &str, status: &str) {
    let now = millis(world.now());
    let body = &mut world.row(ServiceTable::Scheduled, id).body;
    // A record that was deleted while its call ran stays deleted.
    if body["status"] != "deleted" {
        body["status"] = status.into();
        body["updated_at"] = now.into();
    }
}

/// One stage of a text; returns how long until the next.
fn text(
    world: &mut World,
    id: &str,
    stage: usize,
    outcome: SimulatedOutcome,
    event: &Value,
    mission: &Value,
) -> Option<i64> {
    if stage == 0 {
        set_status(world, id, "in_progress");
        return Some(2);
    }
    let field = |name: &str| event[name].as_str().unwrap_or("").to_owned();
    let (status, delivery, errors) = match outcome {
        SimulatedOutcome::Stuck => return None,
        SimulatedOutcome::Failed => ("failed", "delivery_failed", vec!["40008: undeliverable"]),
        _ => ("completed", "delivered", Vec::new()),
    };
    if outcome != SimulatedOutcome::Failed {
        world.reached.push(("texted", format!("{}\n{}", field("to_number"), field("text_body"))));
        let from = field("to_number");
        let replies = world.scripts.get(&from).map(|script| script.replies.clone());
        for (after, body) in replies.unwrap_or_default() {
            let due = world.now() + after;
            world.agenda.at(due, Task::Reply { from: from.clone(), body });
        }
    }
    set_status(world, id, status);
    let more = json!({"from": event["from_number"], "to": event["to_number"], "status": delivery, "errors": errors});
    announce(world, "sms_delivered", event, mission, &more);
    None
}

/// One stage of a call; returns how long until the next.
fn call(
    world: &mut World,
    id: &str,
    stage: usize,
    outcome: SimulatedOutcome,
    event: &Value,
    mission: &Value,
    at: Timestamp,
) -> Option<i64> {
    let ends = json!({"from": event["from_number"], "to": event["to_number"]});
    let stages = outcome.call();
    let Some(stage) = stage.checked_sub(1) else {
        set_status(world, id, "in_progress");
        world.reached.push(("dialled", event["to_number"].as_str().unwrap_or("").to_owned()));
        return Some(stages[0].0);
    };
    let status = stages[stage].1;
    world.row(ServiceTable::Scheduled, id).body["call_status"] = status.into();
    let mut ends = ends;
    ends["conversation_id"] = event["conversation_id"].clone();
    match status {
        "ringing" => announce(world, "call_started", event, mission, &ends),
        "in-progress" => {
            let conversation = insights::begin(world, event, mission, outcome);
            world.row(ServiceTable::Scheduled, id).body["conversation_id"] = conversation.into();
        }
        "completed" | "ended" => {
            set_status(world, id, "completed");
            let reason = outcome.reason();
            if status == "ended" {
                let body = &mut world.row(ServiceTable::Scheduled, id).body;
                body["call_status"] = "completed".into();
                body["hangup_cause"] = reason.into();
                if let Some(amd) = outcome.amd() {
                    body["amd_result"] = amd.into();
                }
            }
            if let Some(conversation) = event["conversation_id"].as_str() {
                world
                    .agenda
                    .at(at + INSIGHTS_AFTER, Task::Insights { id: conversation.to_owned() });
            }
            ends["duration_sec"] = stages[stage].0.into();
            ends["reason"] = reason.into();
            ends["transcript"] = json!([]);
            announce(world, "call_completed", event, mission, &ends);
        }
        failure => {
            set_status(world, id, if failure == "failed" { "failed" } else { "completed" });
            ends["reason"] = failure.into();
            announce(world, "call_failed", event, mission, &ends);
        }
    }
    stages.get(stage + 1).map(|(seconds, _)| *seconds)
}

fn announce(world: &mut World, what: &str, event: &Value, mission: &Value, more: &Value) {
    if let Some(mission) = mission.as_str() {
        world.announce(event::mission(what, mission, event["step_id"].as_str(), more));
    }
}
