//! The frames that go to the service.

use std::borrow::Cow;

use serde::Serialize;
use state::secret;

/// A frame to the service. The one that holds the key is not among them: see [`auth`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum OutgoingFrame {
    /// Who the voice model speaks for.
    ContextResponse { call_id: String, context: VoiceContext },
    /// Spoken on the call: a greeting, or an answer that came late.
    Response { call_id: String, text: String },
    /// Spoken at once, while the request is worked on.
    DeepToolProgress {
        request_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        call_id: Option<String>,
        text: String,
    },
    /// The one answer to a request.
    DeepToolResult {
        request_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        call_id: Option<String>,
        text: String,
    },
    /// The one answer to a push-to-talk request.
    WalkieResponse {
        request_id: String,
        #[serde(flatten)]
        answer: WalkieAnswer,
    },
}

/// What the voice model is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct VoiceContext {
    pub(crate) memory: String,
    pub(crate) system_prompt: String,
}

/// A reply, or what went wrong. On a success the key `error` is absent, on an error the reply is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum WalkieAnswer {
    Reply { reply: String },
    Error { reply: (), error: String },
}

impl WalkieAnswer {
    /// What the agent said.
    pub(crate) fn reply(text: impl Into<String>) -> Self {
        Self::Reply { reply: text.into() }
    }

    /// Why there is no reply.
    pub(crate) fn error(text: impl Into<String>) -> Self {
        Self::Error { reply: (), error: text.into() }
    }
}

impl OutgoingFrame {
    /// The text of the frame, in which no secret stands, whatever the words came through.
    pub(crate) fn frame(&self) -> String {
        let is_text = "every field is text and every key is a name";
        let frame = serde_json::to_string(self).expect(is_text);
        if matches!(secret::redact(&frame), Cow::Borrowed(_)) {
            return frame;
        }
        secret::redact_json(&serde_json::to_value(self).expect(is_text)).to_string()
    }
}

/// The first frame of a connection. It is only ever text, so that no key can be stored or logged with
/// the other frames. A name that is not configured is left out, since the service overwrites what its
/// owner set in the portal with every name that it is sent.
pub(crate) fn auth(api_key: &str, owner_name: Option<&str>, agent_name: Option<&str>) -> String {
    #[derive(Serialize)]
    struct AuthFrame<'a> {
        r#type: &'static str,
        api_key: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        owner_name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        agent_name: Option<&'a str>,
    }
    serde_json::to_string(&AuthFrame { r#type: "auth", api_key, owner_name, agent_name })
        .expect("every field is text and every key is a name")
}
