//! Runs of a mission, their log and their linked assistants, in the shapes of the carrier behind the service.

use crate::clock::micros;
use crate::service::refusal::{API, CarrierError, not_found, wrapped};
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World, merge};
use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

const STATUSES: [&str; 6] = ["pending", "running", "paused", "succeeded", "failed", "cancelled"];
const EVENT_TYPES: &str = "status_change step_started step_completed step_failed tool_call tool_result message error custom";

/// Adds a run to a mission, known by its own and by the carrier's id.
pub(crate) fn add(world: &mut World, mission: &str, telnyx_mission: &str, input: &Value) -> Value {
    let (id, at) = (world.rng.uuid(), micros(world.now()));
    let organization = crate::rng::Rng::new(world.settings.seed ^ 0x0e6).uuid();
    let run = json!({
        "run_id": id, "mission_id": telnyx_mission, "organization_id": organization,
        "status": "pending", "input": input, "started_at": at, "finished_at": null,
        "result_summary": null, "result_payload": null, "error": null, "metadata": null,
        "updated_at": at,
    });
    world.add(ServiceTable::Runs, &id, mission, run)
}

/// Refuses a run that is not one of this mission's.
pub(super) fn require_run(world: &World, request: &RoutedRequest) -> Result<(), ServerResponse> {
    let (mission, run_id) = (&request.ids[0], &request.ids[1]);
    let run =
        world.find_where(ServiceTable::Runs, |row| row.parent == *mission && row.id == *run_id);
    run.map(|_| ()).ok_or_else(|| not_found("Run"))
}

/// One page of a list with the carrier's `meta`.
fn paged(rows: Vec<Value>, request: &RoutedRequest, default_size: usize) -> ServerResponse {
    let size = request.count("page_size", default_size).clamp(1, 100);
    let page = request.count("page_number", 1).max(1);
    let total = rows.len();
    let rows: Vec<_> = rows.into_iter().skip((page - 1) * size).take(size).collect();
    let meta = json!({
        "total_pages": total.div_ceil(size), "total_results": total,
        "page_number": page, "page_size": size,
    });
    ServerResponse::json(200, &json!({"data": rows, "meta": meta}))
}

pub(crate) fn create(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let mission =
        world.find(ServiceTable::Missions, request.id()).ok_or_else(|| not_found("Mission"))?;
    let telnyx = mission.body["telnyx_mission_id"].as_str().unwrap_or("").to_owned();
    let run = add(world, request.id(), &telnyx, &request.body["input"].clone());
    Ok(ServerResponse::json(201, &json!({"data": run})))
}

pub(crate) fn list(world: &mut World, request: &RoutedRequest) -> RouteResult {
    world.find(ServiceTable::Missions, request.id()).ok_or_else(|| not_found("Mission"))?;
    let mut runs = world.listed(ServiceTable::Runs, Some(request.id()));
    runs.reverse();
    Ok(paged(runs, request, 20))
}

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    Ok(ServerResponse::json(
        200,
        &json!({"data": world.row(ServiceTable::Runs, &request.ids[1]).body}),
    ))
}

pub(crate) fn change(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let status = request.optional("status");
    if status.as_ref().is_some_and(|status| !STATUSES.contains(&status.as_str())) {
        return Err(wrapped(API, &[CarrierError::malformed()]));
    }
    let at = micros(world.now());
    let row = world.row(ServiceTable::Runs, &request.ids[1]);
    // `updated_at` stays what it was: so it was captured.
    for field in ["status", "result_summary", "result_payload", "error", "metadata"] {
        if !request.body[field].is_null() {
            row.body[field] = request.body[field].clone();
        }
    }
    if matches!(status.as_deref(), Some("succeeded" | "failed" | "cancelled")) {
        row.body["finished_at"] = at.into();
    }
    Ok(ServerResponse::json(200, &json!({"data": row.body})))
}

pub(crate) fn log_event(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let kind = request.optional("type").unwrap_or_default();
    if !EVENT_TYPES.split(' ').any(|one| one == kind) {
        return Err(wrapped(API, &[CarrierError::malformed()]));
    }
    if request.optional("summary").is_none_or(|text| text.is_empty()) {
        return Err(wrapped(API, &[CarrierError::missing("/body/summary".to_owned())]));
    }
    let (run, key) = (request.ids[1].clone(), &request.body["idempotency_key"]);
    let earlier = world.find_where(ServiceTable::RunEvents, |row| {
        row.parent == run && !key.is_null() && row.body["idempotency_key"] == *key
    });
    if let Some(earlier) = earlier {
        return Ok(ServerResponse::json(200, &json!({"data": earlier.body})));
    }
    let (id, at) = (world.rng.uuid(), micros(world.now()));
    let mut event = json!({
        "event_id": id, "run_id": run, "type": kind, "summary": null, "timestamp": at,
        "agent_id": null, "step_id": null, "payload": null, "idempotency_key": null,
    });
    merge(&mut event, &request.body);
    let event = world.add(ServiceTable::RunEvents, &id, &run, event);
    Ok(ServerResponse::json(201, &json!({"data": event})))
}

pub(crate) fn events(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let events = world.listed(ServiceTable::RunEvents, Some(&request.ids[1]));
    Ok(paged(events, request, 50))
}

/// The carrier's id of an assistant that is named by either of its ids.
fn telnyx_id(world: &World, id: &str) -> Option<String> {
    let named = |row: &crate::service::store::TableRow| {
        row.id == id || row.body["telnyx_assistant_id"] == id
    };
    let row = world.find_where(ServiceTable::Assistants, named)?;
    row.body["telnyx_assistant_id"].as_str().map(str::to_owned)
}

pub(crate) fn link(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let agent = telnyx_id(world, &request.text("telnyx_agent_id")?)
        .ok_or_else(|| not_found("Assistant"))?;
    let (run, at) = (request.ids[1].clone(), micros(world.now()));
    let linked = world.find_where(ServiceTable::Links, |row| row.parent == run && row.id == agent);
    let link = if let Some(row) = linked {
        row.body.clone()
    } else {
        let link = json!({"run_id": run, "telnyx_agent_id": agent, "created_at": at});
        world.add(ServiceTable::Links, &agent, &run, link)
    };
    Ok(ServerResponse::json(201, &json!({"data": link})))
}

pub(crate) fn links(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    Ok(ServerResponse::json(
        200,
        &json!({"data": world.listed(ServiceTable::Links, Some(&request.ids[1]))}),
    ))
}

pub(crate) fn unlink(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let agent = telnyx_id(world, &request.ids[2]).ok_or_else(|| not_found("Assistant"))?;
    if world.remove(ServiceTable::Links, &agent, &request.ids[1]) {
        Ok(ServerResponse::nothing())
    } else {
        Err(not_found("Linked agent"))
    }
}
