//! Late replies: a turn that outlasted its wait leaves its reply in the session's history only.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::tool;
use super::{Client, Outcome, SessionKey, reply, spoken};
use crate::json as document;

/// The newest messages that are looked through for one run. Turns queue up, so its reply can have others after it.
const LATEST: usize = 12;

/// And for each further run: its question, its reply, and what may come between.
const LATEST_EACH: usize = 4;

/// However many runs are looked for: more would be a large answer every three seconds.
const MOST: usize = 100;

/// Longest wait for the history, which is read from memory.
const WITHIN: Duration = Duration::from_secs(10);

impl Client {
    /// The replies of those of `run_ids` that are in the agent's main session by now, in one request for all. A run
    /// is left out too if the gateway cannot say (before 2026.9 its messages do not name their run) or nothing is
    /// to be said.
    pub fn history<'a>(&self, run_ids: &[&'a str]) -> Vec<(&'a str, String)> {
        let session = SessionKey::main(self.target().agent_id());
        let limit = LATEST + LATEST_EACH * run_ids.len().saturating_sub(1);
        let args = json!({"sessionKey": session.as_str(), "limit": limit.min(MOST)});
        let body = tool("sessions_history", None, args);
        let reply = self.wire().post("/tools/invoke", &body, WITHIN);
        let Some(reply) = reply.ok().filter(|reply| reply.status() == 200) else {
            return Vec::new();
        };
        let answer = document::parse(reply.body()).ok();
        let Some(messages) = answer.as_ref().and_then(messages) else { return Vec::new() };
        let found = run_ids.iter().filter_map(|run_id| {
            match spoken::outcome(&of_run(&messages, run_id)?) {
                Outcome::Reply(reply) => Some((*run_id, reply)),
                _ => None,
            }
        });
        found.collect()
    }
}

/// The messages of a `sessions_history` answer: in the details, else as JSON in the text.
fn messages(answer: &Value) -> Option<Vec<Value>> {
    let result = answer.get("result")?;
    let list = |value: &Value| value.get("messages").and_then(Value::as_array).cloned();
    result.get("details").and_then(list).or_else(|| {
        let text = reply::text_of(result.get("content"));
        document::parse(text.as_bytes()).ok().as_ref().and_then(list)
    })
}

/// The last words of the assistant in a run. What was sent in shows as the assistant's too, but has a
/// provenance and a key that ends in `:user` (facts/gateway.md 4b).
fn of_run(messages: &[Value], run_id: &str) -> Option<String> {
    let text = |message: &Value, path: &str| {
        message.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let is_reply = |message: &&Value| {
        text(message, "/role") == "assistant"
            && text(message, "/__openclaw/runId") == run_id
            && message.get("provenance").is_none()
            && !text(message, "/idempotencyKey").ends_with(":user")
    };
    let texts = messages
        .iter()
        .rev()
        .filter(is_reply)
        .map(|message| reply::text_of(message.get("content")));
    texts.into_iter().find(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::{messages, of_run};
    use serde_json::{Value, json};

    fn said(run_id: &str, text: &str) -> Value {
        json!({"role": "assistant", "content": [{"type": "text", "text": text}], "__openclaw": {"runId": run_id}})
    }

    fn sent(run_id: &str, text: &str) -> Value {
        json!({
            "role": "assistant", "content": text, "provenance": {"kind": "inter_session"},
            "idempotencyKey": format!("{run_id}:user"), "__openclaw": {"runId": run_id},
        })
    }

    #[track_caller]
    fn case(messages: &[Value], wanted: Option<&str>) {
        assert_eq!(of_run(messages, "r1").as_deref(), wanted, "{messages:?}");
    }

    #[test]
    fn the_reply_is_the_last_word_of_its_run() {
        let look = json!({"role": "assistant", "content": [{"type": "toolCall"}], "__openclaw": {"runId": "r1"}});
        case(
            &[sent("r1", "what?"), said("r1", "Let me look."), said("r1", "Two."), look],
            Some("Two."),
        );
        case(&[said("r1", "Two."), sent("r2", "next"), said("r2", "Three.")], Some("Two."));
    }

    #[test]
    fn nothing_else_is_taken_for_the_reply() {
        case(&[sent("r1", "what?")], None);
        case(&[said("r2", "Three.")], None);
        case(&[json!({"role": "user", "content": "Two.", "__openclaw": {"runId": "r1"}})], None);
        case(&[json!({"role": "assistant", "content": "no run named"})], None);
        case(&[], None);
    }

    #[test]
    fn messages_are_found_in_details_or_text() {
        let list = json!({"messages": [said("r1", "Two.")]});
        let details = json!({"result": {"details": list}});
        let text = json!({"result": {"content": [{"type": "text", "text": list.to_string()}]}});
        assert_eq!(messages(&details), messages(&text));
        assert_eq!(messages(&json!({"error": {}})), None);
    }
}
