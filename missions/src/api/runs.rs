//! Runs of a mission, their plan, log and linked assistants (facts/server.md 4.6).

use serde_json::{Map, Value, json};
use state::api::{Path, path};

use super::list::Form;
use super::{Api, Listing, Pages, Row, new_post};

/// Which run is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunRef<'a> {
    /// The service's id of the mission.
    pub(crate) mission: &'a str,
    /// The id of the run.
    pub(crate) run: &'a str,
}

impl RunRef<'_> {
    fn path(&self, rest: &[&str]) -> anyhow::Result<Path> {
        let mut segments = vec!["v1", "missions", self.mission, "runs", self.run];
        segments.extend(rest);
        Ok(path(&segments)?)
    }
}

/// What a run is set to. Nothing but what is given is changed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunResult<'a> {
    /// In words.
    pub(crate) summary: Option<&'a str>,
    /// In JSON.
    pub(crate) payload: Option<&'a Value>,
}

/// An event for the log of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewEvent<'a> {
    /// One of the event types of facts/server.md 5.
    pub(crate) kind: &'a str,
    /// What happened.
    pub(crate) summary: &'a str,
    /// Who logs it.
    pub(crate) agent_id: &'a str,
    /// The plan step it belongs to.
    pub(crate) step_id: Option<&'a str>,
    /// Details.
    pub(crate) payload: Option<&'a Value>,
    /// The service keeps one event per key and run.
    pub(crate) idempotency_key: Option<&'a str>,
}

impl Api {
    /// `POST …/runs`.
    pub(crate) fn create_run(&self, mission: &str, input: &Value) -> anyhow::Result<Row> {
        let path = path(&["v1", "missions", mission, "runs"])?;
        let request = new_post(path, json!({ "input": input }));
        self.make(&request, &["data", "run"], &["run_id", "id"])
    }

    /// `GET …/runs/{run}`.
    pub(crate) fn run(&self, of: RunRef) -> anyhow::Result<Row> {
        self.get(of.path(&[])?, &[], &["data", "run"])
    }

    /// `GET …/runs`.
    pub(crate) fn runs(&self, mission: &str, pages: Pages) -> anyhow::Result<Listing> {
        let path = path(&["v1", "missions", mission, "runs"])?;
        self.list(&path, &[], Form::CARRIER, pages)
    }

    /// `PATCH …/runs/{run}`.
    pub(crate) fn update_run(
        &self,
        of: RunRef,
        status: &str,
        result: RunResult,
    ) -> anyhow::Result<Row> {
        let mut body = Map::new();
        body.insert("status".to_owned(), status.into());
        if let Some(summary) = result.summary {
            body.insert("result_summary".to_owned(), summary.into());
        }
        if let Some(payload) = result.payload {
            body.insert("result_payload".to_owned(), payload.clone());
        }
        self.patch(of.path(&[])?, body.into(), &["data", "run"])
    }

    /// `POST …/plan`: the whole answer.
    pub(crate) fn create_plan(&self, of: RunRef, steps: &[Value]) -> anyhow::Result<Row> {
        self.post(of.path(&["plan"])?, json!({ "steps": steps }), &[])
    }

    /// `GET …/plan`.
    pub(crate) fn plan(&self, of: RunRef) -> anyhow::Result<Listing> {
        let form = Form { list: "data", ..Form::CARRIER };
        self.list(&of.path(&["plan"])?, &[], form, Pages::One(None, None))
    }

    /// `PATCH …/plan/steps/{step}`.
    pub(crate) fn update_step(&self, of: RunRef, step: &str, status: &str) -> anyhow::Result<Row> {
        self.patch(
            of.path(&["plan", "steps", step])?,
            json!({ "status": status }),
            &["data", "step"],
        )
    }

    /// `POST …/events`.
    pub(crate) fn log_event(&self, of: RunRef, event: &NewEvent) -> anyhow::Result<Row> {
        let mut body = Map::new();
        for (key, text) in [
            ("type", Some(event.kind)),
            ("summary", Some(event.summary)),
            ("agent_id", Some(event.agent_id)),
            ("step_id", event.step_id),
            ("idempotency_key", event.idempotency_key),
        ] {
            if let Some(text) = text {
                body.insert(key.to_owned(), text.into());
            }
        }
        if let Some(payload) = event.payload {
            body.insert("payload".to_owned(), payload.clone());
        }
        self.post(of.path(&["events"])?, body.into(), &["data", "event"])
    }

    /// `GET …/events`.
    pub(crate) fn events(&self, of: RunRef, pages: Pages) -> anyhow::Result<Listing> {
        self.list(&of.path(&["events"])?, &[], Form::CARRIER, pages)
    }

    /// `POST …/agents` with the assistant's own id; the answer names it by the carrier's.
    pub(crate) fn link_agent(&self, of: RunRef, assistant: &str) -> anyhow::Result<Row> {
        self.post(
            of.path(&["agents"])?,
            json!({ "telnyx_agent_id": assistant }),
            &["data", "agent"],
        )
    }

    /// `GET …/agents`.
    pub(crate) fn agents(&self, of: RunRef, pages: Pages) -> anyhow::Result<Listing> {
        self.list(&of.path(&["agents"])?, &[], Form::CARRIER, pages)
    }

    /// `DELETE …/agents/{agent}`.
    pub(crate) fn unlink_agent(&self, of: RunRef, assistant: &str) -> anyhow::Result<()> {
        self.delete(of.path(&["agents", assistant])?).map(drop)
    }
}
