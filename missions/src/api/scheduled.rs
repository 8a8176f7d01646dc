//! Scheduled calls and texts (facts/server.md 4.9).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::api::path;
use state::do_not_call::Reach;

use super::list::Form;
use super::{Api, Listing, Pages, Row, new_post};

const LIST: Form = Form { list: "events", ..Form::CARRIER };

/// By which way somebody is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    /// A phone call.
    Call,
    /// A text message.
    Sms,
}

impl Channel {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Sms => "sms",
        }
    }

    /// How it reaches somebody.
    pub(crate) fn reach(self) -> Reach {
        match self {
            Self::Call => Reach::Call,
            Self::Sms => Reach::Text,
        }
    }
}

/// A call or text that is to be scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewScheduled {
    /// The assistant that carries it out.
    pub(crate) assistant_id: String,
    /// Call or text.
    pub(crate) channel: Channel,
    /// Who is reached, in E.164.
    pub(crate) to: String,
    /// The number of the account that it comes from.
    pub(crate) from: String,
    /// The instant as it goes over the wire.
    pub(crate) scheduled_at: String,
    /// The words of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The service's mission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mission_id: Option<String>,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<String>,
    /// The plan step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step_id: Option<String>,
}

impl NewScheduled {
    /// The body of the request: `to` and `from`, as both official clients send (facts/server.md 11).
    fn body(&self) -> Value {
        let mut body = Map::new();
        for (key, text) in [
            ("channel", Some(self.channel.word())),
            ("to", Some(&*self.to)),
            ("from", Some(&*self.from)),
            ("scheduled_at", Some(&*self.scheduled_at)),
            ("text_body", self.text.as_deref()),
            ("mission_id", self.mission_id.as_deref()),
            ("run_id", self.run_id.as_deref()),
            ("step_id", self.step_id.as_deref()),
        ] {
            if let Some(text) = text {
                body.insert(key.to_owned(), text.into());
            }
        }
        body.into()
    }

    /// When it is to happen.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        self.scheduled_at.parse().ok()
    }

    /// Whether a row of the service's is what this was to make: same channel, recipient, instant and text.
    pub(crate) fn is_like(&self, row: &Scheduled) -> bool {
        let text_is_alike = match self.channel {
            Channel::Call => true,
            Channel::Sms => row.0.text("text_body") == self.text.as_deref(),
        };
        row.channel() == Some(self.channel)
            && row.to() == Some(&*self.to)
            && row.at().is_some()
            && row.at() == self.at()
            && text_is_alike
    }
}

/// A scheduled call or text as the service keeps it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scheduled(Row);

impl Scheduled {
    /// Reads a row of a list.
    pub(crate) fn new(row: Row) -> Self {
        Self(row)
    }

    /// The whole of it.
    pub(crate) fn row(&self) -> &Row {
        &self.0
    }

    /// The whole of it.
    pub(crate) fn into_row(self) -> Row {
        self.0
    }

    /// Its id; the carrier calls it otherwise (facts/server.md 6.1).
    pub(crate) fn id(&self) -> Option<String> {
        self.0.id(&["id", "event_id", "scheduled_event_id"])
    }

    /// `pending`, `in_progress`, `completed`, `failed`, or a word we do not know.
    pub(crate) fn status(&self) -> Option<&str> {
        self.0.text("status")
    }

    /// What became of a call.
    pub(crate) fn call_status(&self) -> Option<&str> {
        self.0.text("call_status")
    }

    /// When it was scheduled for.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        self.0.time("scheduled_at").or_else(|| self.0.time("scheduled_at_fixed_datetime"))
    }

    /// When it was made.
    pub(crate) fn created_at(&self) -> Option<Timestamp> {
        self.0.time("created_at")
    }

    fn channel(&self) -> Option<Channel> {
        match self.0.text("channel").or_else(|| self.0.text("telnyx_conversation_channel"))? {
            "call" | "phone_call" => Some(Channel::Call),
            "sms" | "sms_chat" => Some(Channel::Sms),
            _ => None,
        }
    }

    fn to(&self) -> Option<&str> {
        ["to_number", "to", "telnyx_end_user_target"].iter().find_map(|key| self.0.text(key))
    }
}

impl Api {
    /// `POST /v1/assistants/{id}/events`; the key lets a service that knows it recognise a repeated request.
    pub(crate) fn schedule(&self, new: &NewScheduled, key: &str) -> anyhow::Result<Scheduled> {
        let path = path(&["v1", "assistants", &new.assistant_id, "events"])?;
        let request = new_post(path, new.body()).header("idempotency-key", key);
        let ids = ["id", "event_id", "scheduled_event_id"];
        self.make(&request, &["event", "data"], &ids).map(Scheduled)
    }

    /// `GET /v1/assistants/{id}/events/{event}`.
    pub(crate) fn scheduled(&self, assistant: &str, event: &str) -> anyhow::Result<Scheduled> {
        let path = path(&["v1", "assistants", assistant, "events", event])?;
        self.get(path, &[], &["event", "data"]).map(Scheduled)
    }

    /// `GET /v1/assistants/{id}/events`.
    pub(crate) fn scheduled_list(&self, assistant: &str, pages: Pages) -> anyhow::Result<Listing> {
        self.list(&path(&["v1", "assistants", assistant, "events"])?, &[], LIST, pages)
    }

    /// `DELETE /v1/assistants/{id}/events/{event}`: cancels while pending, else only the record goes. Gives
    /// the service's clock when it answered.
    pub(crate) fn delete_scheduled(
        &self,
        assistant: &str,
        event: &str,
    ) -> anyhow::Result<Option<Timestamp>> {
        let path = path(&["v1", "assistants", assistant, "events", event])?;
        Ok(self.delete(path)?.date())
    }
}
