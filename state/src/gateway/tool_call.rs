//! The tool calls in a message of a model, and what the agent gave to the `message` tool for whoever it talks with.
//!
//! Many providers of models stand behind a gateway, and write the same thing under several names and in several shapes.
//! Whatever looks like a tool call counts as one, even if it cannot be read.

use serde_json::{Map, Value};

use super::message_content::{content, json_in_text};

/// The arguments of the `message` tool for a text to the conversation that the agent is in. Any other argument may name
/// somebody else as the recipient.
const OWN_CONVERSATION: [&str; 5] = ["action", "message", "final", "silent", "media"];

/// A tool call.
#[derive(Debug, Default)]
pub(super) struct ToolCall {
    /// Its id; empty if it has none.
    pub(super) id: String,
    name: String,
    arguments: Map<String, Value>,
}

/// A text that the agent gave to the `message` tool.
#[derive(Debug, Default)]
pub(super) struct MessageToolText {
    /// The id of the tool call.
    pub(super) id: String,
    /// The text.
    pub(super) text: String,
    /// Whether it is for whoever the agent talks with, and not for somebody whom it named.
    pub(super) is_here: bool,
    /// `final` is `false`: the answer is still to come.
    pub(super) is_progress: bool,
    /// `final` is `true`: nothing comes after it.
    pub(super) is_final: bool,
    /// Whether the tool sent it; `None` while that is not known.
    pub(super) was_sent: Option<bool>,
}

impl MessageToolText {
    /// A text that is known to be sent, since the gateway wrote a copy of it into the history.
    pub(super) fn of_copy(text: String) -> Self {
        Self { text, is_here: true, was_sent: Some(true), ..Self::default() }
    }

    /// Whether the key of a copy names this tool call.
    pub(super) fn has_key(&self, key: &str) -> bool {
        !self.id.is_empty() && key.split(':').any(|part| part == self.id)
    }
}

impl ToolCall {
    /// Reads an object that is a tool call in any provider's shape. What cannot be read stays empty.
    fn read(value: &Value) -> Self {
        let function = value.get("function").unwrap_or(&Value::Null);
        let get = |names: &[&str]| {
            let find = |value: &Value| names.iter().find_map(|name| value.get(name)).cloned();
            find(value).or_else(|| find(function))
        };
        let text = |names: &[&str]| {
            get(names).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let call = Self {
            id: text(&["id", "toolCallId", "tool_call_id", "call_id", "callId"]),
            name: text(&["name", "toolName", "tool_name", "tool"]),
            arguments: object(get(&["arguments", "args", "input", "parameters", "params"])),
        };
        call.unwrapped()
    }

    /// Of a call of the tool that calls other tools, the inner call.
    fn unwrapped(self) -> Self {
        if plain_name(&self.name) != "toolcall" {
            return self;
        }
        let name =
            ["id", "name", "tool"].iter().find_map(|name| self.arguments.get(*name)?.as_str());
        let arguments =
            ["args", "arguments", "input"].iter().find_map(|name| self.arguments.get(*name));
        Self {
            name: name.unwrap_or_default().to_owned(),
            arguments: object(arguments.cloned()),
            id: self.id,
        }
    }

    /// What it gives to the `message` tool, if it does.
    pub(super) fn message_tool_text(&self) -> Option<MessageToolText> {
        let is_message = self.name.rsplit(':').next() == Some("message");
        let is_send = self.arguments.get("action").and_then(Value::as_str) == Some("send");
        let is_own = |key: &String| OWN_CONVERSATION.contains(&key.as_str());
        let has_final = |wanted| self.arguments.get("final") == Some(&Value::Bool(wanted));
        let text = self.arguments.get("message").and_then(Value::as_str).unwrap_or_default();
        (is_message && is_send).then(|| MessageToolText {
            id: self.id.clone(),
            text: text.to_owned(),
            is_here: self.arguments.keys().all(is_own),
            is_progress: has_final(false),
            is_final: has_final(true),
            was_sent: None,
        })
    }
}

/// The tool calls of a message, wherever its provider puts them: among the parts of its content, or beside it.
pub(super) fn tool_calls(message: &Value) -> Vec<ToolCall> {
    let is_call = |name: &str| {
        let name = plain_name(name);
        ["toolcall", "tooluse", "functioncall"].iter().any(|call| name.contains(call))
    };
    let content = content(message);
    let parts = content.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_call_part =
        |part: &&Value| part.get("type").and_then(Value::as_str).is_some_and(is_call);
    let mut calls: Vec<ToolCall> = parts.iter().filter(is_call_part).map(ToolCall::read).collect();
    for (_, value) in message.as_object().into_iter().flatten().filter(|(key, _)| is_call(key)) {
        match json_in_text(value.clone()) {
            Value::Null => {}
            Value::Array(list) => calls.extend(list.iter().map(ToolCall::read)),
            call => calls.push(ToolCall::read(&call)),
        }
    }
    calls
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value.map(json_in_text) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// A name in lower case and without `_` and `-`, since providers write it either way.
pub(super) fn plain_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
