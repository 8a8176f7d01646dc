//! `fail`: a person or an agent ends a mission as failed; what follows is done as in a tick.

use state::exit::{Exit, Fault};

use super::ensure_may_end;
use crate::args::Fail;
use crate::context::CommandContext;
use crate::engine::{self, Engine, MissionSnapshot};
use crate::input;
use crate::lifecycle::{MissionEnd, PlanStep, RunEnd, StepEnd, StepStatus};
use crate::store::progress;

pub(crate) fn run(context: &CommandContext, args: &Fail) -> anyhow::Result<Exit> {
    let (slug, reason) = (&*args.slug, input::not_blank("the reason", &args.reason)?.trim());
    let _lock = engine::lock(context)?;
    let missions = context.store.read()?;
    let mission = missions.require(slug)?;
    let snapshot = MissionSnapshot::of(context, &mission)?;
    ensure_may_end(&mission, &snapshot, RunEnd::Failed)?;
    let is_ended = snapshot.applied.ending.is_some();
    let run = if is_ended { None } else { Some(mission.require_run()?) };
    let mut engine = Engine::new(context)?;
    if let Some(run) = run {
        let (steps, _) = engine::fetch_plan_and_run(engine.api(), run)?;
        let step = failed_step(&steps, args.step.as_deref())?;
        end_as_failed(context, slug, step, reason)?;
    }
    drop(missions);
    let report = engine::process(&mut engine, slug, None);
    let missions = context.store.read()?;
    let end = MissionSnapshot::of(context, &missions.require(slug)?)?.applied.ending;
    let mut document = report.json(slug);
    document["status"] = "failed".into();
    document["step"] = end.as_ref().and_then(|end| end.step.clone()).into();
    document["reason"] = end.map(|end| end.summary).into();
    context.end(&document, || report.text(slug), report.fault(slug))
}

/// Stores that the step and the mission failed; everything else follows from that.
fn end_as_failed(
    context: &CommandContext,
    slug: &str,
    step: Option<String>,
    reason: &str,
) -> anyhow::Result<()> {
    let at = context.now();
    context.store.change_mission(slug, |mission| {
        progress::change_applied(mission, |applied| {
            if let Some(step) = &step {
                let end = StepEnd { completed: false, summary: reason.to_owned() };
                applied.steps.entry(step.clone()).or_insert(end);
            }
            let summary = reason.to_owned();
            let end = MissionEnd { status: RunEnd::Failed, step, summary, at, by_hand: true };
            applied.ending.get_or_insert(end);
        })
    })
}

/// The step that failed: the one that is named, else the one under way, else the first that is pending.
fn failed_step(steps: &[PlanStep], named: Option<&str>) -> Result<Option<String>, Fault> {
    if let Some(named) = named {
        let ids: Vec<&str> = steps.iter().map(|step| &*step.id).collect();
        if !ids.contains(&named) {
            return Err(Fault::usage(format!(
                "the plan has no step `{named}`; its steps are {}",
                ids.join(", ")
            )));
        }
        return Ok(Some(named.to_owned()));
    }
    let under_way = steps.iter().find(|step| step.status == StepStatus::InProgress);
    let pending = || steps.iter().find(|step| step.status == StepStatus::Pending);
    Ok(under_way.or_else(pending).map(|step| step.id.clone()))
}
