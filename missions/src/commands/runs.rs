//! `create-run`, `get-run`, `update-run`, `list-runs`.

use serde_json::Value;
use state::exit::Exit;
use state::out;

use crate::args::{CreateRun, GetRun, ListRuns, UpdateRun};
use crate::context::Context;
use crate::input;
use crate::service::{self, RunRef, RunResult, ServiceRow};
use crate::state_file::Status;

pub(crate) fn create(context: &Context, args: &CreateRun) -> anyhow::Result<Exit> {
    let example = "{\"original_request\": \"…\"}";
    let input = Value::Object(input::object("the input of the run", &args.input, example)?);
    let run = service::runs::create(&context.api()?, &args.mission_id, &input)?;
    let id = run.id(&["run_id", "id"]).unwrap_or_default();
    context.printer.done(run.value(), || format!("Created run: {id}"))?;
    Ok(Exit::Done)
}

pub(crate) fn get(context: &Context, args: &GetRun) -> anyhow::Result<Exit> {
    let run = service::runs::get(&context.api()?, (&args.of).into())?;
    context.printer.document(run.value(), || out::pretty(run.value()))?;
    Ok(Exit::Done)
}

pub(crate) fn update(context: &Context, args: &UpdateRun) -> anyhow::Result<Exit> {
    let status = input::one_of("status of a run", &args.status, input::RUN_STATUSES)?;
    let summary = args.summary.as_deref();
    let summary = summary.map(|text| input::words_of("the summary", text)).transpose()?;
    let payload = args.payload.as_deref();
    let payload = payload.map(|text| input::json("the payload", text, "{\"key\": \"value\"}"));
    let payload = payload.transpose()?;
    let of = RunRef::from(&args.of);
    let result = RunResult { summary, payload: payload.as_ref() };
    let run = service::runs::update(&context.api()?, of, status, result)?;
    let reached = run.text("status").unwrap_or(status);
    if reached != status {
        out::warning(&format!("the service says `{reached}`, not `{status}`"));
    }
    let (now, kept) = (context.now(), Status::read(reached));
    context.keep_in_step(of.mission, Some(of.run), |mission| {
        mission.set_status(&kept, now).set_tick_due(Some(now));
    });
    context.printer.done(run.value(), || format!("Updated run {}: {reached}", of.run))?;
    Ok(Exit::Done)
}

pub(crate) fn list(context: &Context, args: &ListRuns) -> anyhow::Result<Exit> {
    let runs = service::runs::list(&context.api()?, &args.mission_id, args.paging.into())?;
    let line = |row: ServiceRow| {
        let id = row.id(&["run_id", "id"]).unwrap_or_default();
        format!("{id}: {}\n", row.text("status").unwrap_or("unknown"))
    };
    context.printer.document(runs.body(), || runs.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}
