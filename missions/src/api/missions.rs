//! Missions and insights (facts/server.md 4.5, 4.7).

use serde_json::{Map, Value};
use state::api::path;

use super::list::Form;
use super::{Api, Listing, Pages, Row, new_post};

const LIST: Form = Form {
    list: "missions",
    page: "page[number]",
    size: "page[size]",
    default: Some(20),
    names_first: false,
};

/// A mission that is to be created.
#[derive(Clone, Debug)]
pub(crate) struct NewMission<'a> {
    /// What people call it.
    pub(crate) name: &'a str,
    /// What is to be done.
    pub(crate) instructions: &'a str,
    /// `voice`, `sms` or `both`.
    pub(crate) channel: Option<&'a str>,
    /// Kept by the service.
    pub(crate) metadata: Option<&'a Value>,
}

impl Api {
    /// `POST /v1/missions`.
    pub(crate) fn create_mission(&self, new: &NewMission) -> anyhow::Result<Row> {
        let mut body = Map::new();
        body.insert("name".to_owned(), new.name.into());
        body.insert("instructions".to_owned(), new.instructions.into());
        if let Some(channel) = new.channel {
            body.insert("channel".to_owned(), channel.into());
        }
        if let Some(metadata) = new.metadata {
            body.insert("metadata".to_owned(), metadata.clone());
        }
        let request = new_post("/v1/missions".into(), body.into());
        self.make(&request, &["mission", "data"], &["id", "mission_id"])
    }

    /// `GET /v1/missions/{id}`.
    pub(crate) fn mission(&self, id: &str) -> anyhow::Result<Row> {
        self.get(path(&["v1", "missions", id])?, &[], &["mission", "data"])
    }

    /// `GET /v1/missions`.
    pub(crate) fn missions(&self, status: Option<&str>, pages: Pages) -> anyhow::Result<Listing> {
        let query: Vec<(&str, &str)> =
            status.map(|status| ("status", status)).into_iter().collect();
        self.list(&"/v1/missions".into(), &query, LIST, pages)
    }

    /// `POST /v1/missions/{id}/cancel`.
    pub(crate) fn cancel_mission(&self, id: &str) -> anyhow::Result<Row> {
        let path = path(&["v1", "missions", id, "cancel"])?;
        self.post(path, Value::Object(Map::new()), &["mission", "data"])
    }

    /// `GET /v1/missions/conversations/{id}/insights`: the whole answer, whose shape the sources disagree about.
    pub(crate) fn insights(&self, conversation: &str) -> anyhow::Result<Row> {
        let path = path(&["v1", "missions", "conversations", conversation, "insights"])?;
        self.get(path, &[], &[])
    }
}
