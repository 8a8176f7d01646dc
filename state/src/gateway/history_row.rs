//! One row of a session's history: who wrote it, what it says, which tools it calls, and whether it ends its run.
//!
//! Many providers of models stand behind a gateway, and name the same thing differently. What is not recognised never counts
//! as an answer.

use serde_json::{Value, json};

use super::message_content::{content, text_of};
use super::tool_call::{MessageToolText, ToolCall, plain_name, tool_calls};
use crate::text::json as document;

/// The stop reasons after which the text of a row is the last of its run; compared without case and `_`.
const FINISHED: [&str; 5] = ["stop", "endturn", "stopsequence", "length", "maxtokens"];

/// The stop reasons after which the run has failed.
const FAILED: [&str; 7] =
    ["error", "aborted", "cancelled", "canceled", "timeout", "contentfilter", "refusal"];

/// The fields of a row without a stop reason that is the last of its run all the same. With any other field it is
/// something that the gateway wrote, such as what the agent wrote before it called a tool.
const PLAIN_FIELDS: [&str; 6] =
    ["role", "content", "timestamp", "id", "idempotencyKey", "__openclaw"];

/// How a row ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// It calls tools: the run goes on with their results.
    ToolCalls,
    /// Its text is the last of the run.
    Finished,
    /// The run failed or was stopped.
    Failed,
}

/// One row.
pub(super) struct HistoryRow<'a> {
    message: &'a Value,
    calls: Vec<ToolCall>,
}

impl<'a> HistoryRow<'a> {
    pub(super) fn new(message: &'a Value) -> Self {
        // Other rows have no calls, but name those of which they are the result.
        let calls = if is_assistants(message) { tool_calls(message) } else { Vec::new() };
        Self { message, calls }
    }

    fn text_at(&self, pointer: &str) -> &'a str {
        self.message.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The run that it belongs to; empty if it names none.
    pub(super) fn run_id(&self) -> &'a str {
        self.text_at("/__openclaw/runId")
    }

    /// Whether the agent wrote it. A message to the agent has the role of the assistant too, but a provenance and a key that
    /// ends in `:user`.
    pub(super) fn is_agents(&self) -> bool {
        is_assistants(self.message)
            && self.message.get("provenance").is_none()
            && !self.text_at("/idempotencyKey").ends_with(":user")
    }

    /// The key of a row that is a copy, by the gateway, of what the `message` tool sent to this conversation.
    pub(super) fn message_tool_key(&self) -> Option<&'a str> {
        let key = self.text_at("/idempotencyKey");
        key.contains(":message-tool:").then_some(key)
    }

    /// Its text, without thoughts and tool calls.
    pub(super) fn text(&self) -> String {
        text_of(content(self.message).as_ref())
    }

    /// The ids of its tool calls, in order; an empty id for a call without one.
    pub(super) fn call_ids(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.id.as_str()).collect()
    }

    /// What it gives to the `message` tool.
    pub(super) fn message_tool_texts(&self) -> impl Iterator<Item = MessageToolText> {
        self.calls.iter().filter_map(ToolCall::message_tool_text)
    }

    /// Why the model stopped, in its provider's word.
    fn stop_reason(&self) -> Option<&'a Value> {
        let names = ["stopReason", "stop_reason", "finishReason", "finish_reason"];
        names.iter().find_map(|name| self.message.get(name).filter(|reason| !reason.is_null()))
    }

    /// How it ends; `None` if that is not known.
    pub(super) fn end(&self) -> Option<RowEnd> {
        if !self.calls.is_empty() {
            return Some(RowEnd::ToolCalls);
        }
        let Some(reason) = self.stop_reason() else {
            let is_empty = |value: &Value| *value == Value::Null || *value == json!([]);
            let mut fields = self.message.as_object()?.iter();
            let is_plain =
                fields.all(|(key, it)| PLAIN_FIELDS.contains(&key.as_str()) || is_empty(it));
            return (is_plain && !self.text().trim().is_empty()).then_some(RowEnd::Finished);
        };
        let reason = plain_name(reason.as_str()?);
        if FINISHED.contains(&reason.as_str()) {
            Some(RowEnd::Finished)
        } else {
            FAILED.contains(&reason.as_str()).then_some(RowEnd::Failed)
        }
    }

    /// If the row is the result of a tool call: the id of the call, and whether it was carried out.
    pub(super) fn call_result(&self) -> Option<(&'a str, bool)> {
        let names = ["toolCallId", "tool_call_id", "toolUseId", "tool_use_id"];
        let id = names.iter().find_map(|name| self.message.get(name)?.as_str())?;
        let is_error = ["isError", "is_error"]
            .iter()
            .any(|name| self.message.get(name) == Some(&Value::Bool(true)));
        // The result of a call that was blocked is a text of this shape.
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
