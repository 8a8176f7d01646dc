//! Finds out from a session's history what became of a turn that was sent under a key of ours.

use serde_json::Value;

use super::history_row::{HistoryRow, RowEnd};
use super::{TurnOutcome, reply_text};

/// What a session's history says of such a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyedRun {
    /// The message is not there: the gateway never took it, or it is further back than was looked.
    Unknown,
    /// The message is there, and no end of its turn: it runs, or waits for its turn, or is resumed after a restart.
    Running,
    /// The turn has ended.
    Ended(TurnOutcome),
}

impl KeyedRun {
    /// Reads the rows of a history, oldest first.
    pub fn read(messages: &[Value], key: &str) -> Self {
        let wanted = format!("{key}:user");
        let is_message = |row: &Value| {
            let names = ["/idempotencyKey", "/__openclaw/idempotencyKey"];
            names.iter().any(|name| row.pointer(name).is_some_and(|key| *key == wanted))
        };
        let Some(place) = messages.iter().position(is_message) else { return Self::Unknown };
        let mut failed = false;
        for row in messages[place + 1..].iter().map(HistoryRow::new) {
            match row.end() {
                Some(RowEnd::Finished) if row.is_agents() => {
                    return Self::Ended(reply_text::outcome(&row.text()));
                }
                Some(RowEnd::Failed) if row.is_agents() => failed = true,
                _ => {}
            }
        }
        // A turn that a restart broke off may be resumed: only a later row would tell.
        if failed {
            let words = "the run was broken off".to_owned();
            return Self::Ended(TurnOutcome::Failed { words });
        }
        Self::Running
    }
}

#[cfg(test)]
mod tests {
    use super::KeyedRun;
    use crate::gateway::TurnOutcome;
    use serde_json::{Value, json};

    fn user(key: &str) -> Value {
        json!({"role": "user", "content": "hi", "idempotencyKey": format!("{key}:user")})
    }

    fn agent(text: &str, reason: &str) -> Value {
        let content = json!([{"type": "text", "text": text}]);
        json!({"role": "assistant", "content": content, "stopReason": reason, "model": "m"})
    }

    #[test]
    fn the_answer_is_the_first_end_after_the_message() {
        let call = json!({
            "role": "assistant", "stopReason": "toolUse",
            "content": [{"type": "text", "text": "Let me look."}, {"type": "toolCall", "id": "1", "name": "exec"}],
        });
        let rows = [agent("Before.", "stop"), user("a"), call, agent("Two.", "stop"), user("b")];
        let two = KeyedRun::Ended(TurnOutcome::Reply("Two.".to_owned()));
        assert_eq!(KeyedRun::read(&rows, "a"), two);
        assert_eq!(KeyedRun::read(&rows[..3], "a"), KeyedRun::Running);
        assert_eq!(KeyedRun::read(&rows, "b"), KeyedRun::Running);
        assert_eq!(KeyedRun::read(&rows, "c"), KeyedRun::Unknown);
        let mut moved = user("d");
        moved["__openclaw"] = json!({"idempotencyKey": "d:user"});
        moved.as_object_mut().unwrap().shift_remove("idempotencyKey");
        let rows = [moved, agent("", "error"), agent("Resumed.", "stop")];
        let resumed = KeyedRun::Ended(TurnOutcome::Reply("Resumed.".to_owned()));
        assert_eq!(KeyedRun::read(&rows, "d"), resumed);
        let KeyedRun::Ended(TurnOutcome::Failed { .. }) = KeyedRun::read(&rows[..2], "d") else {
            panic!("a run that was broken off has failed")
        };
    }
}
