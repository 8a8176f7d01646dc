//! The content of a message: a text, or a list of parts of several kinds.

use serde_json::Value;

use crate::text::json;

/// The content of a message. Some models' providers write the list of parts as a text; then that list.
pub(super) fn content(message: &Value) -> Option<Value> {
    let content = message.get("content")?.clone();
    let is_parts = |value: &Value| {
        let parts = value.as_array().filter(|parts| !parts.is_empty());
        parts.is_some_and(|parts| parts.iter().all(|part| part.get("type").is_some()))
    };
    Some(match json_in_text(content.clone()) {
        parts if is_parts(&parts) => parts,
        _ => content,
    })
}

/// The text of a content, or the texts of its parts. Parts of another type are thoughts, pictures and tool calls, whatever
/// text they contain.
pub fn text_of(content: Option<&Value>) -> String {
    let is_text = |part: &&Value| {
        part.get("type").is_some_and(|kind| kind == "text" || kind == "output_text")
            && part.get("thought").is_none_or(|thought| thought == &Value::Bool(false))
    };
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter(is_text).filter_map(|part| part.get("text")?.as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// The JSON that a text contains; every other value, and a text of anything else, as it is.
pub(super) fn json_in_text(value: Value) -> Value {
    let inner = value.as_str().and_then(|text| json::parse(text.as_bytes()).ok());
    inner.unwrap_or(value)
}
