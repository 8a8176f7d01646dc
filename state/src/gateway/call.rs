//! The calls of tools in what a model wrote, and what of them was for whoever it talks with.
//!
//! Models of many makers stand behind a gateway, so the same thing has several names and shapes. Whatever looks like a
//! call is one, also where it cannot be read.

use serde_json::{Map, Value};

use crate::json;

/// What the `message` tool is told of a text for the conversation that it was called in. Whatever else it is told may
/// name somebody else.
const HERE: [&str; 5] = ["action", "message", "final", "silent", "media"];

/// The call of a tool.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Its id; empty if it has none.
    pub(super) id: String,
    name: String,
    arguments: Map<String, Value>,
}

/// Something that the agent handed to the `message` tool.
#[derive(Debug, Default)]
pub(super) struct Handed {
    /// The id of the call.
    pub(super) id: String,
    /// The words.
    pub(super) text: String,
    /// It is for whoever the agent talks with, not for somebody whom it named.
    pub(super) is_here: bool,
    /// `final` is `false`: the answer is still to come.
    pub(super) is_progress: bool,
    /// `final` is `true`: nothing comes after it.
    pub(super) is_final: bool,
    /// Whether the tool did it; `None` while nothing tells.
    pub(super) has_run: Option<bool>,
}

impl Handed {
    /// What was sent, by its copy.
    pub(super) fn sent(text: String) -> Self {
        Self { text, is_here: true, has_run: Some(true), ..Self::default() }
    }

    /// Whether the key of a copy names this call.
    pub(super) fn is_of(&self, key: &str) -> bool {
        !self.id.is_empty() && key.split(':').any(|part| part == self.id)
    }
}

impl Call {
    /// The call in an object of any maker's shape; one that cannot be read is a call all the same.
    fn of(value: &Value) -> Self {
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

    /// The call that a tool for calling tools was handed.
    fn unwrapped(self) -> Self {
        if plain(&self.name) != "toolcall" {
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

    /// What it hands to the `message` tool, if it does.
    pub(super) fn handed(&self) -> Option<Handed> {
        let is_message = self.name.rsplit(':').next() == Some("message");
        let is_send = self.arguments.get("action").and_then(Value::as_str) == Some("send");
        let flag = |wanted| self.arguments.get("final") == Some(&Value::Bool(wanted));
        (is_message && is_send).then(|| Handed {
            id: self.id.clone(),
            text: self
                .arguments
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            is_here: self.arguments.keys().all(|key| HERE.contains(&key.as_str())),
            is_progress: flag(false),
            is_final: flag(true),
            has_run: None,
        })
    }
}

/// The calls in a message, wherever its maker puts them: among the parts of its content, or beside it.
pub(super) fn calls(message: &Value) -> Vec<Call> {
    let is_call = |name: &str| {
        let name = plain(name);
        ["toolcall", "tooluse", "functioncall"].iter().any(|call| name.contains(call))
    };
    let content = content(message);
    let parts = content.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let kind = |part: &Value| part.get("type").and_then(Value::as_str).is_some_and(is_call);
    let mut calls: Vec<Call> = parts.iter().filter(|part| kind(part)).map(Call::of).collect();
    for (_, value) in message.as_object().into_iter().flatten().filter(|(key, _)| is_call(key)) {
        match parsed(value.clone()) {
            Value::Null => {}
            Value::Array(list) => calls.extend(list.iter().map(Call::of)),
            call => calls.push(Call::of(&call)),
        }
    }
    calls
}

/// The content of a message; some makers write its parts as a text.
pub(super) fn content(message: &Value) -> Option<Value> {
    let content = message.get("content")?.clone();
    let is_parts = |value: &Value| {
        let parts = value.as_array().filter(|parts| !parts.is_empty());
        parts.is_some_and(|parts| parts.iter().all(|part| part.get("type").is_some()))
    };
    Some(match parsed(content.clone()) {
        parts if is_parts(&parts) => parts,
        _ => content,
    })
}

/// What a text holds, if that is JSON; everything else as it is.
fn parsed(value: Value) -> Value {
    let inner = value.as_str().and_then(|text| json::parse(text.as_bytes()).ok());
    inner.unwrap_or(value)
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value.map(parsed) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// A name without case, `_` and `-`.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
