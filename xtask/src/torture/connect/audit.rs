//! The audit of a run: what was sent, what the agent did, which results came, and what must not be.

use std::collections::HashMap;
use std::time::Instant;

use harness::{RecordedTurn, ServiceLog};
use serde_json::{Value, json};

use super::evidence::Evidence;
use super::requests::{RequestKind, SentRequest, expected_reply, number};
use super::stage::ClientStage;

/// The results that came, by the id of their request: on which connection, and the text.
type Deliveries = HashMap<String, Vec<(usize, String)>>;

/// The counts of a run.
#[derive(Debug, Default)]
pub(super) struct RequestAudit {
    /// Requests that were written to a live connection.
    pub(super) requests: usize,
    /// Of these, the client has no trace: the connection or the client ended before it read them.
    not_received: usize,
    /// The agent's reply came as the result.
    pub(super) replied: usize,
    /// Another true result came: a failure, "I lost track of that", "still working".
    other_results: usize,
    /// Results that came again on a later connection, since nothing confirmed the earlier delivery.
    redelivered: usize,
    /// Texts that may have been sent when the client was killed, and were not sent again.
    given_up: usize,
    /// Requests that were accepted and got no result, and ready replies that never came.
    pub(super) lost: usize,
    /// Requests that ran twice, or got a result twice on one connection, or two different ones, or two texts.
    pub(super) doubled: usize,
    /// One line for each of the last two.
    pub(super) faults: Vec<String>,
}

/// How many accepted requests have not come to their end; for waiting.
pub(super) fn count_open(sent: &[SentRequest], evidence: &Evidence, stage: &ClientStage) -> usize {
    let turns = turns(stage);
    let is_received = |sent: &&SentRequest| {
        evidence.accepted.contains(&sent.key()) || turns.contains_key(&sent.number)
    };
    without_result(sent, evidence, stage).iter().filter(is_received).count()
}

/// The requests without a result, whether the client received them or not.
pub(super) fn without_result(
    sent: &[SentRequest],
    evidence: &Evidence,
    stage: &ClientStage,
) -> Vec<SentRequest> {
    let (results, texted) = (results(&stage.service.log()), texted(stage));
    let has_no_result = |sent: &&SentRequest| match sent.kind {
        RequestKind::Text => {
            !texted.contains_key(&sent.from()) && !evidence.given_up.contains(&sent.key())
        }
        RequestKind::Call | RequestKind::Walkie => !results.contains_key(&sent.id()),
    };
    sent.iter().filter(has_no_result).copied().collect()
}

impl RequestAudit {
    /// Reckons a whole run; `kills` are the moments of its kills.
    pub(super) fn of(sent: &[SentRequest], evidence: &Evidence, stage: &ClientStage) -> Self {
        let (results, texted, turns) = (results(&stage.service.log()), texted(stage), turns(stage));
        let mut audit = Self { requests: sent.len(), ..Self::default() };
        for sent in sent {
            let n_turns = turns.get(&sent.number).map_or(0, Vec::len);
            if n_turns > 1 {
                audit.double(sent, &format!("{n_turns} turns"));
            }
            let received = evidence.accepted.contains(&sent.key()) || n_turns > 0;
            match sent.kind {
                RequestKind::Text => {
                    let texts = texted.get(&sent.from()).map_or(&[][..], Vec::as_slice);
                    audit.text(sent, received, texts, evidence);
                }
                RequestKind::Call | RequestKind::Walkie => {
                    let results = results.get(&sent.id()).map_or(&[][..], Vec::as_slice);
                    audit.result(sent, received, results, evidence);
                }
            }
        }
        audit
    }

    fn result(
        &mut self,
        sent: &SentRequest,
        received: bool,
        results: &[(usize, String)],
        evidence: &Evidence,
    ) {
        let Some((_, text)) = results.first() else {
            if evidence.expired.contains(&sent.key()) {
                self.lose(sent, "its answer expired although connections came");
            } else if received {
                self.lose(sent, "accepted, and no result came");
            } else {
                self.not_received += 1;
            }
            return;
        };
        if *text == expected_reply(sent.number) {
            self.replied += 1;
        } else {
            self.other_results += 1;
        }
        self.redelivered += results.len() - 1;
        let mut connections: Vec<usize> =
            results.iter().map(|(connection, _)| *connection).collect();
        connections.dedup();
        if connections.len() < results.len() {
            self.double(sent, &format!("two results on one connection: {results:?}"));
        }
        if results.iter().any(|(_, other)| other != text) {
            self.double(sent, &format!("different results: {results:?}"));
        }
        let ready = evidence.ready.get(&sent.key()).and_then(|frame| result_in(frame));
        if ready.is_some_and(|(_, ready)| ready != *text) {
            self.lose(sent, &format!("another reply was ready than came: {results:?}"));
        }
    }

    fn text(&mut self, sent: &SentRequest, received: bool, texts: &[String], evidence: &Evidence) {
        if texts.len() > 1 {
            self.double(sent, &format!("texted {} times", texts.len()));
        }
        match texts.first() {
            Some(text) if *text == expected_reply(sent.number) => self.replied += 1,
            Some(_) => self.other_results += 1,
            None if evidence.given_up.contains(&sent.key()) => self.given_up += 1,
            None if received => self.lose(sent, "accepted, and no text went back"),
            None => self.not_received += 1,
        }
    }

    fn lose(&mut self, sent: &SentRequest, why: &str) {
        self.lost += 1;
        self.faults.push(format!("lost: {}: {why}", sent.key()));
    }

    fn double(&mut self, sent: &SentRequest, why: &str) {
        self.doubled += 1;
        self.faults.push(format!("doubled: {}: {why}", sent.key()));
    }

    /// The sums as JSON, without the faults.
    pub(super) fn json(&self) -> Value {
        json!({
            "requests": self.requests, "not_received": self.not_received, "replied": self.replied,
            "other_results": self.other_results, "redelivered": self.redelivered,
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

fn results(log: &ServiceLog) -> Deliveries {
    let mut results = Deliveries::new();
    for frame in &log.frames {
        if let Some((id, words)) = parts(&frame.json) {
            results.entry(id.to_owned()).or_default().push((frame.connection, words.to_owned()));
        }
    }
    results
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
