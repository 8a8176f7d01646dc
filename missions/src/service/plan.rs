//! `…/runs/{run}/plan`: the plan of a run. A run has one plan at most; a step needs `step_id`, `sequence` and
//! `description`, and a plan cannot be replaced.

use serde_json::{Value, json};

use super::list::{self, ListFormat};
use super::{Listing, Pages, RunRef, ServiceApi, ServiceRow};

/// `POST …/plan`: the whole answer.
pub(crate) fn create(api: &ServiceApi, run: RunRef, steps: &[Value]) -> anyhow::Result<ServiceRow> {
    api.post(run.path(&["plan"])?, json!({ "steps": steps }), &[])
}

/// `GET …/plan`: its steps; none if there is no plan.
pub(crate) fn get(api: &ServiceApi, run: RunRef) -> anyhow::Result<Listing> {
    let format = ListFormat { list: "data", ..ListFormat::CARRIER };
    list::fetch(api, &run.path(&["plan"])?, &[], format, Pages::One(None, None))
}

/// `PATCH …/plan/steps/{step}`.
pub(crate) fn update_step(
    api: &ServiceApi,
    run: RunRef,
    step: &str,
    status: &str,
) -> anyhow::Result<ServiceRow> {
    let path = run.path(&["plan", "steps", step])?;
    api.patch(path, json!({ "status": status }), &["data", "step"])
}
