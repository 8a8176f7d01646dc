//! Frames of the service as they come in, read with tolerance: a text becomes an [`IncomingFrame`].
//!
//! The service is closed and changes, so a field that is missing or of another kind is no fault: it is absent. Only what
//! an event is about (a call's id, a request's id) must be there, or it is [`ServiceEvent::Other`].

use jiff::Timestamp;
use serde_json::{Map, Value};
use state::approval_status::OwnersDecision;
use state::call_outcome::{self, CallOutcome, WordMeaning};
use state::phone::Phone;

use super::fields::{FrameFields, RequestText};

/// A frame of the service.
#[derive(Debug, PartialEq)]
pub(crate) enum IncomingFrame {
    /// The key was accepted.
    AuthOk {
        /// Whether a device for approvals is registered, where the service says it.
        has_devices: Option<bool>,
    },
    /// The key was refused, for good.
    AuthError {
        /// The service's own words, in one line.
        message: String,
    },
    /// Something happened.
    Event(ServiceEvent),
    /// Anything else, named for the log. It is ignored.
    Unknown(String),
}

/// What happened at the service.
#[derive(Debug, PartialEq)]
pub(crate) enum ServiceEvent {
    /// A call starts, and its voice model needs to know who it speaks for.
    ContextRequest { call_id: String },
    /// A call started.
    CallStarted {
        call_id: String,
        /// The service leaves it out for inbound calls. `None` if it says that it does not know.
        direction: Option<CallDirection>,
    },
    /// A call is over.
    CallEnded(CallEnded),
    /// A spoken request for the agent.
    DeepToolRequest { request_id: String, call_id: Option<String>, query: RequestText },
    /// The same by push-to-talk.
    WalkieRequest {
        request_id: String,
        transcript: RequestText,
        /// The gateway's session to use, if it belongs to the configured agent.
        session_key: Option<String>,
    },
    /// A text message came in.
    SmsReceived(IncomingSms),
    /// Somebody decided about an approval.
    ApprovalResponded(OwnersDecision),
    /// Something of a mission: the event's name and the whole frame.
    Mission(String, Map<String, Value>),
    /// An event of another name, or one that lacks what it is about.
    Other(String),
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallDirection {
    /// Somebody called the agent.
    Inbound,
    /// The agent called somebody.
    Outbound,
    /// A word of the service's that is neither of the two.
    Other,
}

impl CallDirection {
    /// Reads the field, to the letter: who may order what depends on it. `None` for null, which says nothing.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::String(word) if word == "inbound" => Some(Self::Inbound),
            Value::String(word) if word == "outbound" => Some(Self::Outbound),
            _ => Some(Self::Other),
        }
    }
}

/// How a call ended; everything in it may be missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CallEnded {
    pub(crate) call_id: Option<String>,
    pub(crate) direction: Option<CallDirection>,
    /// Length of the call in whole seconds.
    pub(crate) seconds: Option<u64>,
    /// `user_hangup`, `amd_silence`, … : an open list.
    pub(crate) reason: Option<String>,
    /// What became of it, by all fields that say something of that.
    pub(crate) outcome: Option<CallOutcome>,
    /// Whether a message was left on a voicemail.
    pub(crate) left_message: bool,
    pub(crate) to_number: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) greeting: Option<String>,
    /// What was left on the voicemail.
    pub(crate) voicemail_message: Option<String>,
}

/// What stands for the words of a text that is a picture.
const PICTURE: &str = "[picture]";

/// A text message that came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IncomingSms {
    /// As the service gave it; answered only if it is a number.
    pub(crate) from: Option<String>,
    /// The words, cut after 8,000 characters; empty for a picture.
    pub(crate) body: String,
    pub(crate) message_id: Option<String>,
    /// How many pictures or files came with it.
    pub(crate) n_media: usize,
}

impl IncomingFrame {
    /// Reads a frame. Never fails: what cannot be read is [`IncomingFrame::Unknown`], with the reason.
    pub(crate) fn read(text: &str) -> Self {
        let frame = match state::json::parse(text.as_bytes()) {
            Ok(Value::Object(frame)) => frame,
            Ok(_) => return Self::Unknown("a frame that is no JSON object".to_owned()),
            Err(err) => return Self::Unknown(format!("a frame that is no JSON: {err}")),
        };
        let fields = FrameFields(&frame);
        match fields.label("type").as_deref() {
            Some("auth_ok") => Self::AuthOk { has_devices: fields.flag("has_devices") },
            Some("auth_error") => Self::AuthError {
                message: fields.text("message").map_or_else(
                    || "no reason given".to_owned(),
                    |reason| state::sanitize::line(&reason),
                ),
            },
            Some("event") => Self::Event(ServiceEvent::read(frame, text)),
            Some(other) => Self::Unknown(format!("a frame of type `{other}`")),
            None => Self::Unknown("a frame without a type".to_owned()),
        }
    }
}

impl ServiceEvent {
    fn read(frame: Map<String, Value>, text: &str) -> Self {
        let fields = FrameFields(&frame);
        let Some(name) = fields.label("event") else {
            return Self::Other("an event without a name".to_owned());
        };
        if name.starts_with("mission.") {
            return Self::Mission(name, frame);
        }
        if name == "approval.responded" {
            let decision = OwnersDecision::read(text);
            return decision.map_or(Self::Other(name), Self::ApprovalResponded);
        }
        Self::of_name(&name, &fields).unwrap_or(Self::Other(name))
    }

    /// The event, if its name is known and it says what it is about.
    fn of_name(name: &str, fields: &FrameFields<'_>) -> Option<Self> {
        Some(match name {
            "context_request" => Self::ContextRequest { call_id: fields.id("call_id")? },
            "call.started" => Self::CallStarted {
                call_id: fields.id("call_id")?,
                direction: match fields.0.get("direction") {
                    None => Some(CallDirection::Inbound),
                    Some(value) => CallDirection::of(value),
                },
            },
            "call.ended" => Self::CallEnded(CallEnded::read(fields)),
            "deep_tool_request" => Self::DeepToolRequest {
                request_id: fields.id("request_id")?,
                call_id: fields.id("call_id"),
                query: fields.request_text("query"),
            },
            "walkie_request" => Self::WalkieRequest {
                request_id: fields.id("request_id")?,
                transcript: fields.request_text("transcript"),
                session_key: fields.id("session_key"),
            },
            "sms.received" => Self::SmsReceived(IncomingSms::read(fields, "body")),
            _ => return None,
        })
    }
}

impl IncomingSms {
    /// The text of a `mission.sms_received`: to the number of a mission, and with its words under another name.
    pub(crate) fn of_mission(frame: &Map<String, Value>) -> Self {
        Self::read(&FrameFields(frame), "text")
    }

    fn read(fields: &FrameFields<'_>, body: &str) -> Self {
        Self {
            from: fields.id("from"),
            body: fields.text(body).unwrap_or_default(),
            message_id: fields.id("message_id"),
            n_media: fields.count("media_urls"),
        }
    }

    /// The number it came from, if it is one.
    pub(crate) fn sender(&self) -> Option<Phone> {
        self.from.as_deref()?.parse().ok()
    }

    /// The key of its request in the journal. Without an id, the time it came in serves as one.
    pub(crate) fn key(&self, now: Timestamp) -> String {
        match &self.message_id {
            Some(id) => format!("text:{id}"),
            None => format!("text:{}", now.as_nanosecond()),
        }
    }

    /// Its words for the agent. Only a picture comes without, whether the service lists it or not.
    pub(crate) fn words(&self) -> &str {
        if self.body.is_empty() { PICTURE } else { &self.body }
    }
}

impl CallEnded {
    fn read(fields: &FrameFields<'_>) -> Self {
        let labels = call_outcome::FIELDS.map(|field| (field, fields.label(field)));
        let outcome = call_outcome::from_words(
            labels.iter().map(|(field, label)| (*field, label.as_deref())),
        );
        // A machine that picked up is no message yet; the service's own word is.
        let is_left = |label: &str| {
            call_outcome::meaning(label) == WordMeaning::Ended(CallOutcome::Voicemail)
        };
        let left_message = fields.label("outcome").is_some_and(|label| is_left(&label))
            || fields.text("voicemail_message").is_some();
        Self {
            call_id: fields.id("call_id"),
            direction: fields.0.get("direction").and_then(CallDirection::of),
            // An early type of the official second client calls it `duration`.
            seconds: fields.seconds("duration_seconds").or_else(|| fields.seconds("duration")),
            reason: fields.label("reason"),
            outcome,
            left_message,
            to_number: fields.id("to_number"),
            purpose: fields.text("purpose"),
            greeting: fields.text("greeting"),
            voicemail_message: fields.text("voicemail_message"),
        }
    }
}
