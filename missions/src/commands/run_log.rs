//! `log-event`, `list-events`: the log of a run.

use state::exit::{Exit, Fault};

use super::plan;
use crate::args::{ListEvents, LogEvent};
use crate::context::CommandContext;
use crate::input;
use crate::service::{self, NewLogEntry, RunRef, ServiceRow};

const NO_STEP: &str = "-";

pub(crate) fn add(context: &CommandContext, args: &LogEvent) -> anyhow::Result<Exit> {
    let kind = input::one_of("type of event", &args.kind, input::EVENT_TYPES)?;
    let summary = input::not_blank("the summary", &args.summary)?;
    let step = step(&args.step_id)?;
    let payload = args.payload.as_deref();
    let payload =
        payload.map(|text| input::json("the payload", text, "{\"count\": 3}")).transpose()?;
    let run = RunRef::from(&args.run);
    if let Some(step) = step {
        plan::check_step(context, run, step)?;
    }
    let entry = NewLogEntry {
        kind,
        summary,
        agent_id: &args.agent_id,
        step_id: step,
        payload: payload.as_ref(),
        idempotency_key: args.idempotency_key.as_deref(),
    };
    let logged = service::run_log::add(&context.api()?, run, &entry)?;
    context.printer.print_after_change(logged.value(), || format!("Logged event: {summary}"))?;
    Ok(Exit::Done)
}

/// The step, or none for `-`; the argument must be there so that no payload is taken for it.
fn step(given: &str) -> Result<Option<&str>, Fault> {
    let hint =
        "write the step_id of the plan after the summary, or `-` if the event belongs to no step";
    let given = given.trim();
    if given.is_empty() {
        return Err(Fault::usage("log-event needs a STEP_ID after the summary").hint(hint));
    }
    if given == NO_STEP {
        return Ok(None);
    }
    if given.starts_with(['{', '[']) {
        return Err(Fault::usage("the STEP_ID is JSON: it was probably forgotten").hint(hint));
    }
    Ok(Some(given))
}

pub(crate) fn list(context: &CommandContext, args: &ListEvents) -> anyhow::Result<Exit> {
    let entries = service::run_log::list(&context.api()?, (&args.run).into(), args.paging.into())?;
    let line = |row: ServiceRow| {
        let (kind, summary) = (row.text("type").unwrap_or("unknown"), row.text("summary"));
        format!("[{kind}] {}\n", summary.unwrap_or_default())
    };
    context.printer.print(entries.body(), || entries.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}
