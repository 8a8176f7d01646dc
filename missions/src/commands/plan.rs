//! `create-plan`, `get-plan`, `update-step`.

use serde_json::Value;
use state::exit::Exit;
use state::out;

use crate::args::{CreatePlan, GetPlan, UpdateStep};
use crate::context::Context;
use crate::input;
use crate::service::{self, RunRef};

pub(crate) fn create(context: &Context, args: &CreatePlan) -> anyhow::Result<Exit> {
    let steps = input::steps(&args.steps)?;
    let of = RunRef::from(&args.of);
    let plan = service::plan::create(&context.api()?, of, &steps)?;
    let (n, now) = (steps.len(), context.now());
    context.keep_in_step(of.mission, Some(of.run), |mission| {
        mission.set("plan", steps).set_tick_due(Some(now));
    });
    context.printer.done(plan.value(), || format!("Created plan with {n} steps"))?;
    Ok(Exit::Done)
}

pub(crate) fn get(context: &Context, args: &GetPlan) -> anyhow::Result<Exit> {
    let plan = service::plan::get(&context.api()?, (&args.of).into())?;
    let steps: Vec<Value> =
        plan.rows().into_iter().map(crate::service::ServiceRow::into_value).collect();
    context.printer.document(plan.body(), || out::pretty(&steps.into()))?;
    Ok(Exit::Done)
}

pub(crate) fn update_step(context: &Context, args: &UpdateStep) -> anyhow::Result<Exit> {
    let status = input::one_of("status of a step", &args.status, input::STEP_STATUSES)?;
    let of = RunRef::from(&args.of);
    context.check_step(of, &args.step_id)?;
    let step = service::plan::update_step(&context.api()?, of, &args.step_id, status)?;
    let reached = step.text("status").unwrap_or(status);
    if reached != status {
        out::warning(&format!("the service says `{reached}`, not `{status}`"));
    }
    let now = context.now();
    context.keep_in_step(of.mission, Some(of.run), |mission| {
        // What follows from it is the next tick's to decide.
        mission.set_tick_due(Some(now));
    });
    let text = || format!("Updated step '{}': {reached}", args.step_id);
    context.printer.done(step.value(), text)?;
    Ok(Exit::Done)
}

impl Context {
    /// Refuses (exit 2) a step that the plan of a run kept here does not have. A run that is not kept here,
    /// or whose plan is not, is for the service to judge.
    pub(crate) fn check_step(&self, of: RunRef, step: &str) -> anyhow::Result<()> {
        let Ok(missions) = self.file.read() else { return Ok(()) };
        let slug = missions.slug_of(of.mission, Some(of.run));
        let plan = slug.and_then(|slug| missions.get(slug)?.part::<Vec<Value>>("plan"));
        Ok(input::step_of(&plan.unwrap_or_default(), step)?)
    }
}
