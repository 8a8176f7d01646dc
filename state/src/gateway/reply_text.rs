//! The part of a reply that is for people: without control words, and no tool call that was written as text.

use serde_json::{Value, json};

use super::{TurnOutcome, tool_call};
use crate::text::secret;

/// The longest reply that is passed on, in characters; the chat endpoint does not cut its own.
const MAX_CHARS: usize = 100_000;

/// Words by which an agent says that it has nothing to say.
const CONTROL_WORDS: [&str; 2] = ["NO_REPLY", "HEARTBEAT_OK"];

/// What the chat endpoint answers when the model said nothing.
const CHAT_PLACEHOLDER: &str = "No response from OpenClaw.";

/// The reply without control words at its ends, of bounded length; [`TurnOutcome::NoReply`] if nothing is left or the whole
/// is a tool call.
pub fn outcome(reply: &str) -> TurnOutcome {
    // Redacted before it is turned into speech, which takes punctuation out, also that in a token.
    let reply = secret::redact(reply);
    let reply = without_control_words(&reply);
    if reply.is_empty() || reply == CHAT_PLACEHOLDER || is_tool_call(reply) {
        return TurnOutcome::NoReply;
    }
    TurnOutcome::Reply(match reply.char_indices().nth(MAX_CHARS) {
        None => reply.to_owned(),
        Some((end, _)) => format!("{}…", &reply[..end]),
    })
}

/// Takes control words off both ends. One inside a sentence is talked about, and stays.
fn without_control_words(reply: &str) -> &str {
    let mut rest = reply.trim();
    loop {
        let before = rest;
        for word in CONTROL_WORDS {
            let bare = rest.trim_matches(|c: char| "*`_\"'.!".contains(c));
            if bare == word {
                return "";
            }
            if let Some(head) =
                rest.strip_suffix(word).filter(|head| head.ends_with(char::is_whitespace))
            {
                rest = head.trim();
            }
            if let Some(tail) =
                rest.strip_prefix(word).filter(|tail| tail.starts_with(['\n', '\r']))
            {
                rest = tail.trim();
            }
        }
        if rest == before {
            return rest;
        }
    }
}

/// Whether the whole reply is a tool call written as JSON: alone, in a list, in a code fence, or among the parts of a
/// message.
fn is_tool_call(reply: &str) -> bool {
    let inner = reply.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inner =
        inner.map_or(reply, |inner| inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
    let is_one = match serde_json::from_str(inner.trim()) {
        Ok(Value::Array(items)) => !items.is_empty() && items.iter().all(is_call),
        Ok(value) => is_call(&value),
        Err(_) => return false,
    };
    is_one || !tool_call::tool_calls(&json!({"content": inner.trim()})).is_empty()
}

fn is_call(value: &Value) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| value.get(name).is_some());
    has(&["tool_calls", "tool_call", "function_call"])
        || (has(&["tool", "name", "function", "tool_name"])
            && has(&["arguments", "args", "parameters", "params", "input"]))
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHARS, outcome};
    use crate::gateway::TurnOutcome;
    use proptest::prelude::{any, prop_assert, proptest};

    #[track_caller]
    fn passed(reply: &str, wanted: &str) {
        assert_eq!(outcome(reply), TurnOutcome::Reply(wanted.to_owned()), "{reply:?}");
    }

    #[track_caller]
    fn silent(reply: &str) {
        assert_eq!(outcome(reply), TurnOutcome::NoReply, "{reply:?}");
    }

    #[test]
    fn control_words_are_taken_out() {
        for reply in [
            "",
            "  \n",
            "NO_REPLY",
            "HEARTBEAT_OK.",
            "**NO_REPLY**",
            "`HEARTBEAT_OK`",
            "NO_REPLY\nNO_REPLY",
        ] {
            silent(reply);
        }
        passed("All quiet.\n\nHEARTBEAT_OK", "All quiet.");
        passed("HEARTBEAT_OK\nAll quiet.", "All quiet.");
        passed("Answer NO_REPLY to stay silent.", "Answer NO_REPLY to stay silent.");
        passed("NO_REPLY means silence.", "NO_REPLY means silence.");
    }

    #[test]
    fn a_tool_call_is_no_reply() {
        for reply in [
            r#"{"tool":"exec","args":{"command":"ls"}}"#,
            r#"[{"name":"read","arguments":{"path":"/etc"}}]"#,
            "```json\n{\"name\": \"exec\", \"parameters\": {}}\n```",
            r#"{"tool_calls":[{"id":"1"}]}"#,
            r#"[{"type":"text","text":"Let me look."},{"type":"toolCall","name":"exec"}]"#,
        ] {
            silent(reply);
        }
        passed(r#"{"meetings":2}"#, r#"{"meetings":2}"#);
        passed("42", "42");
        passed("[]", "[]");
    }

    #[test]
    fn a_reply_is_bounded() {
        let TurnOutcome::Reply(reply) = outcome(&"é".repeat(MAX_CHARS + 5)) else { panic!() };
        assert_eq!(reply.chars().count(), MAX_CHARS + 1);
    }

    proptest! {
        #[test]
        fn plain_words_are_never_lost(reply in "[a-zé ]{1,40}") {
            if !reply.trim().is_empty() {
                prop_assert!(outcome(&reply) == TurnOutcome::Reply(reply.trim().to_owned()));
            }
        }

        #[test]
        fn never_panics(reply in any::<String>()) {
            let _ = outcome(&reply);
        }
    }
}
