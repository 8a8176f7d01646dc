//! One pass over the missions: which of them are due, each looked after in turn.

use jiff::Timestamp;
use state::lock::Lock;

use super::heard::{Heard, Words};
use super::known::{Around, Known};
use super::report::Report;
use super::{Tick, lock_path};
use crate::context::Context;
use crate::state_file::Mission;

/// What a pass did, mission by mission, and when the next one may have something to do.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// The missions that were looked after.
    pub(crate) reports: Vec<(String, Report)>,
    /// When there may be something to do again, as far as that is known.
    pub(crate) next: Option<Timestamp>,
}

/// A mission that is looked after now.
struct Due {
    id: Option<String>,
    known: Known,
    heard: Words,
}

/// Makes a pass over one mission or all; `None` if another program is at it.
pub(crate) fn pass(context: &Context, slug: Option<&str>) -> anyhow::Result<Option<Passed>> {
    let Some(_lock) = Lock::try_hold(&lock_path(context)?)? else { return Ok(None) };
    passed(context, slug).map(Some)
}

fn passed(context: &Context, only: Option<&str>) -> anyhow::Result<Passed> {
    let missions = context.file.read()?;
    let slugs: Vec<String> = match only {
        Some(slug) => vec![missions.known(slug)?.slug().to_owned()],
        None => missions.iter().map(|mission| mission.slug().to_owned()).collect(),
    };
    let mut heard = Heard::read(context)?;
    heard.drop_strangers(missions.iter());
    let mut passed = Passed::default();
    let mut tick: Option<Tick> = None;
    let around = Around::read(context)?;
    let mut held = Some(missions);
    for slug in &slugs {
        let now = context.now();
        let found = held.take().map_or_else(|| context.file.read(), Ok).and_then(|missions| {
            let mission = missions.get(slug);
            let found = mission.map_or(Ok(None), |one| passed.due(&one, &around, &heard, now));
            held = Some(missions);
            found
        });
        let due = match found {
            Ok(Some(due)) => due,
            Ok(None) => continue,
            // What cannot be read in one mission does not stop the others.
            Err(err) => {
                let mut report = Report::default();
                report.failed("reading", &err);
                passed.reports.push((slug.clone(), report));
                continue;
            }
        };
        let tick = match &mut tick {
            Some(tick) => tick,
            none => none.insert(Tick::new(context)?),
        };
        // As in `follow`: a change copies what is held.
        held = None;
        let report = tick.look_after(slug, Some((&due.known, &due.heard)));
        if !report.is_stopped() {
            heard.used(due.id.as_deref());
        }
        passed.next = [passed.next, report.next].into_iter().flatten().min();
        let is_offline = report.is_offline();
        passed.reports.push((slug.clone(), report));
        if is_offline {
            break;
        }
    }
    heard.forget(context)?;
    Ok(passed)
}

impl Passed {
    /// What is known of a mission that is due; of one that is not, when it is next.
    fn due(
        &mut self,
        mission: &Mission,
        around: &Around,
        heard: &Heard,
        now: Timestamp,
    ) -> anyhow::Result<Option<Due>> {
        // Most missions of an old file have ended: their events are not even read.
        if mission.is_settled() {
            return Ok(None);
        }
        let known = Known::read(mission, around)?;
        let heard = heard.of(mission)?;
        let next = next_tick(mission, &known, now);
        if heard.is_empty() && next.is_none_or(|next| next > now) {
            self.next = [self.next, next].into_iter().flatten().min();
            return Ok(None);
        }
        Ok(Some(Due { id: mission.mission_id().map(str::to_owned), known, heard }))
    }
}

/// When a mission is next looked after; `None` if only somebody's doing can change anything.
fn next_tick(mission: &Mission, known: &Known, now: Timestamp) -> Option<Timestamp> {
    if mission.mission_id().is_none() || mission.run_id().is_none() || known.ledger.is_settled() {
        return None;
    }
    let due = mission.tick_due();
    if known.ledger.ending.is_some() {
        return Some(due.unwrap_or(now));
    }
    if mission.status().is_over() {
        return due;
    }
    if known.is_to_withdraw() {
        return Some(now);
    }
    [due, known.next_look(now)].into_iter().flatten().min()
}
