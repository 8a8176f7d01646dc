//! The endpoints that `missions` uses, typed where we act on what they say and tolerant where the sources
//! disagree (facts/server.md 4.5–4.10 and 11). One file per theme.

mod assistants;
mod list;
mod missions;
mod numbers;
mod row;
mod runs;
mod scheduled;

use jiff::Timestamp;
use serde_json::Value;
use state::api::{Answer, Client, Error, Path, Request};
use state::http::Method;

pub(crate) use assistants::{Feature, NewAssistant};
pub(crate) use list::{Listing, Pages};
pub(crate) use missions::NewMission;
pub(crate) use row::{Row, step_id};
pub(crate) use runs::{NewEvent, RunRef, RunResult};
pub(crate) use scheduled::{Channel, NewScheduled, Scheduled};

/// The service, as `missions` speaks to it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client,
}

impl Api {
    /// Speaks through this client.
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client that it speaks through.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The time by the service's clock, as far as it has told it: what is scheduled there happens by that.
    pub(crate) fn now(&self) -> Timestamp {
        self.client.service_time()
    }

    /// `GET /v1/me`: whose key this is.
    pub(crate) fn me(&self) -> Result<Row, Error> {
        self.client.get("/v1/me", &[]).map(|answer| Row::new(answer.into_json()))
    }

    fn get(&self, path: Path, query: &[(&str, &str)], wrappers: &[&str]) -> anyhow::Result<Row> {
        let answer = self.client.get(path, query)?;
        object(answer, wrappers)
    }

    fn post(&self, path: Path, body: Value, wrappers: &[&str]) -> anyhow::Result<Row> {
        object(self.client.post(path, body)?, wrappers)
    }

    /// A POST that makes a thing. Fails (exit 8) if the answer has none of these ids: then it may exist all
    /// the same, and nothing can be said of it.
    fn make(&self, request: &Request, wrappers: &[&str], ids: &[&str]) -> anyhow::Result<Row> {
        let answer = self.client.send(request)?;
        let lacks = answer.lacks(&format!("`{}`", ids[0]));
        let row = object(answer, wrappers)?;
        if row.id(ids).is_none() { Err(lacks.into()) } else { Ok(row) }
    }

    fn patch(&self, path: Path, body: Value, wrappers: &[&str]) -> anyhow::Result<Row> {
        object(self.client.patch(path, body)?, wrappers)
    }

    /// A DELETE; the answer may have no body.
    fn delete(&self, path: Path) -> anyhow::Result<Answer> {
        Ok(self.client.delete(path)?)
    }
}

fn new_post(path: Path, body: Value) -> Request {
    Request::new(Method::Post, path).body(body)
}

/// The object of an answer, out of the wrapper it came in.
///
/// Fails if there is none: a wrapper that holds null, or a list.
fn object(answer: Answer, wrappers: &[&str]) -> anyhow::Result<Row> {
    let lacks = answer.lacks("an object");
    let json = answer.into_json();
    let wrapped = wrappers.iter().find(|name| json.get(name).is_some_and(Value::is_object));
    let object = match wrapped {
        Some(name) => json[*name].clone(),
        None => json,
    };
    if object.is_object() { Ok(Row::new(object)) } else { Err(lacks.into()) }
}
