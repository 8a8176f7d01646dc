//! One tick: which missions are due, each processed in turn, under the lock of ticks.

use std::time::Duration;

use jiff::Timestamp;
use state::lock::Lock;

use super::Engine;
use super::process::process;
use super::pushed_events::{PushedEvents, PushedFields};
use super::report::{MissionReport, TickSummary};
use super::snapshot::{GlobalInputs, MissionSnapshot};
use crate::context::CommandContext;
use crate::store::{Mission, progress};

/// How long a command that ends a mission waits for a tick at work.
const WAIT: Duration = Duration::from_secs(60);

/// A mission that is processed in this tick.
struct DueMission {
    mission_id: Option<String>,
    snapshot: MissionSnapshot,
    pushed: PushedFields,
}

/// The lock of ticks, for a command that ends a mission. Waits for a tick at work; fails (exit 5) after a minute.
pub(crate) fn lock(context: &CommandContext) -> anyhow::Result<Lock> {
    Lock::acquire(&context.store.lock_beside("tick")?, WAIT)
}

/// Processes the missions that are due, or the one that is named if it is; `None` if another program ticks.
pub(crate) fn run_tick(
    context: &CommandContext,
    slug: Option<&str>,
) -> anyhow::Result<Option<TickSummary>> {
    let Some(_lock) = Lock::try_acquire(&context.store.lock_beside("tick")?)? else {
        return Ok(None);
    };
    run_locked(context, slug).map(Some)
}

fn run_locked(context: &CommandContext, only: Option<&str>) -> anyhow::Result<TickSummary> {
    let missions = context.store.read()?;
    let slugs: Vec<String> = match only {
        Some(slug) => vec![missions.require(slug)?.slug().to_owned()],
        None => missions.iter().map(|mission| mission.slug().to_owned()).collect(),
    };
    let mut pushed = PushedEvents::read(context)?;
    pushed.mark_unknown_used(missions.iter());
    let mut summary = TickSummary::default();
    let mut engine: Option<Engine> = None;
    let inputs = GlobalInputs::read(context)?;
    let mut unchanged = Some(missions);
    for slug in &slugs {
        let now = context.now();
        let missions = unchanged.take().map_or_else(|| context.store.read(), Ok);
        let due = missions.and_then(|missions| {
            let mission = missions.get(slug);
            let due =
                mission.map_or(Ok(None), |one| due(&one, &inputs, &pushed, now, &mut summary));
            unchanged = Some(missions);
            due
        });
        let due = match due {
            Ok(Some(due)) => due,
            Ok(None) => continue,
            // What cannot be read of one mission does not stop the others.
            Err(err) => {
                let mut report = MissionReport::default();
                report.stop("reading", &err);
                summary.reports.push((slug.clone(), report));
                continue;
            }
        };
        let engine = match &mut engine {
            Some(engine) => engine,
            none => none.insert(Engine::new(context)?),
        };
        // Before the file is changed: see `StateFile::change`.
        unchanged = None;
        let report = process(engine, slug, Some((&due.snapshot, &due.pushed)));
        if !report.is_stopped() {
            pushed.mark_used(due.mission_id.as_deref());
        }
        summary.note_next(report.next_tick);
        let is_offline = report.is_offline();
        summary.reports.push((slug.clone(), report));
        if is_offline {
            break;
        }
    }
    pushed.remove_used(context)?;
    Ok(summary)
}

/// What there is to process of a mission that is due. Of one that is not, the summary learns when it is.
fn due(
    mission: &Mission,
    inputs: &GlobalInputs,
    pushed: &PushedEvents,
    now: Timestamp,
    summary: &mut TickSummary,
) -> anyhow::Result<Option<DueMission>> {
    // Most missions of an old file have ended: their events are not even read.
    if progress::is_finished(mission) && !inputs.has_recent_reply(now) {
        return Ok(None);
    }
    let snapshot = MissionSnapshot::read(mission, inputs)?;
    let pushed = pushed.about(mission)?;
    let next = next_tick(mission, &snapshot, now);
    if pushed.is_empty() && next.is_none_or(|next| next > now) {
        summary.note_next(next);
        return Ok(None);
    }
    let mission_id = mission.mission_id().map(str::to_owned);
    Ok(Some(DueMission { mission_id, snapshot, pushed }))
}

/// When a tick next has something to do for a mission; `None` if only a command can change anything.
fn next_tick(mission: &Mission, snapshot: &MissionSnapshot, now: Timestamp) -> Option<Timestamp> {
    if mission.mission_id().is_none() || mission.run_id().is_none() {
        return None;
    }
    if snapshot.has_reply_to_log() {
        return Some(now);
    }
    if snapshot.applied.is_finished() {
        return None;
    }
    let due = progress::tick_due(mission);
    if snapshot.applied.ending.is_some() {
        return Some(due.unwrap_or(now));
    }
    if mission.status().is_over() {
        return due;
    }
    if snapshot.is_to_unschedule() {
        return Some(now);
    }
    [due, snapshot.next_poll(now)].into_iter().flatten().min()
}
