//! Answers of a gateway: whatever comes back, no reply is made up, nothing is unbounded, and a status means what it means.
//!
//! The first byte chooses what was asked and the status; the rest is the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use state::gateway::{self, TurnInterface, TurnOutcome};

const STATUSES: [u16; 16] =
    [200, 201, 204, 301, 400, 401, 403, 404, 405, 429, 499, 500, 502, 503, 504, 599];

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    let asked = if choice & 16 == 0 { TurnInterface::ToolsInvoke } else { TurnInterface::ChatCompletions };
    let status = STATUSES[usize::from(choice & 15)];
    let outcome = gateway::parse_answer(asked, status, None, body);
    let document = state::json::parse(body).ok();
    is_bounded(&outcome);
    by_status(asked, status, &outcome);
    if let Some(document) = &document {
        // Escapes, blanks and repeated keys change nothing but the words of a body without any.
        let again = gateway::parse_answer(asked, status, None, document.to_string().as_bytes());
        assert_eq!(std::mem::discriminant(&outcome), std::mem::discriminant(&again));
        assert!(status >= 300 || outcome == again, "{outcome:?} {again:?}");
    }
    if let TurnOutcome::Reply(reply) = &outcome {
        let document = document.expect("a reply was read from JSON");
        let mut texts = Vec::new();
        all_texts(&document, &mut texts, 2);
        for line in reply.trim_end_matches('…').lines() {
            assert!(texts.iter().any(|text| text.contains(line)), "made up: {line:?}");
        }
        is_settled(reply);
    }
});

/// What a status says without any body.
fn by_status(asked: TurnInterface, status: u16, outcome: &TurnOutcome) {
    use TurnOutcome::{BadToken, Busy, ChatDisabled, Failed, Unconfirmed, ToolNotAllowed, Refused};
    match status {
        200..=299 => assert!(!matches!(outcome, BadToken | Busy { .. } | ToolNotAllowed | ChatDisabled)),
        401 => assert_eq!(*outcome, BadToken),
        404 if asked == TurnInterface::ToolsInvoke => assert!(matches!(outcome, ToolNotAllowed | Refused { .. })),
        404 | 405 if asked == TurnInterface::ChatCompletions => assert_eq!(*outcome, ChatDisabled),
        429 | 503 => assert!(matches!(outcome, Busy { .. })),
        400 if asked == TurnInterface::ChatCompletions => assert!(matches!(outcome, Failed { .. })),
        300..=499 => assert!(matches!(outcome, Refused { .. })),
        502 if asked == TurnInterface::ChatCompletions => {
            assert!(matches!(outcome, Failed { .. } | Unconfirmed { .. }));
        }
        // Nobody knows whether a turn was begun: it must not be sent again.
        _ => assert!(matches!(outcome, Unconfirmed { .. })),
    }
}

fn is_bounded(outcome: &TurnOutcome) {
    match outcome {
        TurnOutcome::Reply(reply) => {
            assert!(!reply.is_empty() && reply.chars().count() <= 100_001);
            assert_eq!(reply.trim(), reply);
        }
        TurnOutcome::Accepted { run_id: Some(id) } | TurnOutcome::Unanswered { run_id: Some(id) } => {
            assert!(!id.is_empty() && id.chars().count() <= 201, "{id:?}");
            assert!(!id.chars().any(char::is_control), "{id:?}");
        }
        TurnOutcome::Failed { words } | TurnOutcome::Refused { words } | TurnOutcome::WrongVariant { words } => {
            assert!(!words.is_empty());
        }
        TurnOutcome::Unconfirmed { why } => assert!(!why.is_empty()),
        _ => {}
    }
    let told = outcome.to_string();
    assert!(told.chars().count() < 400 && !told.chars().any(char::is_control), "{told:?}");
    if let TurnOutcome::Reply(reply) = outcome {
        assert!(reply.chars().count() < 40 || !told.contains(reply), "a log shows a reply");
    }
}

/// A reply that comes back in another of the gateway's forms is the same reply.
fn is_settled(reply: &str) {
    let chat = json!({"choices": [{"message": {"role": "assistant", "content": reply}}]});
    let parts = json!({"choices": [{"message": {"content": [{"type": "text", "text": reply}]}}]});
    let tool = json!({"ok": true, "result": {"details": {"status": "ok", "reply": reply}}});
    for (asked, body) in [(TurnInterface::ChatCompletions, chat), (TurnInterface::ChatCompletions, parts), (TurnInterface::ToolsInvoke, tool)] {
        let again = gateway::parse_answer(asked, 200, None, body.to_string().as_bytes());
        assert_eq!(again, TurnOutcome::Reply(reply.to_owned()));
    }
}

/// Every text of a document, and of the documents that stand in its texts.
fn all_texts(value: &Value, texts: &mut Vec<String>, deeper: usize) {
    match value {
        Value::String(text) => {
            texts.push(text.clone());
            if let (1.., Ok(inner @ Value::Object(_))) =
                (deeper, state::json::parse(text.as_bytes()))
            {
                all_texts(&inner, texts, deeper - 1);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all_texts(item, texts, deeper)),
        Value::Object(members) => members.values().for_each(|item| all_texts(item, texts, deeper)),
        _ => {}
    }
}
