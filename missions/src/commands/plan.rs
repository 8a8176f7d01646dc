//! `create-plan`, `get-plan`, `update-step`.

use serde_json::Value;
use state::exit::Exit;
use state::out;

use crate::args::{CreatePlan, GetPlan, UpdateStep};
use crate::context::CommandContext;
use crate::input;
use crate::service::{self, RunRef};
use crate::store::progress;

pub(crate) fn create(context: &CommandContext, args: &CreatePlan) -> anyhow::Result<Exit> {
    let steps = input::steps(&args.steps)?;
    let run = RunRef::from(&args.run);
    let plan = service::plan::create(&context.api()?, run, &steps)?;
    let (n, now) = (steps.len(), context.now());
    context.update_stored(run.mission, Some(run.run), |mission| {
        mission.set("plan", steps);
        progress::set_tick_due(mission, Some(now));
    });
    context.printer.print_after_change(plan.value(), || format!("Created plan with {n} steps"))?;
    Ok(Exit::Done)
}

pub(crate) fn get(context: &CommandContext, args: &GetPlan) -> anyhow::Result<Exit> {
    let plan = service::plan::get(&context.api()?, (&args.run).into())?;
    let steps: Vec<Value> =
        plan.rows().into_iter().map(crate::service::ServiceRow::into_value).collect();
    context.printer.print(plan.body(), || out::pretty_json(&steps.into()))?;
    Ok(Exit::Done)
}

pub(crate) fn update_step(context: &CommandContext, args: &UpdateStep) -> anyhow::Result<Exit> {
    let status = input::one_of("status of a step", &args.status, input::STEP_STATUSES)?;
    let run = RunRef::from(&args.run);
    check_step(context, run, &args.step_id)?;
    let step = service::plan::update_step(&context.api()?, run, &args.step_id, status)?;
    let new_status = step.text("status").unwrap_or(status);
    if new_status != status {
        out::warning(&format!("the service says `{new_status}`, not `{status}`"));
    }
    let now = context.now();
    context.update_stored(run.mission, Some(run.run), |mission| {
        // The next tick decides what follows.
        progress::set_tick_due(mission, Some(now));
    });
    let text = || format!("Updated step '{}': {new_status}", args.step_id);
    context.printer.print_after_change(step.value(), text)?;
    Ok(Exit::Done)
}

/// Refuses (exit 2) a step that the stored plan of a run does not have. A run that is not stored here, or whose plan is
/// not, is for the service to judge.
pub(super) fn check_step(context: &CommandContext, run: RunRef, step: &str) -> anyhow::Result<()> {
    let Ok(missions) = context.store.read() else { return Ok(()) };
    let slug = missions.slug_of(run.mission, Some(run.run));
    let plan = slug.and_then(|slug| missions.get(slug)).map(|mission| mission.plan());
    Ok(input::step_of(&plan.unwrap_or_default(), step)?)
}
