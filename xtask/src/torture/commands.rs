//! Every other command that changes something, under kill -9 and lost responses: `call`, `sms`, `approval`, the
//! do-not-call list, the crontab, the ends of a mission, `setup` and `uninstall`.

mod approvals;
mod calls_and_texts;
mod lists;
pub(super) mod mission_ends;
pub(super) mod setup;
pub(super) mod stage;
mod state_files;

use std::path::Path;
use std::time::Instant;

use harness::Rng;
use serde_json::Value;
use state::out;

use super::plan::TorturePlan;
use stage::{CommandStage, Tally};

/// Rounds on one stage: the service's record grows with each, and so would the time that one takes.
const BATCH: usize = 40;

/// One thing after the other, each with a number of its own, so that its effects can be found.
pub(super) type Round = fn(&mut CommandStage, usize);

/// What a round may be; oftener the ones that reach people.
const ROUNDS: [Round; 10] = [
    calls_and_texts::call,
    calls_and_texts::call,
    calls_and_texts::text,
    calls_and_texts::text,
    approvals::approval,
    lists::do_not_call,
    lists::crontab,
    mission_ends::end,
    state_files::remove,
    state_files::recover,
];

/// The rounds that are run on a bad disk as they are. What reaches people is checked more closely there.
pub(super) const LOCAL: [Round; 6] = [
    approvals::approval,
    lists::do_not_call,
    lists::crontab,
    mission_ends::end,
    state_files::remove,
    state_files::recover,
];

/// Kills as planned, then counts. `faults` of the summary lists everything that must not be.
pub(super) fn torture(programs: &Path, plan: TorturePlan) -> Value {
    let (began, mut tally, mut n) = (Instant::now(), Tally::default(), 0);
    let mut reported = 0;
    while tally.kills < plan.kills && began.elapsed() < plan.limit {
        let seed = plan.seed.wrapping_add(n as u64);
        let mut stage = CommandStage::new(programs, seed);
        for _ in 0..BATCH {
            if stage.tally.kills + tally.kills >= plan.kills || began.elapsed() >= plan.limit {
                break;
            }
            let round = stage.rng.index(ROUNDS.len());
            ROUNDS[round](&mut stage, n);
            n += 1;
        }
        tally.add(stage.tally);
        if tally.kills < plan.kills && began.elapsed() < plan.limit {
            // A machine of its own, with a gateway whose configuration is changed.
            tally.add(setup::torture(programs, Rng::new(seed), None));
        }
        if tally.kills >= reported + 50 {
            reported = tally.kills;
            out::progress(&format!("{reported} kills, {} commands", tally.commands));
        }
    }
    tally.json(began.elapsed())
}
