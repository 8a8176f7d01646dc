//! Finds late replies: the reply of a turn that outlasted its wait is only in the history of its session.

use std::time::Duration;

use serde_json::{Value, json};

use super::finished_run::{self, FinishedRun};
use super::message_content::text_of;
use super::session_key::SessionKey;
use super::transport::{Transport, invoke_body};
use crate::text::json as json_text;

/// How many of the newest rows are read for one run. Turns queue up, so others may come after its reply, and a tool that
/// was called before it takes three rows: what was written before the call, the call, its result.
const ROWS: usize = 16;

/// And for each further run: its question, its reply, and what may come between.
const ROWS_PER_FURTHER_RUN: usize = 4;

/// The most rows that are read, for however many runs: more would be a large response every three seconds.
const MAX_ROWS: usize = 100;

/// The longest wait for the history, which the gateway reads from memory.
const WITHIN: Duration = Duration::from_secs(10);

/// Which of `run_ids` have ended in the agent's main session, and how; one request for all. Runs are left out that go on, and
/// those of which the gateway cannot tell: before 2026.9 messages do not name their run, and an agent that says nothing
/// leaves no row.
pub(super) fn finished_runs<'a>(
    transport: &Transport,
    run_ids: &[&'a str],
) -> Vec<(&'a str, FinishedRun)> {
    let session = SessionKey::main(transport.endpoint.agent_id());
    let limit = ROWS + ROWS_PER_FURTHER_RUN * run_ids.len().saturating_sub(1);
    let args =
        json!({"sessionKey": session.as_str(), "limit": limit.min(MAX_ROWS), "includeTools": true});
    let response = transport.invoke(&invoke_body("sessions_history", None, args), WITHIN);
    let Some(response) = response.ok().filter(|response| response.status() == 200) else {
        return Vec::new();
    };
    let body = json_text::parse(response.body()).ok();
    let Some(messages) = body.as_ref().and_then(messages) else { return Vec::new() };
    let finished = |run_id: &&'a str| Some((*run_id, finished_run::read(&messages, run_id)?));
    run_ids.iter().filter_map(finished).collect()
}

/// The messages in the response of `sessions_history`: in the details, else as JSON in the text.
fn messages(body: &Value) -> Option<Vec<Value>> {
    let result = body.get("result")?;
    let list = |value: &Value| value.get("messages").and_then(Value::as_array).cloned();
    result.get("details").and_then(list).or_else(|| {
        let text = text_of(result.get("content"));
        json_text::parse(text.as_bytes()).ok().as_ref().and_then(list)
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
