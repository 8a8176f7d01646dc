//! `…/runs/{run}/agents`: the assistants that are linked to a run, so that what they schedule shows there.

use serde_json::json;

use super::list::{self, ListFormat};
use super::{Listing, Pages, RunRef, ServiceApi, ServiceRow};

/// `POST …/agents` with the service's id of the assistant; the answer and the list name it by the carrier's id.
pub(crate) fn link(api: &ServiceApi, run: RunRef, assistant: &str) -> anyhow::Result<ServiceRow> {
    let body = json!({ "telnyx_agent_id": assistant });
    api.post(run.path(&["agents"])?, body, &["data", "agent"])
}

/// `GET …/agents`.
pub(crate) fn list(api: &ServiceApi, run: RunRef, pages: Pages) -> anyhow::Result<Listing> {
    list::fetch(api, &run.path(&["agents"])?, &[], ListFormat::CARRIER, pages)
}

/// `DELETE …/agents/{agent}`.
pub(crate) fn unlink(api: &ServiceApi, run: RunRef, assistant: &str) -> anyhow::Result<()> {
    api.delete(run.path(&["agents", assistant])?).map(drop)
}
