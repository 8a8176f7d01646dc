//! One run as the session's history tells it: whether it has ended, and what of it is for whoever asked.
//!
//! A run is told in rows: what the agent wrote on the way, the tools it called, what came of them, and its last words.
//! Only those are an answer, or what it handed to the `message` tool for this conversation: the rest are the agent's
//! own thoughts, whoever waits. The rule is the gateway's own, which answers in time with the same words (the captures
//! of a real one in `run_tests.rs` hold both).

use serde_json::Value;

use super::call::Handed;
use super::row::{End, Row};
use super::{Outcome, spoken};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What is told to whoever asked.
    pub outcome: Outcome,
    /// `false` while only the call of the `message` tool shows, and not yet what came of it: it counts if the next
    /// look shows the same.
    pub is_certain: bool,
}

impl Ended {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, is_certain: true }
    }
}

/// How the run ended; `None` while it goes on, or if the history does not tell.
pub(super) fn read(messages: &[Value], run_id: &str) -> Option<Ended> {
    let rows: Vec<Row> =
        messages.iter().map(Row::of).filter(|row| row.run_id() == run_id).collect();
    let handed: Vec<Handed> = handed(&rows).into_iter().filter(|one| one.is_here).collect();
    let was_sent = |one: &&Handed| one.has_run == Some(true) && !one.is_progress;
    if let Some(answer) = joined(handed.iter().filter(was_sent)) {
        return Some(Ended::of(answer));
    }
    let last = rows.iter().rfind(|row| row.is_agents() && row.sent_by_tool().is_none())?;
    let outcome = match last.end()? {
        End::Calls => {
            let calls = last.calls();
            let closes = |one: &&Handed| {
                one.is_final && one.has_run.is_none() && calls.contains(&one.id.as_str())
            };
            let closing: Vec<&Handed> = handed.iter().filter(closes).collect();
            let outcome =
                joined(closing.iter().copied()).filter(|_| closing.len() == calls.len())?;
            return Some(Ended { outcome, is_certain: false });
        }
        // Its words may be the agent's, cut off in the middle: they stay out of the log.
        End::Failed => Outcome::Failed { words: "the run was broken off".to_owned() },
        End::Said => said(last, &handed),
    };
    Some(Ended::of(outcome))
}

/// What is told of a run that ended in words. They are private where the agent handed its answer to the `message` tool.
fn said(last: &Row, handed: &[Handed]) -> Outcome {
    let perhaps_sent = || handed.iter().filter(|one| one.has_run != Some(false));
    let answer = joined(perhaps_sent().filter(|one| !one.is_progress));
    answer.unwrap_or_else(|| match spoken::outcome(&last.text()) {
        Outcome::NoReply => joined(perhaps_sent()).unwrap_or(Outcome::NoReply),
        outcome => outcome,
    })
}

/// What the agent handed to the `message` tool, in order, with what is known of each.
fn handed(rows: &[Row]) -> Vec<Handed> {
    let mut handed: Vec<Handed> = Vec::new();
    for row in rows.iter().filter(|row| row.is_agents()) {
        // The gateway writes a copy of what reached this conversation, under a key that names the call.
        let Some(key) = row.sent_by_tool() else {
            handed.extend(row.handed());
            continue;
        };
        let sent = Handed::sent(row.text());
        match handed.iter_mut().find(|one| one.is_of(key)) {
            Some(one) => *one = Handed { id: one.id.clone(), is_progress: one.is_progress, ..sent },
            None => handed.push(sent),
        }
    }
    for (id, is_done) in rows.iter().filter_map(Row::result) {
        for one in handed.iter_mut().filter(|one| one.id == id && one.has_run.is_none()) {
            one.has_run = Some(is_done);
        }
    }
    handed
}

/// The words of several messages as one; `None` if there are none.
fn joined<'a>(handed: impl Iterator<Item = &'a Handed>) -> Option<Outcome> {
    let texts: Vec<&str> =
        handed.map(|one| one.text.trim()).filter(|text| !text.is_empty()).collect();
    match spoken::outcome(&texts.join("\n\n")) {
        Outcome::NoReply => None,
        outcome => Some(outcome),
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
