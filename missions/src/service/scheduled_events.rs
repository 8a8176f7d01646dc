//! `/v1/assistants/{assistant}/events`: scheduled events, which are calls and texts that the service makes at a time.
//!
//! The request says `to` and `from`, as both official clients do; a row says `to_number` and `from_number`. A row comes
//! bare or under `event`. `from` must belong to the assistant. A DELETE cancels an event that is pending; of any other it
//! only removes the record, and the call goes on.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::api::url_path;
use state::do_not_call::ContactMethod;

use super::list::{self, ListFormat};
use super::{Listing, Pages, ServiceApi, ServiceRow, new_post};

const LIST: ListFormat = ListFormat { list: "events", ..ListFormat::CARRIER };

/// By what means somebody is reached.
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

    /// The same for the do-not-call list.
    pub(crate) fn reach(self) -> ContactMethod {
        match self {
            Self::Call => ContactMethod::Call,
            Self::Sms => ContactMethod::Text,
        }
    }
}

/// A call or text that is to be scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewScheduledEvent {
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

impl NewScheduledEvent {
    /// The body of the request.
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

    /// Whether a row can be what this request created: same channel, recipient, instant and text.
    pub(crate) fn is_like(&self, row: &ScheduledRow) -> bool {
        let is_same_text = match self.channel {
            Channel::Call => true,
            Channel::Sms => row.0.text("text_body") == self.text.as_deref(),
        };
        row.channel() == Some(self.channel)
            && row.to() == Some(&*self.to)
            && row.at().is_some()
            && row.at() == self.at()
            && is_same_text
    }
}

/// Nearer to its time than this, an event may be on its way although it was deleted.
const SAFE_MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Whether what is deleted by `now` and was to happen `at` cannot be on its way.
pub(crate) fn is_safely_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) >= SAFE_MARGIN
}

/// A scheduled call or text as the service returns it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScheduledRow(ServiceRow);

impl ScheduledRow {
    /// The keys of its id: the service's, and the carrier's names for it.
    const IDS: [&str; 3] = ["id", "event_id", "scheduled_event_id"];

    /// Reads a row of a list.
    pub(crate) fn new(row: ServiceRow) -> Self {
        Self(row)
    }

    /// The object as the service sent it.
    pub(crate) fn row(&self) -> &ServiceRow {
        &self.0
    }

    /// The object as the service sent it.
    pub(crate) fn into_row(self) -> ServiceRow {
        self.0
    }

    /// Its id.
    pub(crate) fn id(&self) -> Option<String> {
        self.0.id(&Self::IDS)
    }

    /// `pending`, `in_progress`, `completed`, `failed`, or a word we do not know.
    pub(crate) fn status(&self) -> Option<&str> {
        self.0.text("status")
    }

    /// The status of the call itself, once there is one.
    pub(crate) fn call_status(&self) -> Option<&str> {
        self.0.text("call_status")
    }

    /// When it was scheduled for.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        self.0.time("scheduled_at").or_else(|| self.0.time("scheduled_at_fixed_datetime"))
    }

    /// When the service created it.
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

    /// Who is reached.
    pub(crate) fn to(&self) -> Option<&str> {
        ["to_number", "to", "telnyx_end_user_target"].iter().find_map(|key| self.0.text(key))
    }
}

/// `POST /v1/assistants/{id}/events`; the key lets a service that honours it recognise a repeated request.
pub(crate) fn create(
    api: &ServiceApi,
    new: &NewScheduledEvent,
    key: &str,
) -> anyhow::Result<ScheduledRow> {
    let path = url_path(&["v1", "assistants", &new.assistant_id, "events"])?;
    let request = new_post(path, new.body()).header("idempotency-key", key);
    api.create(&request, &["event", "data"], &ScheduledRow::IDS).map(ScheduledRow)
}

/// `GET /v1/assistants/{id}/events/{event}`.
pub(crate) fn get(api: &ServiceApi, assistant: &str, event: &str) -> anyhow::Result<ScheduledRow> {
    let path = url_path(&["v1", "assistants", assistant, "events", event])?;
    api.get(path, &[], &["event", "data"]).map(ScheduledRow)
}

/// `GET /v1/assistants/{id}/events`.
pub(crate) fn list(api: &ServiceApi, assistant: &str, pages: Pages) -> anyhow::Result<Listing> {
    list::fetch(api, &url_path(&["v1", "assistants", assistant, "events"])?, &[], LIST, pages)
}

/// `DELETE /v1/assistants/{id}/events/{event}`. Returns what the service's clock showed when it answered.
pub(crate) fn delete(
    api: &ServiceApi,
    assistant: &str,
    event: &str,
) -> anyhow::Result<Option<Timestamp>> {
    let path = url_path(&["v1", "assistants", assistant, "events", event])?;
    Ok(api.delete(path)?.date())
}
