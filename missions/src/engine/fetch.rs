//! The plan and the run of a mission as the service has them.

use crate::lifecycle::{PlanStep, RunEnd, RunState, StepStatus};
use crate::service::{self, RunRef, ServiceApi, ServiceRow, step_id};

/// Fetches the steps of the plan, in their order, and the run.
pub(crate) fn fetch_plan_and_run(
    api: &ServiceApi,
    run: RunRef,
) -> anyhow::Result<(Vec<PlanStep>, RunState)> {
    let state = run_state(&service::runs::get(api, run)?);
    let mut rows = service::plan::get(api, run)?.rows();
    rows.sort_by_key(|row| row.value()["sequence"].as_i64());
    let step = |row: &ServiceRow| {
        let id = step_id(row.value())?;
        let description = row.text("description").or_else(|| row.text("title"));
        let status = StepStatus::read(row.text("status").unwrap_or("pending"));
        Some(PlanStep { description: description.unwrap_or(&id).to_owned(), status, id })
    };
    Ok((rows.iter().filter_map(step).collect(), state))
}

fn run_state(run: &ServiceRow) -> RunState {
    match run.text("status").unwrap_or_default() {
        "paused" => RunState::Paused,
        "succeeded" | "completed" => RunState::Ended(RunEnd::Succeeded),
        "failed" => RunState::Ended(RunEnd::Failed),
        "cancelled" | "canceled" => RunState::Ended(RunEnd::Cancelled),
        _ => RunState::Running,
    }
}
