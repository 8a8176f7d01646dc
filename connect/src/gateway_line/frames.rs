//! The gateway's frames: answers to requests, and events about turns. Everything else is passed over.

use serde_json::Value;
use state::gateway::text_of;
use state::{json, sanitize};

/// Words of the gateway that go to a log are cut here.
const LONGEST_WORDS: usize = 300;

/// A request that the gateway answered with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineRefused {
    /// Its code: `INVALID_REQUEST`, `UNAVAILABLE`.
    pub(crate) code: String,
    /// The code of its details, if it has one: `PAIRING_REQUIRED`.
    pub(crate) detail: String,
    /// The gateway's words, in one line.
    pub(crate) words: String,
}

/// What happened to a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunEvent {
    /// The agent said this before it used a tool.
    Preamble(String),
    /// It began to use a tool, by this title.
    Tool(String),
    /// Its answer so far, with what it said before.
    Text(String),
    /// It ended; the text is empty where it has nothing to say, or where it waits for its turn.
    Final(String),
    /// It failed, in the gateway's words.
    Error(String),
    /// Somebody stopped it.
    Aborted,
    /// The connection is gone; what happens meanwhile is not told.
    Dropped,
}

/// One frame.
#[derive(Debug)]
pub(super) enum LineFrame {
    /// The gateway wants to know who we are.
    Challenge {
        /// To be signed.
        nonce: String,
        /// To be signed as well, as it came.
        ts: Value,
    },
    /// The answer to a request.
    Response {
        /// Of which request.
        id: String,
        /// Its payload, or why there is none.
        result: Result<Value, LineRefused>,
    },
    /// Something about a turn.
    Run {
        /// The turn.
        run_id: String,
        /// What happened.
        event: RunEvent,
    },
    /// Anything else.
    Other,
}

impl LineFrame {
    /// Reads a frame; one that cannot be read is [`LineFrame::Other`].
    pub(super) fn read(text: &str) -> Self {
        let Ok(frame) = json::parse(text.as_bytes()) else { return Self::Other };
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let payload = &frame["payload"];
        match (word(&frame["type"]).as_str(), word(&frame["event"]).as_str()) {
            ("res", _) => {
                let id = word(&frame["id"]);
                let is_ok = frame["ok"] == Value::Bool(true);
                let result =
                    if is_ok { Ok(payload.clone()) } else { Err(refused(&frame["error"])) };
                Self::Response { id, result }
            }
            ("event", "connect.challenge") => {
                Self::Challenge { nonce: word(&payload["nonce"]), ts: payload["ts"].clone() }
            }
            ("event", "chat") => Self::run(payload, chat_event(payload)),
            ("event", "agent") if payload["stream"] == "item" => {
                Self::run(payload, item_event(&payload["data"]))
            }
            _ => Self::Other,
        }
    }

    fn run(payload: &Value, event: Option<RunEvent>) -> Self {
        match (payload["runId"].as_str(), event) {
            (Some(run_id), Some(event)) => Self::Run { run_id: run_id.to_owned(), event },
            _ => Self::Other,
        }
    }
}

fn refused(error: &Value) -> LineRefused {
    let line =
        |value: &Value| sanitize::line_up_to(value.as_str().unwrap_or_default(), LONGEST_WORDS);
    LineRefused {
        code: line(&error["code"]),
        detail: line(&error["details"]["code"]),
        words: line(&error["message"]),
    }
}

fn chat_event(payload: &Value) -> Option<RunEvent> {
    let text = || text_of(payload["message"].get("content"));
    Some(match payload["state"].as_str()? {
        "delta" => RunEvent::Text(text()),
        "final" => RunEvent::Final(text()),
        "error" => {
            let words = payload["errorMessage"].as_str().unwrap_or("no reason given");
            RunEvent::Error(sanitize::line_up_to(words, LONGEST_WORDS))
        }
        "aborted" => RunEvent::Aborted,
        _ => return None,
    })
}

fn item_event(item: &Value) -> Option<RunEvent> {
    match (item["kind"].as_str()?, item["phase"].as_str()?) {
        ("preamble", "end") => Some(RunEvent::Preamble(item["progressText"].as_str()?.to_owned())),
        ("tool", "start") => Some(RunEvent::Tool(item["title"].as_str()?.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{LineFrame, RunEvent};
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    fn event(name: &str, payload: &Value) -> Option<RunEvent> {
        let frame = json!({"type": "event", "event": name, "payload": payload, "seq": 1});
        match LineFrame::read(&frame.to_string()) {
            LineFrame::Run { run_id, event } => {
                assert_eq!(run_id, "r");
                Some(event)
            }
            _ => None,
        }
    }

    #[test]
    fn events_of_a_turn() {
        let message = json!({"role": "assistant", "content": [{"type": "text", "text": "Two."}]});
        let chat = |state: &str| json!({"runId": "r", "state": state, "message": message});
        let text = "Two.".to_owned();
        assert_eq!(event("chat", &chat("delta")), Some(RunEvent::Text(text.clone())));
        assert_eq!(event("chat", &chat("final")), Some(RunEvent::Final(text)));
        let silent = json!({"runId": "r", "state": "final", "seq": 1});
        assert_eq!(event("chat", &silent), Some(RunEvent::Final(String::new())));
        assert_eq!(event("chat", &chat("aborted")), Some(RunEvent::Aborted));
        assert_eq!(event("chat", &chat("status")), None);
        let failed = json!({"runId": "r", "state": "error", "errorMessage": "LLM\nfailed"});
        assert_eq!(event("chat", &failed), Some(RunEvent::Error("LLM failed".to_owned())));
        let item = |data: Value| json!({"runId": "r", "stream": "item", "data": data});
        let said = json!({"kind": "preamble", "phase": "end", "progressText": "Let me look."});
        assert_eq!(
            event("agent", &item(said)),
            Some(RunEvent::Preamble("Let me look.".to_owned()))
        );
        let tool = json!({"kind": "tool", "phase": "start", "title": "Exec date"});
        assert_eq!(event("agent", &item(tool)), Some(RunEvent::Tool("Exec date".to_owned())));
        assert_eq!(event("agent", &json!({"runId": "r", "stream": "assistant", "data": {}})), None);
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_panics(text in any::<String>(), state in "[a-z]{0,9}") {
            let _ = LineFrame::read(&text);
            let frame = json!({"type": state, "event": state, "payload": text, "ok": state});
            let _ = LineFrame::read(&frame.to_string());
        }
    }
}
