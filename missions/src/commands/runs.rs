//! `create-run`, `get-run`, `update-run`, `list-runs`.

use serde_json::Value;
use state::exit::Exit;
use state::out;

use crate::args::{CreateRun, GetRun, ListRuns, UpdateRun};
use crate::context::CommandContext;
use crate::input;
use crate::service::{self, RunRef, RunResult, ServiceRow};
use crate::store::{MissionStatus, progress};

pub(crate) fn create(context: &CommandContext, args: &CreateRun) -> anyhow::Result<Exit> {
    let example = "{\"original_request\": \"…\"}";
    let input = Value::Object(input::object("the input of the run", &args.input, example)?);
    let run = service::runs::create(&context.api()?, &args.mission_id, &input)?;
    let id = run.id(&["run_id", "id"]).unwrap_or_default();
    context.printer.print_after_change(run.value(), || format!("Created run: {id}"))?;
    Ok(Exit::Done)
}

pub(crate) fn get(context: &CommandContext, args: &GetRun) -> anyhow::Result<Exit> {
    let run = service::runs::get(&context.api()?, (&args.run).into())?;
    context.printer.print(run.value(), || out::pretty_json(run.value()))?;
    Ok(Exit::Done)
}

pub(crate) fn update(context: &CommandContext, args: &UpdateRun) -> anyhow::Result<Exit> {
    let status = input::one_of("status of a run", &args.status, input::RUN_STATUSES)?;
    let summary = args.summary.as_deref();
    let summary = summary.map(|text| input::not_blank("the summary", text)).transpose()?;
    let payload = args.payload.as_deref();
    let payload = payload.map(|text| input::json("the payload", text, "{\"key\": \"value\"}"));
    let payload = payload.transpose()?;
    let run = RunRef::from(&args.run);
    let result = RunResult { summary, payload: payload.as_ref() };
    let updated = service::runs::update(&context.api()?, run, status, result)?;
    let new_status = updated.text("status").unwrap_or(status);
    if new_status != status {
        out::warning(&format!("the service says `{new_status}`, not `{status}`"));
    }
    let (now, stored) = (context.now(), MissionStatus::read(new_status));
    context.update_stored(run.mission, Some(run.run), |mission| {
        mission.set_status(&stored, now);
        progress::set_tick_due(mission, Some(now));
    });
    context
        .printer
        .print_after_change(updated.value(), || format!("Updated run {}: {new_status}", run.run))?;
    Ok(Exit::Done)
}

pub(crate) fn list(context: &CommandContext, args: &ListRuns) -> anyhow::Result<Exit> {
    let runs = service::runs::list(&context.api()?, &args.mission_id, args.paging.into())?;
    let line = |row: ServiceRow| {
        let id = row.id(&["run_id", "id"]).unwrap_or_default();
        format!("{id}: {}\n", row.text("status").unwrap_or("unknown"))
    };
    context.printer.print(runs.body(), || runs.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}
