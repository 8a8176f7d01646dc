//! `…/runs/{run}/events`: the log of a run. Its entries are called events by the service; here that word is left to
//! scheduled calls and texts.

use serde_json::{Map, Value};

use super::list::{self, ListFormat};
use super::{Listing, Pages, RunRef, ServiceApi, ServiceRow};

/// The author of the entries that this program writes by itself.
pub(crate) const OWN_AGENT_ID: &str = "clawdtalk-missions";

/// An entry for the log of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewLogEntry<'a> {
    /// Its type, one of [`EVENT_TYPES`](crate::input::EVENT_TYPES).
    pub(crate) kind: &'a str,
    /// What happened.
    pub(crate) summary: &'a str,
    /// Who logs it.
    pub(crate) agent_id: &'a str,
    /// The plan step it belongs to.
    pub(crate) step_id: Option<&'a str>,
    /// Details.
    pub(crate) payload: Option<&'a Value>,
    /// The service stores one entry per key and run.
    pub(crate) idempotency_key: Option<&'a str>,
}

/// `POST …/events`.
pub(crate) fn add(
    api: &ServiceApi,
    run: RunRef,
    entry: &NewLogEntry,
) -> anyhow::Result<ServiceRow> {
    let mut body = Map::new();
    for (key, text) in [
        ("type", Some(entry.kind)),
        ("summary", Some(entry.summary)),
        ("agent_id", Some(entry.agent_id)),
        ("step_id", entry.step_id),
        ("idempotency_key", entry.idempotency_key),
    ] {
        if let Some(text) = text {
            body.insert(key.to_owned(), text.into());
        }
    }
    if let Some(payload) = entry.payload {
        body.insert("payload".to_owned(), payload.clone());
    }
    api.post(run.path(&["events"])?, body.into(), &["data", "event"])
}

/// `GET …/events`.
pub(crate) fn list(api: &ServiceApi, run: RunRef, pages: Pages) -> anyhow::Result<Listing> {
    list::fetch(api, &run.path(&["events"])?, &[], ListFormat::CARRIER, pages)
}
