//! Text that an agent writes for its gateway and not for people: control words and calls of tools.

use serde_json::Value;

/// OpenClaw's words for "say nothing".
const CONTROL_WORDS: &[&str] = &["NO_REPLY", "HEARTBEAT_OK", "ANNOUNCE_SKIP", "REPLY_SKIP"];

/// Whether a block is a control word and nothing else, however it is marked up.
pub(super) fn is_control_word(words: &str) -> bool {
    let word = words.trim_matches(|c: char| !c.is_alphanumeric());
    CONTROL_WORDS.iter().any(|control| {
        // Without its underscore it counts only in capitals: "No reply." is an answer.
        let between = || {
            let (first, last) = control.split_once('_')?;
            word.strip_prefix(first)?.strip_suffix(last)
        };
        word.eq_ignore_ascii_case(control) || matches!(between(), Some("" | " "))
    })
}

/// Whether a text is a call of a tool, or several, written out as JSON.
pub(super) fn is_tool_call(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(['{', '[']) && serde_json::from_str(text).is_ok_and(|json| calls_a_tool(&json))
}

fn calls_a_tool(json: &Value) -> bool {
    match json {
        Value::Array(calls) => !calls.is_empty() && calls.iter().all(calls_a_tool),
        Value::Object(call) => {
            let has = |keys: &[&str]| keys.iter().any(|key| call.contains_key(*key));
            let kind = call.get("type").and_then(Value::as_str).unwrap_or_default();
            has(&["tool_calls", "function_call"])
                || matches!(
                    kind,
                    "tool_use" | "tool_call" | "toolCall" | "function_call" | "function"
                )
                || (has(&["name", "tool", "tool_name", "function"])
                    && has(&["arguments", "args", "parameters", "params", "input"]))
        }
        _ => false,
    }
}
