//! `/v1/missions/{mission}/runs`: runs of a mission.

use serde_json::{Map, Value, json};
use state::api::{UrlPath, url_path};

use super::list::{self, ListFormat};
use super::{Listing, Pages, ServiceApi, ServiceRow, new_post};

/// Which run is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunRef<'a> {
    /// The service's id of the mission.
    pub(crate) mission: &'a str,
    /// The id of the run.
    pub(crate) run: &'a str,
}

impl RunRef<'_> {
    /// The path of the run, or of something below it.
    pub(super) fn path(&self, rest: &[&str]) -> anyhow::Result<UrlPath> {
        let mut segments = vec!["v1", "missions", self.mission, "runs", self.run];
        segments.extend(rest);
        Ok(url_path(&segments)?)
    }
}

/// The result that a run is given. What is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunResult<'a> {
    /// In words.
    pub(crate) summary: Option<&'a str>,
    /// In JSON.
    pub(crate) payload: Option<&'a Value>,
}

/// `POST …/runs`. The endpoint takes no idempotency key.
pub(crate) fn create(api: &ServiceApi, mission: &str, input: &Value) -> anyhow::Result<ServiceRow> {
    let path = url_path(&["v1", "missions", mission, "runs"])?;
    let request = new_post(path, json!({ "input": input }));
    api.create(&request, &["data", "run"], &["run_id", "id"])
}

/// `GET …/runs/{run}`.
pub(crate) fn get(api: &ServiceApi, run: RunRef) -> anyhow::Result<ServiceRow> {
    api.get(run.path(&[])?, &[], &["data", "run"])
}

/// `GET …/runs`.
pub(crate) fn list(api: &ServiceApi, mission: &str, pages: Pages) -> anyhow::Result<Listing> {
    let path = url_path(&["v1", "missions", mission, "runs"])?;
    list::fetch(api, &path, &[], ListFormat::CARRIER, pages)
}

/// `PATCH …/runs/{run}`.
pub(crate) fn update(
    api: &ServiceApi,
    run: RunRef,
    status: &str,
    result: RunResult,
) -> anyhow::Result<ServiceRow> {
    let mut body = Map::new();
    body.insert("status".to_owned(), status.into());
    if let Some(summary) = result.summary {
        body.insert("result_summary".to_owned(), summary.into());
    }
    if let Some(payload) = result.payload {
        body.insert("result_payload".to_owned(), payload.clone());
    }
    api.patch(run.path(&[])?, body.into(), &["data", "run"])
}
