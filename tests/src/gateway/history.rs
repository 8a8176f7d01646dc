//! What was said in the sessions, as `sessions_history` tells it.

use super::Version;
use super::turn::{Api, Turn};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// One line of a session.
#[derive(Clone, Debug)]
pub(super) struct Said {
    session: String,
    run_id: String,
    api: Api,
    what: What,
    at: u64,
}

#[derive(Clone, Debug)]
enum What {
    Question(String),
    Reply(String),
    /// Whatever a test wants to stand there.
    Row(Value),
}

impl Said {
    pub(super) fn asked(turn: &Turn) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            session: turn.session.clone(),
            run_id: turn.run_id.clone(),
            api: turn.api,
            what: What::Question(turn.message.clone()),
            at: u64::try_from(now.as_millis()).unwrap_or(0),
        }
    }

    pub(super) fn answered(turn: &Turn, text: &str) -> Self {
        Self { what: What::Reply(text.to_owned()), ..Self::asked(turn) }
    }

    pub(super) fn row(turn: &Turn, row: &Value) -> Self {
        Self { what: What::Row(row.clone()), ..Self::asked(turn) }
    }

    /// The line as that version shows it: the question of another session also has the role `assistant` today.
    fn shown(&self, version: Version) -> Value {
        let text = |text: &str| json!([{"type": "text", "text": text.chars().take(4000).collect::<String>()}]);
        let mut line = match &self.what {
            What::Row(row) => row.clone(),
            What::Reply(reply) => json!({
                "role": "assistant", "content": text(reply), "api": "openai-completions",
                "provider": "stub", "model": "stub-1", "stopReason": "stop", "timestamp": self.at,
            }),
            What::Question(question)
                if version == Version::V2026_9_6 && self.api == Api::SessionsSend =>
            {
                json!({
                    "role": "assistant", "content": question,
                    "provenance": {"kind": "inter_session", "sourceTool": "sessions_send"},
                    "idempotencyKey": format!("{}:user", self.run_id), "timestamp": self.at,
                })
            }
            What::Question(question) => {
                json!({"role": "user", "content": text(question), "timestamp": self.at})
            }
        };
        if version == Version::V2026_9_6 {
            line["__openclaw"] = json!({"runId": self.run_id});
        }
        line
    }
}

/// The details of `sessions_history`. Only what is shown is made: a long run is asked for it over and over.
pub(super) fn details(said: &[Said], version: Version, session: &str, limit: usize) -> Value {
    let latest = said.iter().rev().filter(|line| line.session == session).take(limit);
    let mut shown: Vec<_> = latest.map(|line| line.shown(version)).collect();
    shown.reverse();
    json!({"sessionKey": session, "messages": shown})
}
