//! Assistants (facts/server.md 4.8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use state::api::path;

use super::list::Form;
use super::{Api, Listing, Pages, Row, new_post};

const LIST: Form = Form {
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

/// An assistant that is to be created: the body of the request, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewAssistant(Map<String, Value>);

impl NewAssistant {
    /// The defaults of the reference: no voice of its own (the account's preference rules), hangup and
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

    /// Whether an assistant of the service's is as this one was to be: same name and texts.
    pub(crate) fn is_like(&self, row: &Row) -> bool {
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

impl Api {
    /// `POST /v1/assistants`; the key lets a service that knows it recognise a repeated request.
    pub(crate) fn create_assistant(&self, new: &NewAssistant, key: &str) -> anyhow::Result<Row> {
        let body = Value::Object(new.0.clone());
        let request = new_post("/v1/assistants".into(), body).header("idempotency-key", key);
        self.make(&request, &["assistant", "data"], &["id", "assistant_id"])
    }

    /// `GET /v1/assistants`.
    pub(crate) fn assistants(&self, name: Option<&str>, pages: Pages) -> anyhow::Result<Listing> {
        let query: Vec<(&str, &str)> = name.map(|name| ("name", name)).into_iter().collect();
        self.list(&"/v1/assistants".into(), &query, LIST, pages)
    }

    /// `GET /v1/assistants/{id}`.
    pub(crate) fn assistant(&self, id: &str) -> anyhow::Result<Row> {
        self.get(path(&["v1", "assistants", id])?, &[], &["assistant", "data"])
    }

    /// `PATCH /v1/assistants/{id}`.
    pub(crate) fn update_assistant(&self, id: &str, changes: &Value) -> anyhow::Result<Row> {
        self.patch(path(&["v1", "assistants", id])?, changes.clone(), &["assistant", "data"])
    }

    /// `DELETE /v1/assistants/{id}`.
    pub(crate) fn delete_assistant(&self, id: &str) -> anyhow::Result<()> {
        self.delete(path(&["v1", "assistants", id])?).map(drop)
    }

    /// `GET /v1/assistants/{id}/connection-id`.
    ///
    /// Fails if there is no `connection_id` in the answer.
    pub(crate) fn connection(&self, assistant: &str, feature: Feature) -> anyhow::Result<Row> {
        let path = path(&["v1", "assistants", assistant, "connection-id"])?;
        let answer = self.client.get(path, &[("feature", feature.word())])?;
        let lacks = answer.lacks("`connection_id`");
        let row = super::object(answer, &["data"])?;
        if row.id(&["connection_id"]).is_none() { Err(lacks.into()) } else { Ok(row) }
    }
}
