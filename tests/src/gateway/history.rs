//! What stands in the sessions, as `sessions_history` shows it.

use super::turn::{RecordedTurn, TurnApi};
use super::version::GatewayVersion;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// One line of a session.
#[derive(Clone, Debug)]
pub(super) struct HistoryEntry {
    session: String,
    run_id: String,
    key: Option<String>,
    api: TurnApi,
    kind: EntryKind,
    at: u64,
}

#[derive(Clone, Debug)]
enum EntryKind {
    Question(String),
    Reply(String),
    /// Whatever a test wants to stand there.
    Raw(Value),
}

impl HistoryEntry {
    pub(super) fn question(turn: &RecordedTurn) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            session: turn.session.clone(),
            run_id: turn.run_id.clone(),
            key: turn.key.clone(),
            api: turn.api,
            kind: EntryKind::Question(turn.message.clone()),
            at: u64::try_from(now.as_millis()).unwrap_or(0),
        }
    }

    pub(super) fn reply(turn: &RecordedTurn, text: &str) -> Self {
        Self { kind: EntryKind::Reply(text.to_owned()), ..Self::question(turn) }
    }

    pub(super) fn raw(turn: &RecordedTurn, row: &Value) -> Self {
        Self { kind: EntryKind::Raw(row.clone()), ..Self::question(turn) }
    }

    /// The line as that version shows it: in 2026.9.6, the question of another session also has the role `assistant`.
    fn show(&self, version: GatewayVersion) -> Value {
        let text = |text: &str| json!([{"type": "text", "text": text.chars().take(4000).collect::<String>()}]);
        let mut line = match &self.kind {
            EntryKind::Raw(row) => row.clone(),
            EntryKind::Reply(reply) => json!({
                "role": "assistant", "content": text(reply), "api": "openai-completions",
                "provider": "stub", "model": "stub-1", "stopReason": "stop", "timestamp": self.at,
            }),
            EntryKind::Question(question)
                if version == GatewayVersion::V2026_9_6 && self.api == TurnApi::SessionsSend =>
            {
                json!({
                    "role": "assistant", "content": question,
                    "provenance": {"kind": "inter_session", "sourceTool": "sessions_send"},
                    "idempotencyKey": format!("{}:user", self.run_id), "timestamp": self.at,
                })
            }
            EntryKind::Question(question) => {
                let mut row =
                    json!({"role": "user", "content": text(question), "timestamp": self.at});
                if let Some(key) = &self.key {
                    row["idempotencyKey"] = format!("{key}:user").into();
                }
                row
            }
        };
        if version == GatewayVersion::V2026_9_6 {
            line["__openclaw"] = json!({"runId": self.run_id});
        }
        line
    }
}

/// The details of `sessions_history`. Only the lines that are shown are made: a long run reads it again and again.
pub(super) fn details(
    history: &[HistoryEntry],
    version: GatewayVersion,
    session: &str,
    limit: usize,
) -> Value {
    let latest = history.iter().rev().filter(|line| line.session == session).take(limit);
    let mut shown: Vec<_> = latest.map(|line| line.show(version)).collect();
    shown.reverse();
    json!({"sessionKey": session, "messages": shown})
}
