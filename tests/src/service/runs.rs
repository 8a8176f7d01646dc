//! Runs of a mission, their log and their linked assistants, as the carrier behind the service keeps them.

use super::refusal::{API, Complaint, not_found, wrapped};
use super::route::{Answered, Ask};
use super::store::{Table, World, merge};
use crate::clock::micros;
use crate::wire::http::Answer;
use serde_json::{Value, json};

const STATUSES: [&str; 6] = ["pending", "running", "paused", "succeeded", "failed", "cancelled"];
const EVENT_TYPES: [&str; 9] = [
    "status_change",
    "step_started",
    "step_completed",
    "step_failed",
    "tool_call",
    "tool_result",
    "message",
    "error",
    "custom",
];

/// Adds a run to a mission, known by its own and by the carrier's id.
pub(crate) fn add(world: &mut World, mission: &str, telnyx_mission: &str, input: &Value) -> Value {
    let (id, at) = (world.fate.uuid(), micros(world.now()));
    let organization = crate::fate::Fate::new(world.settings.seed ^ 0x0e6).uuid();
    let run = json!({
        "run_id": id, "mission_id": telnyx_mission, "organization_id": organization,
        "status": "pending", "input": input, "started_at": at, "finished_at": null,
        "result_summary": null, "result_payload": null, "error": null, "metadata": null,
        "updated_at": at,
    });
    world.add(Table::Runs, &id, mission, run)
}

/// Refuses a run that is not one of this mission's.
pub(super) fn check(world: &World, ask: &Ask) -> Result<(), Answer> {
    let (mission, run) = (&ask.ids[0], &ask.ids[1]);
    let known = world.find_where(Table::Runs, |row| row.parent == *mission && row.id == *run);
    known.map(|_| ()).ok_or_else(|| not_found("Run"))
}

/// One page of a list with the carrier's `meta`.
fn paged(rows: Vec<Value>, ask: &Ask, default_size: usize) -> Answer {
    let size = ask.count("page_size", default_size).clamp(1, 100);
    let page = ask.count("page_number", 1).max(1);
    let total = rows.len();
    let rows: Vec<_> = rows.into_iter().skip((page - 1) * size).take(size).collect();
    let meta = json!({
        "total_pages": total.div_ceil(size), "total_results": total,
        "page_number": page, "page_size": size,
    });
    Answer::json(200, &json!({"data": rows, "meta": meta}))
}

pub(crate) fn create(world: &mut World, ask: &Ask) -> Answered {
    let mission = world.find(Table::Missions, ask.id()).ok_or_else(|| not_found("Mission"))?;
    let telnyx = mission.body["telnyx_mission_id"].as_str().unwrap_or("").to_owned();
    let run = add(world, ask.id(), &telnyx, &ask.body["input"].clone());
    Ok(Answer::json(201, &json!({"data": run})))
}

pub(crate) fn list(world: &mut World, ask: &Ask) -> Answered {
    world.find(Table::Missions, ask.id()).ok_or_else(|| not_found("Mission"))?;
    let mut runs = world.listed(Table::Runs, Some(ask.id()));
    runs.reverse();
    Ok(paged(runs, ask, 20))
}

pub(crate) fn get(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    Ok(Answer::json(200, &json!({"data": world.row(Table::Runs, &ask.ids[1]).body})))
}

pub(crate) fn change(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let status = ask.optional("status");
    if status.as_ref().is_some_and(|status| !STATUSES.contains(&status.as_str())) {
        return Err(wrapped(API, &[Complaint::malformed()]));
    }
    let at = micros(world.now());
    let row = world.row(Table::Runs, &ask.ids[1]);
    // `updated_at` stays what it was: so it was captured.
    for field in ["status", "result_summary", "result_payload", "error", "metadata"] {
        if !ask.body[field].is_null() {
            row.body[field] = ask.body[field].clone();
        }
    }
    if matches!(status.as_deref(), Some("succeeded" | "failed" | "cancelled")) {
        row.body["finished_at"] = at.into();
    }
    Ok(Answer::json(200, &json!({"data": row.body})))
}

pub(crate) fn log_event(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let kind = ask.optional("type").unwrap_or_default();
    if !EVENT_TYPES.contains(&kind.as_str()) {
        return Err(wrapped(API, &[Complaint::malformed()]));
    }
    if ask.optional("summary").is_none_or(|text| text.is_empty()) {
        return Err(wrapped(API, &[Complaint::missing("/body/summary".to_owned())]));
    }
    let (run, key) = (ask.ids[1].clone(), &ask.body["idempotency_key"]);
    let known = world.find_where(Table::RunEvents, |row| {
        row.parent == run && !key.is_null() && row.body["idempotency_key"] == *key
    });
    if let Some(known) = known {
        return Ok(Answer::json(200, &json!({"data": known.body})));
    }
    let (id, at) = (world.fate.uuid(), micros(world.now()));
    let mut event = json!({
        "event_id": id, "run_id": run, "type": kind, "summary": null, "timestamp": at,
        "agent_id": null, "step_id": null, "payload": null, "idempotency_key": null,
    });
    merge(&mut event, &ask.body);
    let event = world.add(Table::RunEvents, &id, &run, event);
    Ok(Answer::json(201, &json!({"data": event})))
}

pub(crate) fn events(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let events = world.listed(Table::RunEvents, Some(&ask.ids[1]));
    Ok(paged(events, ask, 50))
}

/// The carrier's id of an assistant that is named by either of its ids.
fn telnyx_id(world: &World, id: &str) -> Option<String> {
    let named = |row: &super::store::Row| row.id == id || row.body["telnyx_assistant_id"] == id;
    let row = world.find_where(Table::Assistants, named)?;
    row.body["telnyx_assistant_id"].as_str().map(str::to_owned)
}

pub(crate) fn link(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let agent =
        telnyx_id(world, &ask.text("telnyx_agent_id")?).ok_or_else(|| not_found("Assistant"))?;
    let (run, at) = (ask.ids[1].clone(), micros(world.now()));
    let known = world.find_where(Table::Links, |row| row.parent == run && row.id == agent);
    let link = if let Some(row) = known {
        row.body.clone()
    } else {
        let link = json!({"run_id": run, "telnyx_agent_id": agent, "created_at": at});
        world.add(Table::Links, &agent, &run, link)
    };
    Ok(Answer::json(201, &json!({"data": link})))
}

pub(crate) fn links(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    Ok(Answer::json(200, &json!({"data": world.listed(Table::Links, Some(&ask.ids[1]))})))
}

pub(crate) fn unlink(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let agent = telnyx_id(world, &ask.ids[2]).ok_or_else(|| not_found("Assistant"))?;
    if world.remove(Table::Links, &agent, &ask.ids[1]) {
        Ok(Answer::nothing())
    } else {
        Err(not_found("Linked agent"))
    }
}
