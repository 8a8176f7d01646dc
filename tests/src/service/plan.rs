//! The plan of a run: its steps, as the carrier behind the service keeps them.

use super::refusal::{API, Complaint, refusal, wrapped};
use super::route::{Answered, Ask};
use super::runs::check;
use super::store::{Table, World};
use crate::clock::micros;
use crate::wire::http::Answer;
use serde_json::{Value, json};

const STATUSES: [&str; 5] = ["pending", "in_progress", "completed", "skipped", "failed"];

pub(crate) fn create(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let run = ask.ids[1].clone();
    let Some(steps) = ask.body["steps"].as_array().filter(|steps| !steps.is_empty()) else {
        return Err(wrapped(API, &[Complaint::missing("/body/steps".to_owned())]));
    };
    let mut complaints = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        for field in ["step_id", "description", "sequence"] {
            if step[field].is_null() {
                complaints.push(Complaint::missing(format!("/body/steps[{n}]/{field}")));
            }
        }
    }
    if complaints.is_empty() && world.find_where(Table::Steps, |row| row.parent == run).is_some() {
        complaints.push(Complaint::bad("A plan already exists for this run."));
    }
    if !complaints.is_empty() {
        return Err(wrapped(API, &complaints));
    }
    let made: Vec<Value> = steps
        .iter()
        .map(|step| {
            let id = step["step_id"].as_str().unwrap_or("").to_owned();
            let row = json!({
                "step_id": id, "run_id": run, "description": step["description"],
                "sequence": step["sequence"], "status": "pending", "parent_step_id": step["parent_step_id"],
                "metadata": step["metadata"], "started_at": null, "completed_at": null,
            });
            world.add(Table::Steps, &id, &run, row)
        })
        .collect();
    Ok(Answer::json(201, &json!({"data": made})))
}

pub(crate) fn get(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let mut steps = world.listed(Table::Steps, Some(&ask.ids[1]));
    steps.sort_by_key(|step| step["sequence"].as_i64());
    Ok(Answer::json(200, &json!({"data": steps})))
}

pub(crate) fn change(world: &mut World, ask: &Ask) -> Answered {
    check(world, ask)?;
    let (run, at) = (&ask.ids[1], micros(world.now()));
    let (step, status) = (&ask.ids[2], ask.text("status")?);
    if !STATUSES.contains(&status.as_str()) {
        return Err(wrapped(API, &[Complaint::malformed()]));
    }
    let row = world.find_in(Table::Steps, step, run);
    let row = row.ok_or_else(|| refusal(404, "step_not_found", "Step not found"))?;
    row.body["status"] = status.as_str().into();
    match status.as_str() {
        "in_progress" => row.body["started_at"] = at.into(),
        "completed" | "failed" | "skipped" => row.body["completed_at"] = at.into(),
        _ => {}
    }
    Ok(Answer::json(200, &json!({"data": row.body})))
}
