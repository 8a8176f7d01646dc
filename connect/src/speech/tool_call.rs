//! Calls of tools that an agent wrote out as JSON.

use serde_json::{Deserializer, Value};

/// `text` without them.
pub(super) fn removed(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = length(rest).unwrap_or_else(|| {
            kept.push_str(&rest[..1]);
            1
        });
        rest = &rest[length..];
    }
    kept + rest
}

/// The length of the call, or the list of calls, that `text` begins with. One that is cut off goes to the end.
fn length(text: &str) -> Option<usize> {
    let mut values = Deserializer::from_str(text).into_iter::<Value>();
    match values.next()? {
        Ok(json) => calls_a_tool(&json).then(|| values.byte_offset()),
        Err(err) => {
            let keys = [
                "\"arguments\"",
                "\"parameters\"",
                "\"tool_calls\"",
                "\"tool_use\"",
                "\"tool_call\"",
            ];
            (err.is_eof() && keys.iter().any(|key| text.contains(key))).then_some(text.len())
        }
    }
}

fn calls_a_tool(json: &Value) -> bool {
    match json {
        Value::Array(calls) => !calls.is_empty() && calls.iter().all(calls_a_tool),
        Value::Object(call) => {
            let has = |keys: &[&str]| keys.iter().any(|key| call.contains_key(*key));
            let kind = call.get("type").and_then(Value::as_str).unwrap_or_default();
            has(&["tool_calls", "function_call"])
                || call.get("action").is_some_and(|action| action == "NO_REPLY")
                || ["tool_use", "tool_call", "toolCall", "function_call", "function"]
                    .contains(&kind)
                || (has(&["name", "tool", "tool_name", "function"])
                    && has(&["arguments", "args", "parameters", "params", "input"]))
        }
        _ => false,
    }
}
