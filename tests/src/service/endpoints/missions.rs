//! `/v1/missions`: the missions of the account, each with the run that the service makes by itself.

use super::runs;
use crate::clock::millis;
use crate::service::refusal::{not_found, refusal};
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World};
use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

pub(crate) fn create(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let (name, instructions) = (request.text("name")?, request.text("instructions")?);
    let channel = request.optional("channel").unwrap_or_else(|| "voice".to_owned());
    if !["voice", "sms", "both"].contains(&channel.as_str()) {
        return Err(refusal(400, "invalid_channel", "channel must be voice, sms or both"));
    }
    let or = |field: &str, default: Value| match &request.body[field] {
        Value::Null => default,
        given => given.clone(),
    };
    let (metadata, targets) = (or("metadata", json!({})), or("targets", json!([])));
    let (id, telnyx, at) = (world.rng.uuid(), world.rng.uuid(), millis(world.now()));
    let input = json!({
        "channel": channel, "targets": targets, "metadata": metadata, "original_request": instructions,
    });
    let run = runs::add(world, &id, &telnyx, &input);
    let mission = json!({
        "id": id, "user_id": world.profile["user_id"], "telnyx_mission_id": telnyx,
        "telnyx_run_id": run["run_id"], "name": name, "instructions": instructions,
        "status": "pending", "channel": channel, "target_count": targets.as_array().map_or(0, Vec::len),
        "events_used": 0, "assistant_id": request.body["assistant_id"], "assistant_phone": null,
        "metadata": metadata, "created_at": at, "updated_at": at, "result_summary": null,
        "result_payload": null,
    });
    let mission = world.add(ServiceTable::Missions, &id, "", mission);
    Ok(ServerResponse::json(201, &json!({"mission": mission})))
}

pub(crate) fn list(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let status = request.raw.query("status");
    let size = request.count("page[size]", 20).clamp(1, 100);
    let mut missions = world.listed(ServiceTable::Missions, None);
    missions.retain(|row| status.as_ref().is_none_or(|wanted| row["status"] == wanted.as_str()));
    missions.reverse();
    missions.truncate(size);
    for mission in &mut missions {
        let (all, pending) = count_scheduled(world, &mission["telnyx_mission_id"]);
        mission["computed_target_count"] = mission["target_count"].to_string().into();
        mission["computed_event_count"] = all.to_string().into();
        mission["computed_scheduled_count"] = pending.to_string().into();
    }
    Ok(ServerResponse::json(200, &json!({"missions": missions})))
}

fn count_scheduled(world: &World, telnyx_mission: &Value) -> (usize, usize) {
    let rows = world.all(ServiceTable::Scheduled);
    let scheduled: Vec<_> = rows
        .map(|row| &row.body)
        .filter(|row| row["telnyx_mission_id"] == *telnyx_mission && row["status"] != "deleted")
        .collect();
    (scheduled.len(), scheduled.iter().filter(|row| row["status"] == "pending").count())
}

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let row =
        world.find(ServiceTable::Missions, request.id()).ok_or_else(|| not_found("Mission"))?;
    let mut mission = row.body.clone();
    if let Some(mission) = mission.as_object_mut() {
        mission.shift_remove("user_id");
    }
    let runs: Vec<_> = world
        .all(ServiceTable::Runs)
        .filter(|row| row.parent == request.id())
        .map(|row| row.id.clone())
        .collect();
    let of_runs = |world: &World, table| -> Vec<Value> {
        world
            .all(table)
            .filter(|row| runs.contains(&row.parent))
            .map(|row| row.body.clone())
            .collect()
    };
    mission["assistant"] = world
        .find_where(ServiceTable::Assistants, |row| mission["assistant_id"] == row.id.as_str())
        .map_or(Value::Null, |row| row.body.clone());
    mission["linked_agents"] = of_runs(world, ServiceTable::Links).into();
    mission["plan"] = json!({"steps": of_runs(world, ServiceTable::Steps)});
    Ok(ServerResponse::json(200, &json!({"mission": mission})))
}

pub(crate) fn cancel(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let at = millis(world.now());
    let row =
        world.find(ServiceTable::Missions, request.id()).ok_or_else(|| not_found("Mission"))?;
    row.body["status"] = "cancelled".into();
    row.body["updated_at"] = at.into();
    Ok(ServerResponse::json(200, &json!({"mission": row.body})))
}

pub(crate) fn events(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let row =
        world.find(ServiceTable::Missions, request.id()).ok_or_else(|| not_found("Mission"))?;
    let telnyx = row.body["telnyx_mission_id"].clone();
    let rows = world.listed(ServiceTable::Scheduled, None);
    let scheduled: Vec<_> = rows
        .iter()
        .filter(|row| row["telnyx_mission_id"] == telnyx && row["status"] != "deleted")
        .map(|row| {
            json!({
                "id": row["id"], "mission_id": request.id(), "type": row["channel"],
                "status": row["status"], "target_phone": row["to_number"], "step_id": row["step_id"],
            })
        })
        .collect();
    let body = json!({"telnyx_events": [], "scheduled_events": scheduled, "local_events": []});
    Ok(ServerResponse::json(200, &body))
}
