//! `/v1/missions`: missions at the service. Creating one also creates a run of the service's own, which shows
//! in the list of runs beside those that we create.

use serde_json::{Map, Value};
use state::api::url_path;

use super::list::{self, ListFormat};
use super::{Listing, Pages, ServiceApi, ServiceRow, new_post};

const LIST: ListFormat = ListFormat {
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
    /// Stored by the service with the mission.
    pub(crate) metadata: Option<&'a Value>,
}

/// `POST /v1/missions`. The endpoint takes no idempotency key.
pub(crate) fn create(api: &ServiceApi, new: &NewMission) -> anyhow::Result<ServiceRow> {
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
    api.create(&request, &["mission", "data"], &["id", "mission_id"])
}

/// `GET /v1/missions/{id}`.
pub(crate) fn get(api: &ServiceApi, id: &str) -> anyhow::Result<ServiceRow> {
    api.get(url_path(&["v1", "missions", id])?, &[], &["mission", "data"])
}

/// `GET /v1/missions`.
pub(crate) fn list(
    api: &ServiceApi,
    status: Option<&str>,
    pages: Pages,
) -> anyhow::Result<Listing> {
    let query: Vec<(&str, &str)> = status.map(|status| ("status", status)).into_iter().collect();
    list::fetch(api, &"/v1/missions".into(), &query, LIST, pages)
}

/// `POST /v1/missions/{id}/cancel`.
pub(crate) fn cancel(api: &ServiceApi, id: &str) -> anyhow::Result<ServiceRow> {
    let path = url_path(&["v1", "missions", id, "cancel"])?;
    api.post(path, Value::Object(Map::new()), &["mission", "data"])
}
