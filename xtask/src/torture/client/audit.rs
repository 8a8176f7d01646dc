//! The audit of a run: what was sent, what the agent did, which results came, and what must not be.

use std::collections::HashMap;

use harness::{ServiceLog, ServiceTable};
use serde_json::Value;

use super::evidence::Evidence;
use super::requests::{RequestKind, SentRequest, expected_reply, number};
use super::stage::ClientStage;
use crate::torture::tally::Tally;

/// What came of the requests, as the service and the gateway have it.
struct Record {
    /// The results that came, by the id of their request: on which connection, and the words.
    results: HashMap<String, Vec<(usize, String)>>,
    /// The texts that really left, by number.
    texted: HashMap<String, Vec<String>>,
    /// How many turns the agent had, by the number of their request.
    turns: HashMap<usize, usize>,
}

impl Record {
    fn of(stage: &ClientStage) -> Self {
        let mut turns = HashMap::new();
        for number in stage.gateway.turns().iter().filter_map(|turn| number(&turn.message)) {
            *turns.entry(number).or_default() += 1;
        }
        let mut texted: HashMap<String, Vec<String>> = HashMap::new();
        for (to, text) in stage.service.texted() {
            texted.entry(to).or_default().push(text);
        }
        Self { results: results(&stage.service.log()), texted, turns }
    }

    fn has_result(&self, sent: &SentRequest, evidence: &Evidence) -> bool {
        match sent.kind {
            RequestKind::Text => {
                self.texted.contains_key(&sent.from()) || evidence.given_up.contains(&sent.key())
            }
            _ => self.results.contains_key(&sent.id()),
        }
    }
}

/// The requests without a result, whether the client received them or not.
pub(super) fn without_result(
    sent: &[SentRequest],
    evidence: &Evidence,
    stage: &ClientStage,
) -> Vec<SentRequest> {
    let record = Record::of(stage);
    sent.iter().filter(|sent| !record.has_result(sent, evidence)).copied().collect()
}

/// How many accepted requests have not come to their end; for waiting.
pub(super) fn count_open(sent: &[SentRequest], evidence: &Evidence, stage: &ClientStage) -> usize {
    let record = Record::of(stage);
    let is_open = |sent: &&SentRequest| {
        let is_received =
            evidence.accepted.contains(&sent.key()) || record.turns.contains_key(&sent.number);
        is_received && !record.has_result(sent, evidence)
    };
    sent.iter().filter(is_open).count()
}

/// Audits a whole run.
pub(super) fn audit(
    sent: &[SentRequest],
    stage: &ClientStage,
    mut evidence: Evidence,
    mut tally: Tally,
) -> Tally {
    let record = Record::of(stage);
    let approved = stage.service.rows(ServiceTable::Approvals).into_iter();
    let approved = approved.filter(|row| row["status"] == "approved");
    let approved: Vec<_> =
        approved.filter_map(|row| number(row["action"].as_str().unwrap_or_default())).collect();
    tally.add_up("requests", sent.len() as u64);
    for fault in evidence.faults.drain(..) {
        tally.unreadable(&fault);
    }
    for sent in sent {
        let n_turns = record.turns.get(&sent.number).copied().unwrap_or_default();
        if n_turns > 1 {
            tally.double(&format!("{}: {n_turns} turns", sent.key()));
        }
        if sent.kind == RequestKind::Sensitive && n_turns > 0 {
            tally.count("sensitive_done");
            if !approved.contains(&sent.number) {
                tally.unapproved(&format!("{}: the agent was told", sent.key()));
            }
        }
        let received = evidence.accepted.contains(&sent.key()) || n_turns > 0;
        if sent.kind == RequestKind::Text {
            let texts = record.texted.get(&sent.from()).map_or(&[][..], Vec::as_slice);
            text(&mut tally, sent, received, texts, &evidence);
        } else {
            let results = record.results.get(&sent.id()).map_or(&[][..], Vec::as_slice);
            let may_expire = stage.slept_since(sent.at);
            result(&mut tally, sent, (received, may_expire), results, &evidence);
        }
    }
    tally
}

fn result(
    tally: &mut Tally,
    sent: &SentRequest,
    (received, may_expire): (bool, bool),
    results: &[(usize, String)],
    evidence: &Evidence,
) {
    let key = sent.key();
    let Some((_, text)) = results.first() else {
        if evidence.expired.contains(&key) && may_expire {
            tally.count("expired_asleep");
        } else if evidence.expired.contains(&key) {
            tally.lose(&format!("{key}: its answer expired although connections came"));
        } else if received {
            tally.lose(&format!("{key}: accepted, and no result came"));
        } else {
            tally.count("not_received");
        }
        return;
    };
    let is_reply = *text == expected_reply(sent.number);
    tally.count(if is_reply { "replied" } else { "other_results" });
    tally.add_up("redelivered", results.len() as u64 - 1);
    let mut connections: Vec<usize> = results.iter().map(|(connection, _)| *connection).collect();
    connections.dedup();
    if connections.len() < results.len() {
        tally.double(&format!("{key}: two results on one connection: {results:?}"));
    }
    if results.iter().any(|(_, other)| other != text) {
        tally.double(&format!("{key}: different results: {results:?}"));
    }
    let ready = evidence.ready.get(&key).and_then(|frame| serde_json::from_str(frame).ok());
    let ready = ready.and_then(|frame: Value| parts(&frame).map(|(_, words)| words.to_owned()));
    if ready.is_some_and(|ready| ready != *text) {
        tally.lose(&format!("{key}: another reply was ready than came: {results:?}"));
    }
}

fn text(
    tally: &mut Tally,
    sent: &SentRequest,
    received: bool,
    texts: &[String],
    evidence: &Evidence,
) {
    let key = sent.key();
    if texts.len() > 1 {
        tally.double(&format!("{key}: texted {} times", texts.len()));
    }
    match texts.first() {
        Some(text) if *text == expected_reply(sent.number) => tally.count("replied"),
        Some(_) => tally.count("other_results"),
        None if evidence.given_up.contains(&key) => tally.count("texts_given_up"),
        None if received => tally.lose(&format!("{key}: accepted, and no text went back")),
        None => tally.count("not_received"),
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

fn results(log: &ServiceLog) -> HashMap<String, Vec<(usize, String)>> {
    let mut results: HashMap<String, Vec<(usize, String)>> = HashMap::new();
    for frame in &log.frames {
        if let Some((id, words)) = parts(&frame.json) {
            results.entry(id.to_owned()).or_default().push((frame.connection, words.to_owned()));
        }
    }
    results
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
