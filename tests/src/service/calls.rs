//! `/v1/calls`: a call rings, is answered or not, and ends, on the simulated clock.

use super::agenda::Task;
use super::outcome::Outcome;
use super::refusal::{not_found, refusal};
use super::route::{Answered, Ask};
use super::store::{Table, World};
use super::{OWNER, event};
use crate::clock::millis;
use crate::wire::http::Answer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) fn place(world: &mut World, ask: &Ask) -> Answered {
    let to = if ask.body["to"].is_null() { OWNER.to_owned() } else { ask.number("to")? };
    if !to.starts_with("+1") {
        return Err(refusal(400, "invalid_number", "Voice calls are available for US/CA numbers"));
    }
    let (id, now) = (world.fate.uuid(), world.now());
    let purpose = [&ask.body["purpose"], &ask.body["context"]["purpose"]];
    let purpose = purpose.into_iter().find_map(Value::as_str);
    let call = json!({
        "call_id": id, "direction": "outbound", "status": "initiating", "started_at": millis(now),
        "duration_seconds": null, "user_id": world.profile["user_id"], "to": to,
    });
    world.add(Table::Calls, &id, "", call);
    world.row(Table::Calls, &id).hidden =
        json!({"purpose": purpose, "greeting": ask.body["greeting"]});
    world.reached.push(("dialled", to.clone()));
    let first = Outcome::of(&to).call()[0].0;
    let task = Task::Call { id: id.clone(), stage: 0 };
    world.agenda.at(now + SignedDuration::from_secs(first), task);
    let answer = json!({"call_id": id, "status": "initiating", "direction": "outbound"});
    Ok(Answer::json(202, &answer))
}

pub(crate) fn get(world: &mut World, ask: &Ask) -> Answered {
    let row = world.find(Table::Calls, ask.id()).ok_or_else(|| not_found("call"))?;
    Ok(Answer::json(200, &row.body))
}

/// A call that an event tells of is one that the service has: inbound, unless the event says something else.
pub(crate) fn told_of(world: &mut World, frame: &Value) {
    let Some(id) = frame["call_id"].as_str().filter(|_| frame["type"] == "event") else { return };
    if world.find(Table::Calls, id).is_some() {
        return;
    }
    let direction = frame["direction"].as_str().unwrap_or("inbound");
    let call = json!({
        "call_id": id, "direction": direction, "status": "in-progress",
        "started_at": millis(world.now()), "duration_seconds": null,
        "user_id": world.profile["user_id"],
    });
    world.seed(Table::Calls, id, "", call);
}

pub(crate) fn end(world: &mut World, ask: &Ask) -> Answered {
    let now = world.now();
    let row = world.find(Table::Calls, ask.id()).ok_or_else(|| not_found("call"))?;
    let answered = row.hidden["answered"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let seconds = answered.map(|at| now.duration_since(at).as_secs());
    if !over(&row.body) {
        let reason = ask.optional("reason").unwrap_or_else(|| "user_ended".to_owned());
        finish(world, ask.id(), "completed", seconds.unwrap_or(0), &reason);
    }
    let answer = json!({"call_id": ask.id(), "status": "ending", "duration_seconds": seconds});
    Ok(Answer::json(200, &answer))
}

fn over(call: &Value) -> bool {
    let status = call["status"].as_str().unwrap_or("");
    !matches!(status, "initiating" | "ringing" | "in-progress")
}

/// The call reaches a stage of its outcome.
pub(crate) fn advance(world: &mut World, id: &str, stage: usize, at: Timestamp) {
    let Some(row) = world.find(Table::Calls, id) else { return };
    if over(&row.body) {
        return;
    }
    let to = row.body["to"].as_str().unwrap_or("").to_owned();
    let stages = Outcome::of(&to).call();
    let status = stages[stage].1;
    row.body["status"] = status.into();
    if let Some((seconds, _)) = stages.get(stage + 1) {
        let task = Task::Call { id: id.to_owned(), stage: stage + 1 };
        world.agenda.at(at + SignedDuration::from_secs(*seconds), task);
    }
    match status {
        "in-progress" => {
            world.row(Table::Calls, id).hidden["answered"] = at.to_string().into();
            world.announce(event::context_request(id));
            world.announce(event::call_started(id, "outbound"));
        }
        "completed" => finish(world, id, status, stages[stage].0, "user_hangup"),
        "busy" => finish(world, id, status, 0, "user_busy"),
        "no-answer" => finish(world, id, status, 0, "no_answer"),
        "failed" => finish(world, id, status, 0, "unspecified"),
        "canceled" => finish(world, id, status, 0, "originator_cancel"),
        "ended" => {
            let outcome = Outcome::of(&to);
            let row = world.row(Table::Calls, id);
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
    let row = world.row(Table::Calls, id);
    row.body["status"] = status.into();
    row.body["duration_seconds"] = seconds.into();
    row.body["reason"] = reason.into();
    let to = row.body["to"].clone();
    let mut told = json!({"duration_seconds": seconds, "reason": reason, "to_number": to});
    super::store::merge(&mut told, &row.hidden);
    if let Some(told) = told.as_object_mut() {
        told.remove("answered");
        told.retain(|_, value| !value.is_null());
        let outcome = match (status, Outcome::of(to.as_str().unwrap_or(""))) {
            ("no-answer", _) => Some("no_answer"),
            ("completed", Outcome::Voicemail) | ("ended", Outcome::Machine) => Some("voicemail"),
            ("ended", Outcome::Fax) => Some("fax"),
            _ => None,
        };
        if let Some(outcome) = outcome {
            told.insert("outcome".to_owned(), outcome.into());
        }
    }
    world.announce(event::call_ended(id, "outbound", &told));
}
