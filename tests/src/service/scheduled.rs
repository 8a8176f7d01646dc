//! `/v1/assistants/:id/events`: calls and texts for later, which run their course on the simulated clock.

use super::agenda::Task;
use super::outcome::{INSIGHTS_AFTER, Outcome};
use super::refusal::{Complaint, not_found, refusal, wrapped};
use super::route::{Answered, Ask};
use super::store::{Table, World};
use super::{event, insights};
use crate::clock::millis;
use crate::wire::http::Answer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) fn create(world: &mut World, ask: &Ask) -> Answered {
    let assistant =
        world.find(Table::Assistants, ask.id()).ok_or_else(|| not_found("Assistant"))?;
    let assistant = assistant.body.clone();
    let channel = ask.text("channel")?;
    let (to, from, at) = (ask.number("to")?, ask.number("from")?, ask.text("scheduled_at")?);
    let prefix = match channel.as_str() {
        "call" => "Telnyx schedule call failed",
        "sms" => "Telnyx schedule SMS failed",
        _ => return Err(refusal(400, "invalid_channel", "channel must be call or sms")),
    };
    if channel == "sms" {
        ask.text("text_body")?;
    }
    let Ok(due) = at.parse::<Timestamp>() else {
        return Err(wrapped(prefix, &[Complaint::malformed()]));
    };
    if !may_call_from(world, &assistant, &from) {
        let detail = format!("telnyx_agent_target {from} does not belong to this assistant");
        return Err(wrapped(prefix, &[Complaint::bad(&detail)]));
    }
    let key = ask.request.header("idempotency-key").filter(|_| world.settings.idempotent);
    let key = key.map(str::to_owned);
    if let Some((_, known)) = world.repeatable.iter().find(|(known, _)| Some(known) == key.as_ref())
    {
        return Ok(Answer::json(201, known));
    }
    let mission = ask
        .optional("mission_id")
        .and_then(|id| world.find(Table::Missions, &id).map(|row| row.body.clone()));
    let mission = mission.unwrap_or(Value::Null);
    let (id, telnyx, now) = (world.fate.uuid(), world.fate.uuid(), millis(world.now()));
    let row = json!({
        "id": id, "user_id": world.profile["user_id"], "assistant_id": assistant["id"],
        "telnyx_assistant_id": assistant["telnyx_assistant_id"], "telnyx_event_id": telnyx,
        "channel": channel, "to_number": to, "from_number": from, "scheduled_at": millis(due),
        "text_body": ask.body["text_body"], "metadata": ask.body["metadata"], "status": "pending",
        "call_status": null, "conversation_id": null,
        "telnyx_mission_id": mission["telnyx_mission_id"], "telnyx_run_id": ask.body["run_id"],
        "step_id": ask.body["step_id"], "created_at": now, "updated_at": now,
    });
    let row = world.add(Table::Scheduled, &id, ask.id(), row);
    world.row(Table::Scheduled, &id).hidden = json!({"mission_id": mission["id"]});
    world.agenda.at(due, Task::Scheduled { id, stage: 0 });
    let answer = shown(world, &row);
    if let Some(key) = key {
        world.repeatable.push((key, answer.clone()));
    }
    Ok(Answer::json(201, &answer))
}

/// The assistant's own number, or one of the account's that rings nobody (the newest reference calls from such a one).
fn may_call_from(world: &World, assistant: &Value, from: &str) -> bool {
    if assistant["phone_number"] == from {
        return true;
    }
    let ours = world.find_where(Table::Phones, |row| row.body["phone_number"] == from);
    ours.is_some() && !super::numbers::assigned(world, &from.into())
}

fn shown(world: &World, row: &Value) -> Value {
    if world.settings.wrap_events { json!({"event": row}) } else { row.clone() }
}

pub(crate) fn list(world: &mut World, ask: &Ask) -> Answered {
    world.find(Table::Assistants, ask.id()).ok_or_else(|| not_found("Assistant"))?;
    let mut events = world.listed(Table::Scheduled, Some(ask.id()));
    events.retain(|row| row["status"] != "deleted");
    events.reverse();
    Ok(Answer::json(200, &json!({"events": events})))
}

fn wanted(world: &World, ask: &Ask) -> Result<Value, Answer> {
    let row = world.find_where(Table::Scheduled, |row| {
        row.parent == ask.ids[0] && row.id == ask.ids[1] && row.body["status"] != "deleted"
    });
    row.map(|row| row.body.clone()).ok_or_else(|| not_found("Event"))
}

pub(crate) fn get(world: &mut World, ask: &Ask) -> Answered {
    let row = wanted(world, ask)?;
    Ok(Answer::json(200, &shown(world, &row)))
}

/// Cancels a pending event; of one that has begun only the record goes.
pub(crate) fn delete(world: &mut World, ask: &Ask) -> Answered {
    wanted(world, ask)?;
    world.row(Table::Scheduled, &ask.ids[1]).body["status"] = "deleted".into();
    Ok(Answer::nothing())
}

/// The event reaches a stage: 0 when it is due, then those of its outcome.
pub(crate) fn advance(world: &mut World, id: &str, stage: usize, at: Timestamp) {
    let Some(row) = world.find(Table::Scheduled, id) else { return };
    if stage == 0 && row.body["status"] != "pending" {
        return;
    }
    let (event, mission) = (row.body.clone(), row.hidden["mission_id"].clone());
    let outcome = Outcome::of(event["to_number"].as_str().unwrap_or(""));
    let first =
        world.find_where(Table::Scheduled, |row| row.body["to_number"] == event["to_number"]);
    let is_first = first.is_some_and(|first| first.id == id);
    let outcome = if is_first { outcome } else { outcome.next() };
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

fn set(world: &mut World, id: &str, status: &str) {
    let now = millis(world.now());
    let body = &mut world.row(Table::Scheduled, id).body;
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
    outcome: Outcome,
    event: &Value,
    mission: &Value,
) -> Option<i64> {
    if stage == 0 {
        set(world, id, "in_progress");
        return Some(2);
    }
    let field = |name: &str| event[name].as_str().unwrap_or("").to_owned();
    let (status, told, errors) = match outcome {
        Outcome::Stuck => return None,
        Outcome::Failed => ("failed", "delivery_failed", vec!["40008: undeliverable"]),
        _ => ("completed", "delivered", Vec::new()),
    };
    if outcome != Outcome::Failed {
        world.reached.push(("texted", format!("{}\n{}", field("to_number"), field("text_body"))));
    }
    set(world, id, status);
    let more = json!({"from": event["from_number"], "to": event["to_number"], "status": told, "errors": errors});
    tell(world, "sms_delivered", event, mission, &more);
    None
}

/// One stage of a call; returns how long until the next.
fn call(
    world: &mut World,
    id: &str,
    stage: usize,
    outcome: Outcome,
    event: &Value,
    mission: &Value,
    at: Timestamp,
) -> Option<i64> {
    let ends = json!({"from": event["from_number"], "to": event["to_number"]});
    let stages = outcome.call();
    let Some(stage) = stage.checked_sub(1) else {
        set(world, id, "in_progress");
        world.reached.push(("dialled", event["to_number"].as_str().unwrap_or("").to_owned()));
        return Some(stages[0].0);
    };
    let status = stages[stage].1;
    world.row(Table::Scheduled, id).body["call_status"] = status.into();
    let mut ends = ends;
    ends["conversation_id"] = event["conversation_id"].clone();
    match status {
        "ringing" => tell(world, "call_started", event, mission, &ends),
        "in-progress" => {
            let conversation = insights::begin(world, event, mission, outcome);
            world.row(Table::Scheduled, id).body["conversation_id"] = conversation.into();
        }
        "completed" | "ended" => {
            set(world, id, "completed");
            let reason = outcome.reason();
            if status == "ended" {
                let body = &mut world.row(Table::Scheduled, id).body;
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
            tell(world, "call_completed", event, mission, &ends);
        }
        failure => {
            set(world, id, if failure == "failed" { "failed" } else { "completed" });
            ends["reason"] = failure.into();
            tell(world, "call_failed", event, mission, &ends);
        }
    }
    stages.get(stage + 1).map(|(seconds, _)| *seconds)
}

fn tell(world: &mut World, what: &str, event: &Value, mission: &Value, more: &Value) {
    if let Some(mission) = mission.as_str() {
        world.announce(event::mission(what, mission, event["step_id"].as_str(), more));
    }
}
