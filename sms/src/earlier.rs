//! Whether a text that was begun earlier went out: settled by looking in the message list (spec 2).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use state::api::Client;
use state::clock::Clock;
use state::intents::{Intent, Intents};

use crate::api::{self, NewMessage};

/// The service stamps a text when it takes it, its clock tells whole seconds, and the request was begun
/// before it left: two seconds cover both.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// The listed text that `intent` was about, if it is there. That it is not there proves nothing: lists
/// lag behind. The texts that other intents came to are not it, be their words the same and their time as near.
pub(crate) fn find(
    client: &Client,
    clock: Clock,
    intents: &Intents,
    intent: &Intent,
    message: &NewMessage,
) -> anyhow::Result<Option<Value>> {
    let kept = intents.of_tool(&intent.tool)?;
    let others: Vec<_> =
        kept.iter().filter_map(|other| other.result.as_ref()?["id"].as_str()).collect();
    let is_others = |row: &Value| row["id"].as_str().is_some_and(|id| others.contains(&id));
    let query = [("limit", "50"), ("contact", message.to.as_str()), ("direction", "outbound")];
    let listed = api::page(client, &query)?;
    // The two clocks need not agree, and ours may have been set since: the answer's own time and the intent's age
    // do not depend on it.
    let now = clock.moment();
    let age = now.since(intent.begun());
    let begun = listed.date().unwrap_or(now.at).saturating_sub(age + SLACK).unwrap_or(intent.at);
    let mut rows = api::messages(listed.json()).iter();
    Ok(rows.find(|row| is_it(row, message, begun) && !is_others(row)).cloned())
}

fn is_it(row: &Value, message: &NewMessage, begun: Timestamp) -> bool {
    let created = row["created_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    row["direction"] == "outbound"
        && row["to"] == message.to.as_str()
        && row["body"].as_str().unwrap_or_default() == message.text
        && row["media_urls"].as_array().map_or(0, Vec::len) == message.media.len()
        && row["id"].is_string()
        && created.is_some_and(|created| created >= begun)
}

#[cfg(test)]
mod tests {
    use super::is_it;
    use crate::api::NewMessage;
    use jiff::Timestamp;
    use serde_json::{Value, json};

    #[test]
    fn only_the_same_text_after_the_beginning_is_it() {
        let message =
            NewMessage { to: "+15551234567".parse().unwrap(), text: "hi".into(), media: vec![] };
        let begun: Timestamp = "2026-02-14T10:00:00Z".parse().unwrap();
        let row = json!({"id": "m1", "direction": "outbound", "to": "+15551234567", "body": "hi",
            "created_at": "2026-02-14T10:00:01.000Z"});
        assert!(is_it(&row, &message, begun));
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
            assert!(!is_it(&other, &message, begun), "{other}");
        }
    }
}
