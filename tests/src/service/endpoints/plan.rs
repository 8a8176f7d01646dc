//! The plan of a run: its steps, as the carrier behind the service keeps them.

use super::runs::require_run;
use crate::clock::micros;
use crate::service::refusal::{API, CarrierError, refusal, wrapped};
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World};
use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

const STATUSES: [&str; 5] = ["pending", "in_progress", "completed", "skipped", "failed"];

pub(crate) fn create(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let run = request.ids[1].clone();
    let Some(steps) = request.body["steps"].as_array().filter(|steps| !steps.is_empty()) else {
        return Err(wrapped(API, &[CarrierError::missing("/body/steps".to_owned())]));
    };
    let mut errors = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        for field in ["step_id", "description", "sequence"] {
            if step[field].is_null() {
                errors.push(CarrierError::missing(format!("/body/steps[{n}]/{field}")));
            }
        }
    }
    if errors.is_empty() && world.find_where(ServiceTable::Steps, |row| row.parent == run).is_some()
    {
        errors.push(CarrierError::bad("A plan already exists for this run."));
    }
    if !errors.is_empty() {
        return Err(wrapped(API, &errors));
    }
    let added: Vec<Value> = steps
        .iter()
        .map(|step| {
            let id = step["step_id"].as_str().unwrap_or("").to_owned();
            let row = json!({
                "step_id": id, "run_id": run, "description": step["description"],
                "sequence": step["sequence"], "status": "pending", "parent_step_id": step["parent_step_id"],
                "metadata": step["metadata"], "started_at": null, "completed_at": null,
            });
            world.add(ServiceTable::Steps, &id, &run, row)
        })
        .collect();
    Ok(ServerResponse::json(201, &json!({"data": added})))
}

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let mut steps = world.listed(ServiceTable::Steps, Some(&request.ids[1]));
    steps.sort_by_key(|step| step["sequence"].as_i64());
    Ok(ServerResponse::json(200, &json!({"data": steps})))
}

pub(crate) fn change(world: &mut World, request: &RoutedRequest) -> RouteResult {
    require_run(world, request)?;
    let (run, at) = (&request.ids[1], micros(world.now()));
    let (step, status) = (&request.ids[2], request.text("status")?);
    if !STATUSES.contains(&status.as_str()) {
        return Err(wrapped(API, &[CarrierError::malformed()]));
    }
    let row = world.find_in(ServiceTable::Steps, step, run);
    let row = row.ok_or_else(|| refusal(404, "step_not_found", "Step not found"))?;
    row.body["status"] = status.as_str().into();
    match status.as_str() {
        "in_progress" => row.body["started_at"] = at.into(),
        "completed" | "failed" | "skipped" => row.body["completed_at"] = at.into(),
        _ => {}
    }
    Ok(ServerResponse::json(200, &json!({"data": row.body})))
}
