//! `/v1/assistants`: the assistants that call and text. The list has no paging metadata, and may ignore what is asked of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use state::api::url_path;

use super::list::{self, ListFormat};
use super::{Listing, Pages, ServiceApi, ServiceRow, new_post};

const LIST: ListFormat = ListFormat {
    list: "assistants",
    page: "page",
    size: "pageSize",
    default: Some(25),
    names_first: true,
};

/// What an assistant can do, and what a number is connected for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// Calls.
    Telephony,
    /// Texts.
    Messaging,
}

impl Feature {
    /// All of them, by their words on the wire.
    pub(crate) const WORDS: [&str; 2] = ["telephony", "messaging"];

    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Telephony => "telephony",
            Self::Messaging => "messaging",
        }
    }
}

/// An assistant that is to be created: the whole body of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewAssistant(Map<String, Value>);

impl NewAssistant {
    /// With the defaults of `telnyx_api.py`: no voice of its own (the account's preference is used), hangup and
    /// `send_dtmf` (most outbound calls reach a menu first), both features.
    pub(crate) fn new(name: &str, instructions: &str, greeting: &str) -> Self {
        let tools = json!([
            {"type": "hangup", "hangup": {"description": "End the call when it is done."}},
            {"type": "send_dtmf", "send_dtmf": {}},
        ]);
        let body: [(&str, Value); 6] = [
            ("name", name.into()),
            ("model", "openai/gpt-4o".into()),
            ("instructions", instructions.into()),
            ("greeting", greeting.into()),
            ("tools", tools),
            ("enabled_features", json!(Feature::WORDS)),
        ];
        Self(body.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Sets a key of the body.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.0.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a listed assistant can be the one that this request was to create: same name and texts.
    pub(crate) fn is_like(&self, row: &ServiceRow) -> bool {
        let config = &row.value()["config"];
        let says = |key: &str| {
            let (top, inner) = (&row.value()[key], &config[key]);
            let found = if inner.is_null() { top } else { inner };
            // A list that leaves a text out says nothing about it.
            found.is_null() || Some(found) == self.0.get(key)
        };
        row.text("name") == Some(self.name()) && says("instructions") && says("greeting")
    }
}

/// `POST /v1/assistants`; the key lets a service that honours it recognise a repeated request.
pub(crate) fn create(
    api: &ServiceApi,
    new: &NewAssistant,
    key: &str,
) -> anyhow::Result<ServiceRow> {
    let body = Value::Object(new.0.clone());
    let request = new_post("/v1/assistants".into(), body).header("idempotency-key", key);
    api.create(&request, &["assistant", "data"], &["id", "assistant_id"])
}

/// `GET /v1/assistants`. Whether the service filters by the name is not known.
pub(crate) fn list(api: &ServiceApi, name: Option<&str>, pages: Pages) -> anyhow::Result<Listing> {
    let query: Vec<(&str, &str)> = name.map(|name| ("name", name)).into_iter().collect();
    list::fetch(api, &"/v1/assistants".into(), &query, LIST, pages)
}

/// `GET /v1/assistants/{id}`.
pub(crate) fn get(api: &ServiceApi, id: &str) -> anyhow::Result<ServiceRow> {
    api.get(url_path(&["v1", "assistants", id])?, &[], &["assistant", "data"])
}

/// `PATCH /v1/assistants/{id}`.
pub(crate) fn update(api: &ServiceApi, id: &str, changes: &Value) -> anyhow::Result<ServiceRow> {
    api.patch(url_path(&["v1", "assistants", id])?, changes.clone(), &["assistant", "data"])
}

/// `DELETE /v1/assistants/{id}`.
pub(crate) fn delete(api: &ServiceApi, id: &str) -> anyhow::Result<()> {
    api.delete(url_path(&["v1", "assistants", id])?).map(drop)
}

/// `GET /v1/assistants/{id}/connection-id`.
///
/// Fails if there is no `connection_id` in the answer.
pub(crate) fn connection_id(
    api: &ServiceApi,
    assistant: &str,
    feature: Feature,
) -> anyhow::Result<ServiceRow> {
    let path = url_path(&["v1", "assistants", assistant, "connection-id"])?;
    let answer = api.client.get(path, &[("feature", feature.word())])?;
    let lacks = answer.missing("`connection_id`");
    let row = super::object(answer, &["data"])?;
    if row.id(&["connection_id"]).is_none() { Err(lacks.into()) } else { Ok(row) }
}
