//! Finds out from a session's history whether a run has ended, and what its reply is.
//!
//! A run is several rows: what the agent wrote on the way, its tool calls, their results, its last text. Only that last
//! text is the reply, or what it gave to the `message` tool for this conversation; everything else are the agent's own
//! thoughts. This is the gateway's own rule: for a run that ends in time it gives the same reply (the captures `runs.json`
//! contain both).

use serde_json::Value;

use super::history_row::{HistoryRow, RowEnd};
use super::tool_call::MessageToolText;
use super::{TurnOutcome, reply_text};

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedRun {
    /// How the turn ended.
    pub outcome: TurnOutcome,
    /// False if the history has the call of the `message` tool and not yet its result: the outcome counts if the next look
    /// shows the same.
    pub is_certain: bool,
}

impl FinishedRun {
    fn certain(outcome: TurnOutcome) -> Self {
        Self { outcome, is_certain: true }
    }
}

/// How the run ended; `None` while it goes on, or if the history does not tell.
pub(super) fn read(messages: &[Value], run_id: &str) -> Option<FinishedRun> {
    let rows: Vec<HistoryRow> =
        messages.iter().map(HistoryRow::new).filter(|row| row.run_id() == run_id).collect();
    let texts: Vec<MessageToolText> =
        message_tool_texts(&rows).into_iter().filter(|one| one.is_here).collect();
    let is_answer = |one: &&MessageToolText| one.was_sent == Some(true) && !one.is_progress;
    if let Some(answer) = joined(texts.iter().filter(is_answer)) {
        return Some(FinishedRun::certain(answer));
    }
    let last = rows.iter().rfind(|row| row.is_agents() && row.message_tool_key().is_none())?;
    let outcome = match last.end()? {
        RowEnd::ToolCalls => {
            let ids = last.call_ids();
            let is_final = |one: &&MessageToolText| {
                one.is_final && one.was_sent.is_none() && ids.contains(&one.id.as_str())
            };
            let finals: Vec<&MessageToolText> = texts.iter().filter(is_final).collect();
            let outcome = joined(finals.iter().copied()).filter(|_| finals.len() == ids.len())?;
            return Some(FinishedRun { outcome, is_certain: false });
        }
        // Not its own text, which may be a reply that was cut off: failures are logged, replies are private.
        RowEnd::Failed => TurnOutcome::Failed { words: "the run was broken off".to_owned() },
        RowEnd::Finished => reply(last, &texts),
    };
    Some(FinishedRun::certain(outcome))
}

/// The reply of a run that ended with a text. If the agent gave its answer to the `message` tool, that text is its own.
fn reply(last: &HistoryRow, texts: &[MessageToolText]) -> TurnOutcome {
    let perhaps_sent = || texts.iter().filter(|one| one.was_sent != Some(false));
    let answer = joined(perhaps_sent().filter(|one| !one.is_progress));
    answer.unwrap_or_else(|| match reply_text::outcome(&last.text()) {
        TurnOutcome::NoReply => joined(perhaps_sent()).unwrap_or(TurnOutcome::NoReply),
        outcome => outcome,
    })
}

/// What the agent gave to the `message` tool, in order, and of each whether it was sent.
fn message_tool_texts(rows: &[HistoryRow]) -> Vec<MessageToolText> {
    let mut texts: Vec<MessageToolText> = Vec::new();
    for row in rows.iter().filter(|row| row.is_agents()) {
        // The gateway writes a copy of what was sent to this conversation, with a key that names the call.
        let Some(key) = row.message_tool_key() else {
            texts.extend(row.message_tool_texts());
            continue;
        };
        let copy = MessageToolText::of_copy(row.text());
        match texts.iter_mut().find(|one| one.has_key(key)) {
            Some(one) => {
                let (id, is_progress) = (one.id.clone(), one.is_progress);
                *one = MessageToolText { id, is_progress, ..copy };
            }
            None => texts.push(copy),
        }
    }
    for (id, is_done) in rows.iter().filter_map(HistoryRow::call_result) {
        for one in texts.iter_mut().filter(|one| one.id == id && one.was_sent.is_none()) {
            one.was_sent = Some(is_done);
        }
    }
    texts
}

/// Several texts as one reply; `None` if there is nothing in them.
fn joined<'a>(texts: impl Iterator<Item = &'a MessageToolText>) -> Option<TurnOutcome> {
    let texts: Vec<&str> =
        texts.map(|one| one.text.trim()).filter(|text| !text.is_empty()).collect();
    match reply_text::outcome(&texts.join("\n\n")) {
        TurnOutcome::NoReply => None,
        outcome => Some(outcome),
    }
}

#[cfg(test)]
#[path = "finished_run_tests.rs"]
mod tests;
