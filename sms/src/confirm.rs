//! Finds in the message list whether a text, the sending of which is unconfirmed, was sent.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use state::api::Client;
use state::clock::Clock;
use state::intents::{Intent, IntentStore};

use crate::api::{self, NewMessage};

/// A text is stored as an intent before its request leaves, and the service, whose clock counts whole seconds, stamps it
/// when it arrives: two seconds cover both.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// The listed text that `intent` stands for, if it is there. That it is not there proves nothing: lists lag behind. A text
/// that another intent was confirmed with is not it, even if its words are the same and its time is as near.
pub(crate) fn find(
    client: &Client,
    clock: Clock,
    intents: &IntentStore,
    intent: &Intent,
    message: &NewMessage,
) -> anyhow::Result<Option<Value>> {
    let intents = intents.of_tool(&intent.tool)?;
    let others: Vec<_> =
        intents.iter().filter_map(|other| other.result.as_ref()?["id"].as_str()).collect();
    let is_of_another = |row: &Value| row["id"].as_str().is_some_and(|id| others.contains(&id));
    let query = [("limit", "50"), ("contact", message.to.as_str()), ("direction", "outbound")];
    let listed = api::page(client, &query)?;
    // The two clocks need not agree, and ours may have been set since: the reply's own time, less the intent's age,
    // does not depend on it.
    let now = clock.moment();
    let age = now.since(intent.stored_at());
    let started =
        listed.date().unwrap_or(now.at).saturating_sub(age + TOLERANCE).unwrap_or(intent.at);
    let mut rows = api::messages(listed.json()).iter();
    Ok(rows.find(|row| is_same(row, message, started) && !is_of_another(row)).cloned())
}

fn is_same(row: &Value, message: &NewMessage, started: Timestamp) -> bool {
    let created = row["created_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    row["direction"] == "outbound"
        && row["to"] == message.to.as_str()
        && row["body"].as_str().unwrap_or_default() == message.text
        && row["media_urls"].as_array().map_or(0, Vec::len) == message.media.len()
        && row["id"].is_string()
        && created.is_some_and(|created| created >= started)
}

#[cfg(test)]
mod tests {
    use super::is_same;
    use crate::api::NewMessage;
    use jiff::Timestamp;
    use serde_json::{Value, json};

    #[test]
    fn only_the_same_text_sent_after_its_intent_is_it() {
        let message =
            NewMessage { to: "+15551234567".parse().unwrap(), text: "hi".into(), media: vec![] };
        let started: Timestamp = "2026-02-14T10:00:00Z".parse().unwrap();
        let row = json!({"id": "m1", "direction": "outbound", "to": "+15551234567", "body": "hi",
            "created_at": "2026-02-14T10:00:01.000Z"});
        assert!(is_same(&row, &message, started));
        for (key, value) in [
            ("id", Value::Null),
            ("direction", json!("inbound")),
            ("to", json!("+15557654321")),
            ("body", json!("hi!")),
            ("body", Value::Null),
            ("media_urls", json!(["u"])),
            ("created_at", json!("2026-02-14T09:59:59.000Z")),
            ("created_at", json!("yesterday")),
        ] {
            let mut other = row.clone();
            other[key] = value;
            assert!(!is_same(&other, &message, started), "{other}");
        }
    }
}
