//! `log-event`, `list-events`: the log of a run.

use state::exit::{Exit, Fault};

use crate::args::{ListEvents, LogEvent};
use crate::context::Context;
use crate::input;
use crate::service::{self, NewLogEntry, RunRef, ServiceRow};

const NO_STEP: &str = "-";

pub(crate) fn add(context: &Context, args: &LogEvent) -> anyhow::Result<Exit> {
    let kind = input::one_of("type of event", &args.kind, input::EVENT_TYPES)?;
    let summary = input::words_of("the summary", &args.summary)?;
    let step = step(&args.step_id)?;
    let payload = args.payload.as_deref();
    let payload =
        payload.map(|text| input::json("the payload", text, "{\"count\": 3}")).transpose()?;
    let of = RunRef::from(&args.of);
    if let Some(step) = step {
        context.check_step(of, step)?;
    }
    let event = NewLogEntry {
        kind,
        summary,
        agent_id: &args.agent_id,
        step_id: step,
        payload: payload.as_ref(),
        idempotency_key: args.idempotency_key.as_deref(),
    };
    let logged = service::run_log::add(&context.api()?, of, &event)?;
    context.printer.done(logged.value(), || format!("Logged event: {summary}"))?;
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

pub(crate) fn list(context: &Context, args: &ListEvents) -> anyhow::Result<Exit> {
    let events = service::run_log::list(&context.api()?, (&args.of).into(), args.paging.into())?;
    let line = |row: ServiceRow| {
        let (kind, summary) = (row.text("type").unwrap_or("unknown"), row.text("summary"));
        format!("[{kind}] {}\n", summary.unwrap_or_default())
    };
    context.printer.document(events.body(), || events.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}
