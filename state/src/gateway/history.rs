//! Late replies: a turn that outlasted its wait leaves its reply in the session's history only.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::tool;
use super::run::{self, Ended};
use super::{Client, SessionKey, reply};
use crate::json as document;

/// The newest rows that are looked through for one run. Turns queue up, so its reply can have others after it, and a
/// tool that was called before it takes three: what was written first, the call, what came of it.
const LATEST: usize = 16;

/// And for each further run: its question, its reply, and what may come between.
const LATEST_EACH: usize = 4;

/// However many runs are looked for: more would be a large answer every three seconds.
const MOST: usize = 100;

/// Longest wait for the history, which is read from memory.
const WITHIN: Duration = Duration::from_secs(10);

impl Client {
    /// How those of `run_ids` ended that have ended by now in the agent's main session, in one request for all. A run
    /// is left out too if the gateway cannot say (before 2026.9 its messages do not name their run, and an agent that
    /// says nothing leaves no row).
    pub fn history<'a>(&self, run_ids: &[&'a str]) -> Vec<(&'a str, Ended)> {
        let session = SessionKey::main(self.target().agent_id());
        let limit = LATEST + LATEST_EACH * run_ids.len().saturating_sub(1);
        let args =
            json!({"sessionKey": session.as_str(), "limit": limit.min(MOST), "includeTools": true});
        let body = tool("sessions_history", None, args);
        let reply = self.wire().post("/tools/invoke", &body, WITHIN);
        let Some(reply) = reply.ok().filter(|reply| reply.status() == 200) else {
            return Vec::new();
        };
        let answer = document::parse(reply.body()).ok();
        let Some(messages) = answer.as_ref().and_then(messages) else { return Vec::new() };
        let ended = |run_id: &&'a str| Some((*run_id, run::read(&messages, run_id)?));
        run_ids.iter().filter_map(ended).collect()
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

#[cfg(test)]
mod tests {
    use super::messages;
    use serde_json::json;

    #[test]
    fn messages_are_found_in_details_or_text() {
        let list = json!({"messages": [{"role": "assistant", "content": "Two."}]});
        let details = json!({"result": {"details": list}});
        let text = json!({"result": {"content": [{"type": "text", "text": list.to_string()}]}});
        assert!(messages(&details).is_some_and(|messages| messages.len() == 1));
        assert_eq!(messages(&details), messages(&text));
        assert_eq!(messages(&json!({"error": {}})), None);
    }
}
