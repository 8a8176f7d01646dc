//! The endpoints of the service that `missions` uses, one module for each kind of thing there.
//!
//! What we act on is typed; everything else stays as the service sent it ([`ServiceRow`]), because its answers have more
//! than one form: an object comes bare or in a wrapper (`mission`, `data`, …), a list is named after what it holds
//! or `data`, an id stands under one of several keys, and every enumeration may grow. Mission, run and plan exist at the
//! service and at the carrier behind it, which numbers them differently; a scheduled event is named by the service's id.

pub(crate) mod assistants;
pub(crate) mod clock;
pub(crate) mod insights;
pub(crate) mod linked_agents;
mod list;
pub(crate) mod messages;
pub(crate) mod missions;
pub(crate) mod phone_numbers;
pub(crate) mod plan;
mod row;
pub(crate) mod run_log;
pub(crate) mod runs;
pub(crate) mod scheduled_events;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;
use state::api::{Client, Error, JsonResponse, Request, UrlPath};
use state::http::Method;

pub(crate) use assistants::{Feature, NewAssistant};
pub(crate) use list::{Listing, Pages};
pub(crate) use missions::NewMission;
pub(crate) use row::{ServiceRow, step_id};
pub(crate) use run_log::NewLogEntry;
pub(crate) use runs::{RunRef, RunResult};
pub(crate) use scheduled_events::{Channel, NewScheduledEvent, ScheduledRow};

/// The service, as `missions` speaks to it.
#[derive(Clone, Debug)]
pub(crate) struct ServiceApi {
    client: Client,
}

impl ServiceApi {
    /// Speaks through this client.
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client that it speaks through.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The time by the service's clock, which its answers show; this machine's until the first answer.
    pub(crate) fn now(&self) -> Timestamp {
        self.client.service_time()
    }

    /// `GET /v1/me`: whose key this is.
    pub(crate) fn me(&self) -> Result<ServiceRow, Error> {
        self.client.get("/v1/me", &[]).map(|answer| ServiceRow::new(answer.into_json()))
    }

    fn get(
        &self,
        path: UrlPath,
        query: &[(&str, &str)],
        wrappers: &[&str],
    ) -> anyhow::Result<ServiceRow> {
        let answer = self.client.get(path, query)?;
        object(answer, wrappers)
    }

    fn post(&self, path: UrlPath, body: Value, wrappers: &[&str]) -> anyhow::Result<ServiceRow> {
        object(self.client.post(path, body)?, wrappers)
    }

    /// A POST that creates something. Fails (exit 8) if the answer has none of these ids: it may have been created all
    /// the same, and could not be named.
    fn create(
        &self,
        request: &Request,
        wrappers: &[&str],
        ids: &[&str],
    ) -> anyhow::Result<ServiceRow> {
        let answer = self.client.send(request)?;
        let lacks = answer.missing(&format!("`{}`", ids[0]));
        let row = object(answer, wrappers)?;
        if row.id(ids).is_none() { Err(lacks.into()) } else { Ok(row) }
    }

    fn patch(&self, path: UrlPath, body: Value, wrappers: &[&str]) -> anyhow::Result<ServiceRow> {
        object(self.client.patch(path, body)?, wrappers)
    }

    /// A DELETE; the answer may have no body.
    fn delete(&self, path: UrlPath) -> anyhow::Result<JsonResponse> {
        Ok(self.client.delete(path)?)
    }
}

/// Whether the service says that there is no such thing (404).
pub(crate) fn is_not_found(err: &anyhow::Error) -> bool {
    err.downcast_ref::<Error>().and_then(Error::status) == Some(404)
}

/// A random idempotency key: 32 hex digits. The carrier takes letters, digits, `-` and `_`, and advises a random one.
pub(crate) fn new_idempotency_key() -> anyhow::Result<String> {
    let random = || getrandom::u64().context("asking the system for a random number");
    Ok(format!("{:016x}{:016x}", random()?, random()?))
}

fn new_post(path: UrlPath, body: Value) -> Request {
    Request::new(Method::Post, path).body(body)
}

/// The object of an answer, out of the wrapper it came in.
///
/// Fails if there is none: a wrapper that holds null, or a list.
fn object(answer: JsonResponse, wrappers: &[&str]) -> anyhow::Result<ServiceRow> {
    let lacks = answer.missing("an object");
    let json = answer.into_json();
    let wrapped = wrappers.iter().find(|name| json.get(name).is_some_and(Value::is_object));
    let object = match wrapped {
        Some(name) => json[*name].clone(),
        None => json,
    };
    if object.is_object() { Ok(ServiceRow::new(object)) } else { Err(lacks.into()) }
}
