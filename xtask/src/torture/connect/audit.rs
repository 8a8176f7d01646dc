//! The reckoning: what was asked, what the agent did, what was told, and what must not be.

use std::collections::HashMap;
use std::time::Instant;

use harness::{RecordedTurn, ServiceLog};
use serde_json::{Value, json};

use super::evidence::Evidence;
use super::requests::{RequestKind, SentRequest, answer, number};
use super::stage::ClientStage;

/// Told results, by the id of their request: on which connection, and what.
type Deliveries = HashMap<String, Vec<(usize, String)>>;

/// The sums of a run.
#[derive(Debug, Default)]
pub(super) struct RequestAudit {
    /// Requests that were written to a live connection.
    pub(super) requests: usize,
    /// Of these, no trace is on the client's side: the connection or the client ended before it read them.
    unheard: usize,
    /// The agent's answer was told.
    pub(super) answered: usize,
    /// Something else was told, honestly: a failure, "I lost track of that", "still working".
    told_otherwise: usize,
    /// Results that were told again on a later connection, since nothing vouched for the earlier delivery.
    told_again: usize,
    /// Texts that may have been sent when the client was killed, and were not sent again.
    given_up: usize,
    /// Requests that were accepted and of which nobody was told anything, and ready answers that were never told.
    pub(super) lost: usize,
    /// Requests that ran twice, or were told twice on one connection, or differently, or texted twice.
    pub(super) doubled: usize,
    /// One line for each of the last two.
    pub(super) faults: Vec<String>,
}

/// How many accepted requests have not come to their end; for waiting.
pub(super) fn open(asked: &[SentRequest], evidence: &Evidence, stage: &ClientStage) -> usize {
    let turns = turns(stage);
    let is_heard = |asked: &&SentRequest| {
        evidence.accepted.contains(&asked.key()) || turns.contains_key(&asked.number)
    };
    untold(asked, evidence, stage).iter().filter(is_heard).count()
}

/// The requests of which nobody was told anything, whether the client knows of them or not.
pub(super) fn untold(
    asked: &[SentRequest],
    evidence: &Evidence,
    stage: &ClientStage,
) -> Vec<SentRequest> {
    let (told, texted) = (told(&stage.service.log()), texted(stage));
    let is_untold = |asked: &&SentRequest| match asked.kind {
        RequestKind::Text => {
            !texted.contains_key(&asked.from()) && !evidence.given_up.contains(&asked.key())
        }
        RequestKind::Call | RequestKind::Walkie => !told.contains_key(&asked.id()),
    };
    asked.iter().filter(is_untold).copied().collect()
}

impl RequestAudit {
    /// Reckons a whole run; `kills` are the moments of its kills.
    pub(super) fn of(asked: &[SentRequest], evidence: &Evidence, stage: &ClientStage) -> Self {
        let (told, texted, turns) = (told(&stage.service.log()), texted(stage), turns(stage));
        let mut audit = Self { requests: asked.len(), ..Self::default() };
        for asked in asked {
            let n_turns = turns.get(&asked.number).map_or(0, Vec::len);
            if n_turns > 1 {
                audit.double(asked, &format!("{n_turns} turns"));
            }
            let heard = evidence.accepted.contains(&asked.key()) || n_turns > 0;
            match asked.kind {
                RequestKind::Text => {
                    let texts = texted.get(&asked.from()).map_or(&[][..], Vec::as_slice);
                    audit.text(asked, heard, texts, evidence);
                }
                RequestKind::Call | RequestKind::Walkie => {
                    let told = told.get(&asked.id()).map_or(&[][..], Vec::as_slice);
                    audit.result(asked, heard, told, evidence);
                }
            }
        }
        audit
    }

    fn result(
        &mut self,
        asked: &SentRequest,
        heard: bool,
        told: &[(usize, String)],
        evidence: &Evidence,
    ) {
        let Some((_, text)) = told.first() else {
            if evidence.expired.contains(&asked.key()) {
                self.lose(asked, "its answer expired although connections came");
            } else if heard {
                self.lose(asked, "accepted, and nobody was told anything");
            } else {
                self.unheard += 1;
            }
            return;
        };
        if *text == answer(asked.number) {
            self.answered += 1;
        } else {
            self.told_otherwise += 1;
        }
        self.told_again += told.len() - 1;
        let mut connections: Vec<usize> = told.iter().map(|(connection, _)| *connection).collect();
        connections.dedup();
        if connections.len() < told.len() {
            self.double(asked, &format!("told twice on one connection: {told:?}"));
        }
        if told.iter().any(|(_, other)| other != text) {
            self.double(asked, &format!("told differently: {told:?}"));
        }
        let ready = evidence.ready.get(&asked.key()).and_then(|frame| result_in(frame));
        if ready.is_some_and(|(_, ready)| ready != *text) {
            self.lose(asked, &format!("another answer was ready than was told: {told:?}"));
        }
    }

    fn text(&mut self, asked: &SentRequest, heard: bool, texts: &[String], evidence: &Evidence) {
        if texts.len() > 1 {
            self.double(asked, &format!("texted {} times", texts.len()));
        }
        match texts.first() {
            Some(text) if *text == answer(asked.number) => self.answered += 1,
            Some(_) => self.told_otherwise += 1,
            None if evidence.given_up.contains(&asked.key()) => self.given_up += 1,
            None if heard => self.lose(asked, "accepted, and no text went back"),
            None => self.unheard += 1,
        }
    }

    fn lose(&mut self, asked: &SentRequest, why: &str) {
        self.lost += 1;
        self.faults.push(format!("lost: {}: {why}", asked.key()));
    }

    fn double(&mut self, asked: &SentRequest, why: &str) {
        self.doubled += 1;
        self.faults.push(format!("doubled: {}: {why}", asked.key()));
    }

    /// The sums as JSON, without the faults.
    pub(super) fn json(&self) -> Value {
        json!({
            "requests": self.requests, "unheard": self.unheard, "answered": self.answered,
            "told_otherwise": self.told_otherwise, "told_again": self.told_again,
            "texts_given_up": self.given_up, "lost": self.lost, "doubled": self.doubled,
        })
    }
}

/// The request id and the words of a result that a client sent; `None` for other frames.
fn parts(frame: &Value) -> Option<(&str, &str)> {
    let words = match frame["type"].as_str()? {
        "deep_tool_result" => &frame["text"],
        "walkie_response" if frame["reply"].is_string() && frame["error"].is_null() => {
            &frame["reply"]
        }
        "walkie_response" => &frame["error"],
        _ => return None,
    };
    Some((frame["request_id"].as_str()?, words.as_str()?))
}

fn result_in(frame: &str) -> Option<(String, String)> {
    let frame: Value = serde_json::from_str(frame).ok()?;
    parts(&frame).map(|(id, words)| (id.to_owned(), words.to_owned()))
}

fn told(log: &ServiceLog) -> Deliveries {
    let mut told = Deliveries::new();
    for frame in &log.frames {
        if let Some((id, words)) = parts(&frame.json) {
            told.entry(id.to_owned()).or_default().push((frame.connection, words.to_owned()));
        }
    }
    told
}

/// The texts that really left, by number.
fn texted(stage: &ClientStage) -> HashMap<String, Vec<String>> {
    let mut texted: HashMap<String, Vec<String>> = HashMap::new();
    for (to, text) in stage.service.texted() {
        texted.entry(to).or_default().push(text);
    }
    texted
}

/// The turns that the agent had, by the number of their request.
fn turns(stage: &ClientStage) -> HashMap<usize, Vec<Instant>> {
    let mut turns: HashMap<usize, Vec<Instant>> = HashMap::new();
    for RecordedTurn { message, at, .. } in stage.gateway.turns() {
        if let Some(number) = number(&message) {
            turns.entry(number).or_default().push(at);
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::parts;
    use serde_json::json;

    #[test]
    fn the_words_of_every_kind_of_result_are_found() {
        let spoken = json!({"type": "deep_tool_result", "request_id": "r1", "text": "a"});
        let reply = json!({"type": "walkie_response", "request_id": "r2", "reply": "b"});
        let fault =
            json!({"type": "walkie_response", "request_id": "r3", "reply": null, "error": "c"});
        assert_eq!(parts(&spoken), Some(("r1", "a")));
        assert_eq!(parts(&reply), Some(("r2", "b")));
        assert_eq!(parts(&fault), Some(("r3", "c")));
        assert_eq!(parts(&json!({"type": "deep_tool_progress", "text": "d"})), None);
    }
}
