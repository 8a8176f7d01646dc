//! What the service says of a mission's run and its plan.

use state::exit::Fault;

use super::{Tick, carry};
use crate::lifecycle::{Run, RunEnd, Step, StepStatus};
use crate::service::{self, RunRef, ServiceRow, step_id};
use crate::state_file::Mission;

impl Tick<'_> {
    /// The plan and the run as the service has them.
    pub(super) fn facts(&self, names: carry::Names) -> anyhow::Result<(Vec<Step>, Run)> {
        let of = RunRef { mission: names.mission, run: names.run };
        let run = run(&service::runs::get(&self.api, of)?);
        let mut rows = service::plan::get(&self.api, of)?.rows();
        rows.sort_by_key(|row| row.value()["sequence"].as_i64());
        let step = |row: &ServiceRow| {
            let id = step_id(row.value())?;
            let description = row.text("description").or_else(|| row.text("title"));
            let status = StepStatus::read(row.text("status").unwrap_or("pending"));
            Some(Step { description: description.unwrap_or(&id).to_owned(), status, id })
        };
        Ok((rows.iter().filter_map(step).collect(), run))
    }

    /// The plan and the run of a mission of the state file.
    pub(crate) fn facts_of(&self, mission: &Mission) -> anyhow::Result<(Vec<Step>, Run)> {
        let (mission_id, run) = ids(mission)?;
        self.facts(carry::Names { slug: mission.slug(), mission: mission_id, run })
    }
}

/// The ids by which the service knows a mission and its run.
pub(crate) fn ids<'a>(mission: &Mission<'a>) -> Result<(&'a str, &'a str), Fault> {
    match (mission.mission_id(), mission.run_id()) {
        (Some(mission), Some(run)) => Ok((mission, run)),
        _ => Err(Fault::usage(format!("mission `{}` has no run at the service", mission.slug()))
            .hint("run its `missions init` again: it goes on where it stopped")),
    }
}

fn run(row: &ServiceRow) -> Run {
    match row.text("status").unwrap_or_default() {
        "paused" => Run::Paused,
        "succeeded" | "completed" => Run::Ended(RunEnd::Succeeded),
        "failed" => Run::Ended(RunEnd::Failed),
        "cancelled" | "canceled" => Run::Ended(RunEnd::Cancelled),
        _ => Run::Running,
    }
}
