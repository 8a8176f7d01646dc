//! One row of a session's history: whose it is, what it says, which tools it calls, and whether it ends its run.
//!
//! Models of many makers stand behind a gateway, so the same thing has several names. What cannot be told is never
//! taken for an answer.

use serde_json::{Value, json};

use super::call::{Call, Handed, calls, content, plain};
use super::reply::text_of;
use crate::json as document;

/// Why a model stopped, where its words are the last of the run; compared without case and `_`.
const SAID: [&str; 5] = ["stop", "endturn", "stopsequence", "length", "maxtokens"];

/// Why it stopped, where nothing more comes of the run.
const FAILED: [&str; 7] =
    ["error", "aborted", "cancelled", "canceled", "timeout", "contentfilter", "refusal"];

/// What a row may have that does not say why it ended, and yet be the last word. Whatever else stands in such a row,
/// the gateway has marked it as something of its own: what the agent wrote before it called a tool, for one.
const BARE: [&str; 6] = ["role", "content", "timestamp", "id", "idempotencyKey", "__openclaw"];

/// How a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It calls tools: the run goes on with what comes of them.
    Calls,
    /// Its words are the last.
    Said,
    /// The run failed or was stopped.
    Failed,
}

/// One row.
pub(super) struct Row<'a> {
    message: &'a Value,
    calls: Vec<Call>,
}

impl<'a> Row<'a> {
    pub(super) fn of(message: &'a Value) -> Self {
        // The rows of others have no calls, but name those that they answer.
        let calls = if is_assistants(message) { calls(message) } else { Vec::new() };
        Self { message, calls }
    }

    fn word(&self, pointer: &str) -> &'a str {
        self.message.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The run that it belongs to; empty if it names none.
    pub(super) fn run_id(&self) -> &'a str {
        self.word("/__openclaw/runId")
    }

    /// Whether the agent wrote it. What was sent in shows as the assistant's too, but has a provenance and a key that
    /// ends in `:user`.
    pub(super) fn is_agents(&self) -> bool {
        is_assistants(self.message)
            && self.message.get("provenance").is_none()
            && !self.word("/idempotencyKey").ends_with(":user")
    }

    /// The key of a row that the gateway wrote for what the `message` tool sent to this conversation.
    pub(super) fn sent_by_tool(&self) -> Option<&'a str> {
        let key = self.word("/idempotencyKey");
        key.contains(":message-tool:").then_some(key)
    }

    /// What it says aloud: neither thoughts nor calls.
    pub(super) fn text(&self) -> String {
        text_of(content(self.message).as_ref())
    }

    /// The ids of its calls, in order; empty for one without.
    pub(super) fn calls(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.id.as_str()).collect()
    }

    /// What it hands to the `message` tool.
    pub(super) fn handed(&self) -> impl Iterator<Item = Handed> {
        self.calls.iter().filter_map(Call::handed)
    }

    /// Why the model stopped, in its maker's word.
    pub(super) fn reason(&self) -> Option<&'a Value> {
        let names = ["stopReason", "stop_reason", "finishReason", "finish_reason"];
        names.iter().find_map(|name| self.message.get(name).filter(|reason| !reason.is_null()))
    }

    /// How it ends; `None` if that cannot be told.
    pub(super) fn end(&self) -> Option<End> {
        if !self.calls.is_empty() {
            return Some(End::Calls);
        }
        let Some(reason) = self.reason() else {
            let is_nothing = |value: &Value| *value == Value::Null || *value == json!([]);
            let mut fields = self.message.as_object()?.iter();
            let is_bare = fields.all(|(key, it)| BARE.contains(&key.as_str()) || is_nothing(it));
            return (is_bare && !self.text().trim().is_empty()).then_some(End::Said);
        };
        let reason = plain(reason.as_str()?);
        if SAID.contains(&reason.as_str()) {
            Some(End::Said)
        } else {
            FAILED.contains(&reason.as_str()).then_some(End::Failed)
        }
    }

    /// What came of a call, if that is what the row tells: its id, and whether it was done.
    pub(super) fn result(&self) -> Option<(&'a str, bool)> {
        let names = ["toolCallId", "tool_call_id", "toolUseId", "tool_use_id"];
        let id = names.iter().find_map(|name| self.message.get(name)?.as_str())?;
        let is_error = ["isError", "is_error"]
            .iter()
            .any(|name| self.message.get(name) == Some(&Value::Bool(true)));
        // A call that a gate has held back is told as a text of this shape.
        let says_error = || {
            let answer = document::parse(self.text().as_bytes()).ok();
            answer
                .is_some_and(|answer| answer.get("status").is_some_and(|status| status == "error"))
        };
        Some((id, !is_error && !says_error()))
    }
}

fn is_assistants(message: &Value) -> bool {
    message.get("role").is_some_and(|role| role == "assistant")
}
