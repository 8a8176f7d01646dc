//! `missions` under kill -9 and lost responses: the work is done by the harness, which the tests use as well.

use std::path::Path;

use harness::torture::{self, MissionsTorture, RacesTorture, TicksTorture};
use serde_json::Value;

use super::plan::TorturePlan;

/// From so many kills on the crowd of writers is the one that the figures name: 64 programs, 100 appends each.
const FULL: usize = 300;

/// Kills as planned, then counts. `faults` of the summary lists everything that must not be.
pub(super) fn torture(programs: &Path, plan: TorturePlan) -> Value {
    let TorturePlan { kills, limit, seed } = plan;
    let writers = if kills >= FULL { (64, 100) } else { (8, 10) };
    let program = programs.join("missions").display().to_string();
    torture::missions(&program, MissionsTorture { kills, limit, writers, seed })
}

/// `cancel` against the clock and against other programs, so many times.
pub(super) fn races(programs: &Path, plan: TorturePlan, count: usize) -> Value {
    let TorturePlan { limit, seed, .. } = plan;
    let program = programs.join("missions").display().to_string();
    torture::races(&program, RacesTorture { count, limit, seed })
}

/// `tick` under kills, from the first tick of a mission to its end.
pub(super) fn ticks(programs: &Path, plan: TorturePlan) -> Value {
    let TorturePlan { kills, limit, seed } = plan;
    let program = programs.join("missions").display().to_string();
    torture::ticks(&program, TicksTorture { kills, limit, seed })
}
