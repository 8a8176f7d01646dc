//! What a tick does for one mission: polls it, carries out what is decided until nothing is left, and sets when it is due
//! again.

use jiff::{SignedDuration, Timestamp};
use state::exit::Fault;

use super::Engine;
use super::effect_result::EffectResult;
use super::execute::execute;
use super::fetch::fetch_plan_and_run;
use super::poll::poll;
use super::pushed_events::PushedFields;
use super::report::MissionReport;
use super::snapshot::MissionSnapshot;
use crate::lifecycle::{MissionDecision, MissionIds, later};
use crate::service::RunRef;
use crate::store::progress;

/// Each round of deciding gives fewer effects; more rounds than this are a defect.
const MOST_ROUNDS: usize = 50;

/// How long the gateway is left alone after it could not be reached: one that is off must not cost a request a minute.
const NOTIFY_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// A mission for which nothing is left to be done now.
#[derive(Debug)]
struct Fixpoint {
    snapshot: MissionSnapshot,
    /// When a tick was due for it before its plan was fetched.
    tick_due: Option<Timestamp>,
}

/// Decides, carries out what was decided, and sets when the mission is due again; before that polls it, if `polls` is what
/// is due. What it stopped at is in the report.
pub(crate) fn process(
    engine: &mut Engine,
    slug: &str,
    polls: Option<(&MissionSnapshot, &PushedFields)>,
) -> MissionReport {
    let mut report = MissionReport::default();
    let polled = match polls {
        Some((snapshot, pushed)) => poll(engine, slug, snapshot, pushed, &mut report),
        None => Ok(()),
    };
    let fixpoint = match polled {
        Ok(()) => run_to_fixpoint(engine, slug, &mut report).unwrap_or_else(|err| {
            report.stop("deciding", &err);
            None
        }),
        Err(err) => {
            report.stop("looking", &err);
            None
        }
    };
    if let Err(err) = reschedule(engine, slug, fixpoint, &mut report) {
        report.stop("writing", &err);
    }
    report
}

/// Decides and carries out the effects until there are none. `None` if it stopped before.
fn run_to_fixpoint(
    engine: &mut Engine,
    slug: &str,
    report: &mut MissionReport,
) -> anyhow::Result<Option<Fixpoint>> {
    let mut fetched = None;
    for _ in 0..MOST_ROUNDS {
        let missions = engine.context.store.read()?;
        let mission = missions.require(slug)?;
        let run = mission.require_run()?;
        let (mission_id, run_id) = (run.mission.to_owned(), run.run.to_owned());
        let ids = MissionIds { slug, run: RunRef { mission: &mission_id, run: &run_id } };
        report.ids = (mission_id.clone(), run_id.clone());
        let (tick_due, (steps, run)) = match &fetched {
            Some(fetched) => fetched,
            None => fetched
                .insert((progress::tick_due(&mission), fetch_plan_and_run(&engine.api, ids.run)?)),
        };
        let now = engine.now();
        let snapshot = MissionSnapshot::of(engine.context, &mission)?;
        // Before the file is changed: see `StateFile::change`.
        drop(missions);
        let directive = snapshot.decide(now, steps, *run);
        report.decision = Some(directive.decision);
        if directive.effects.is_empty() {
            return Ok(Some(Fixpoint { snapshot, tick_due: *tick_due }));
        }
        for effect in &directive.effects {
            match execute(engine, ids, effect, report) {
                Ok(EffectResult::Applied) => report.add_done(effect),
                Ok(EffectResult::Refused(why)) => report.add_refused(effect, &why),
                Ok(EffectResult::Stale) => break,
                Err(err) => {
                    report.stop(&effect.key, &err);
                    return Ok(None);
                }
            }
        }
    }
    Err(Fault::usage("deciding does not come to an end").into())
}

/// Stores from when a tick has something to do for the mission, if its events alone do not say so.
fn reschedule(
    engine: &Engine,
    slug: &str,
    fixpoint: Option<Fixpoint>,
    report: &mut MissionReport,
) -> anyhow::Result<()> {
    let Fixpoint { snapshot, tick_due: was_due } = if let Some(fixpoint) = fixpoint {
        fixpoint
    } else {
        let missions = engine.context.store.read()?;
        let mission = missions.require(slug)?;
        let snapshot = MissionSnapshot::of(engine.context, &mission)?;
        Fixpoint { snapshot, tick_due: progress::tick_due(&mission) }
    };
    let now = engine.now();
    let next_poll = snapshot.next_poll(now);
    let is_finished = snapshot.applied.is_finished();
    let due = match &report.decision {
        _ if report.could_not_notify() => Some(later(now, NOTIFY_AGAIN)),
        _ if report.is_stopped() => Some(now),
        // Also after the end: that a retry is lost has to be noticed, however late.
        _ if snapshot.has_unconfirmed() => next_poll,
        Some(MissionDecision::Wait { until }) if next_poll.is_none() => Some(*until),
        Some(MissionDecision::Over(_)) if !is_finished => next_poll,
        _ => None,
    };
    if was_due != due {
        engine.context.store.change_mission(slug, |mission| {
            // If it is due for another reason since the plan was fetched, the next tick sees to that.
            if progress::tick_due(&mission.view()) == was_due {
                progress::set_tick_due(mission, due);
            }
            Ok(())
        })?;
    }
    report.is_finished = is_finished;
    let next_poll = next_poll.filter(|_| !is_finished);
    report.next_tick = [due, next_poll].into_iter().flatten().min();
    Ok(())
}
