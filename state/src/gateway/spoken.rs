//! What of a reply is meant for people: control words and tool calls that came out as text are not.

use serde_json::{Value, json};

use super::{Outcome, call};
use crate::secret;

/// The longest reply that is passed on, in characters; the chat endpoint does not cut its own.
const LONGEST: usize = 100_000;

/// Words by which an agent says that it says nothing (facts/server.md 8).
const CONTROL_WORDS: [&str; 2] = ["NO_REPLY", "HEARTBEAT_OK"];

/// What the chat endpoint puts where the model said nothing.
const CHAT_PLACEHOLDER: &str = "No response from OpenClaw.";

/// The reply as it may be passed on: without control words at its ends, bounded; [`Outcome::NoReply`] if
/// nothing is left or the whole is a tool call.
pub(super) fn outcome(reply: &str) -> Outcome {
    // Here and not where it is spoken: by then its marks are gone, those in a token too.
    let reply = secret::clean(reply);
    let reply = without_control_words(&reply);
    if reply.is_empty() || reply == CHAT_PLACEHOLDER || is_tool_call(reply) {
        return Outcome::NoReply;
    }
    Outcome::Reply(match reply.char_indices().nth(LONGEST) {
        None => reply.to_owned(),
        Some((end, _)) => format!("{}…", &reply[..end]),
    })
}

/// Takes control words off both ends. One inside a sentence is talked about and stays.
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

/// Whether the whole reply is a call of a tool written out as JSON: alone, in a list, in a code fence, or among the parts
/// of a message.
fn is_tool_call(reply: &str) -> bool {
    let inner = reply.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inner =
        inner.map_or(reply, |inner| inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
    let is_one = match serde_json::from_str(inner.trim()) {
        Ok(Value::Array(items)) => !items.is_empty() && items.iter().all(is_call),
        Ok(value) => is_call(&value),
        Err(_) => return false,
    };
    is_one || !call::calls(&json!({"content": inner.trim()})).is_empty()
}

fn is_call(value: &Value) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| value.get(name).is_some());
    has(&["tool_calls", "tool_call", "function_call"])
        || (has(&["tool", "name", "function", "tool_name"])
            && has(&["arguments", "args", "parameters", "params", "input"]))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, outcome};
    use crate::gateway::Outcome;
    use proptest::prelude::{any, prop_assert, proptest};

    #[track_caller]
    fn spoken(reply: &str, wanted: &str) {
        assert_eq!(outcome(reply), Outcome::Reply(wanted.to_owned()), "{reply:?}");
    }

    #[track_caller]
    fn silent(reply: &str) {
        assert_eq!(outcome(reply), Outcome::NoReply, "{reply:?}");
    }

    #[test]
    fn control_words_are_not_spoken() {
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
        spoken("All quiet.\n\nHEARTBEAT_OK", "All quiet.");
        spoken("HEARTBEAT_OK\nAll quiet.", "All quiet.");
        spoken("Answer NO_REPLY to stay silent.", "Answer NO_REPLY to stay silent.");
        spoken("NO_REPLY means silence.", "NO_REPLY means silence.");
    }

    #[test]
    fn tool_calls_are_not_spoken() {
        for reply in [
            r#"{"tool":"exec","args":{"command":"ls"}}"#,
            r#"[{"name":"read","arguments":{"path":"/etc"}}]"#,
            "```json\n{\"name\": \"exec\", \"parameters\": {}}\n```",
            r#"{"tool_calls":[{"id":"1"}]}"#,
            r#"[{"type":"text","text":"Let me look."},{"type":"toolCall","name":"exec"}]"#,
        ] {
            silent(reply);
        }
        spoken(r#"{"meetings":2}"#, r#"{"meetings":2}"#);
        spoken("42", "42");
        spoken("[]", "[]");
    }

    #[test]
    fn a_reply_is_bounded() {
        let Outcome::Reply(reply) = outcome(&"é".repeat(LONGEST + 5)) else { panic!() };
        assert_eq!(reply.chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn plain_words_are_never_lost(reply in "[a-zé ]{1,40}") {
            if !reply.trim().is_empty() {
                prop_assert!(outcome(&reply) == Outcome::Reply(reply.trim().to_owned()));
            }
        }

        #[test]
        fn never_panics(reply in any::<String>()) {
            let _ = outcome(&reply);
        }
    }
}
