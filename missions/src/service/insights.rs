//! `/v1/missions/conversations/{id}/insights`: what the service concluded from a conversation. An answer has
//! one of two shapes, a list of results or one object with a summary; both are read.

use serde_json::Value;
use state::api::url_path;

use super::{ServiceApi, ServiceRow};

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InsightsAnswer {
    /// The service's status of the insights.
    pub(crate) status: String,
    /// Whether nothing more will come.
    pub(crate) is_complete: bool,
    /// The results, mostly texts; JSON inside a text stays a text.
    pub(crate) results: Vec<Value>,
}

/// What people and models call a machine that takes calls.
const VOICEMAIL: [&str; 8] = [
    "voicemail",
    "voice mail",
    "voice-mail",
    "answering machine",
    "anrufbeantworter",
    "buzón de voz",
    "messagerie vocale",
    "répondeur",
];

impl InsightsAnswer {
    /// Whether a result mentions a voicemail. That is a model's guess: such a call is not counted as answered, and not
    /// retried either.
    pub(crate) fn mentions_voicemail(&self) -> bool {
        self.results.iter().any(mentions_voicemail)
    }
}

fn mentions_voicemail(result: &Value) -> bool {
    match result {
        Value::String(text) => match state::json::parse(text.as_bytes()) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => mentions_voicemail(&inner),
            _ => names_voicemail(text),
        },
        Value::Array(items) => items.iter().any(mentions_voicemail),
        // `"voicemail": false` says that there was none.
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            (names_voicemail(&key.replace('_', " ")) && !is_no(value)) || mentions_voicemail(value)
        }),
        _ => false,
    }
}

fn names_voicemail(text: &str) -> bool {
    let text = text.to_lowercase();
    VOICEMAIL.iter().any(|name| text.contains(name))
}

fn is_no(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => {
            let text = text.trim().to_lowercase();
            matches!(text.as_str(), "" | "no" | "none" | "false" | "n/a" | "not reached")
        }
        _ => false,
    }
}

/// `GET …/insights`: the whole answer, to be [`read`].
pub(crate) fn get(api: &ServiceApi, conversation: &str) -> anyhow::Result<ServiceRow> {
    let path = url_path(&["v1", "missions", "conversations", conversation, "insights"])?;
    api.get(path, &[], &[])
}

/// Reads an answer; never fails.
pub(crate) fn read(answer: &Value) -> InsightsAnswer {
    let data = answer.get("data").unwrap_or(answer);
    match data {
        Value::Array(rows) => {
            let status = |row: &Value| row["status"].as_str().unwrap_or("completed").to_owned();
            let unfinished = rows.iter().map(status).find(|status| !is_end(status));
            let results = rows.iter().flat_map(|row| {
                let list = row["conversation_insights"].as_array();
                list.into_iter().flatten().map(|one| one.get("result").unwrap_or(one).clone())
            });
            let results: Vec<Value> = results.filter(|result| !is_blank(result)).collect();
            let none = if rows.is_empty() { "pending" } else { "completed" };
            let status = unfinished.unwrap_or_else(|| rows.first().map_or(none.to_owned(), status));
            let is_complete = is_end(&status) && !rows.is_empty();
            InsightsAnswer { status, is_complete, results }
        }
        Value::Object(fields) => {
            let summary = fields.get("summary").filter(|summary| !is_blank(summary));
            let status = fields.get("status").and_then(Value::as_str);
            let status = status.unwrap_or(if summary.is_some() { "completed" } else { "pending" });
            let is_complete = is_end(status);
            InsightsAnswer {
                status: status.to_owned(),
                is_complete,
                results: summary.into_iter().cloned().collect(),
            }
        }
        _ => {
            InsightsAnswer { status: "pending".to_owned(), is_complete: false, results: Vec::new() }
        }
    }
}

fn is_end(status: &str) -> bool {
    matches!(status, "completed" | "failed")
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::{Value, json};

    #[track_caller]
    fn case(answer: &Value, status: &str, is_complete: bool, results: &[&str]) {
        let read = read(answer);
        assert_eq!((read.status.as_str(), read.is_complete), (status, is_complete), "{answer}");
        assert_eq!(read.results, results.iter().map(|text| json!(text)).collect::<Vec<_>>());
    }

    #[test]
    fn a_result_that_mentions_a_voicemail_is_recognised() {
        let mentions = |result: Value| {
            let rows = json!({"data": [{"status": "completed", "conversation_insights": [{"result": result}]}]});
            read(&rows).mentions_voicemail()
        };
        for result in [
            json!("Reached the voicemail of +1 and left a message."),
            json!("An Answering Machine took the call"),
            json!({"reached": "voice-mail"}),
            json!(r#"{"outcome": "left a VoiceMail"}"#),
            json!({"voicemail": true}),
            json!({"voice_mail_reached": "yes"}),
        ] {
            assert!(mentions(result.clone()), "{result}");
        }
        for result in [
            json!("Spoke with the shop; they quoted $40."),
            json!("They will mail the voice recording"),
            json!({"voicemail": false, "answered": true}),
            json!(r#"{"voicemail": "no", "answered": true}"#),
            json!({"voicemail": null}),
            json!([]),
        ] {
            assert!(!mentions(result.clone()), "{result}");
        }
    }

    #[test]
    fn both_shapes_are_read() {
        let list = |status: &str, results: Value| json!({"data": [{"status": status, "conversation_insights": results}]});
        case(
            &list("completed", json!([{"result": "a"}, {"result": "b"}])),
            "completed",
            true,
            &["a", "b"],
        );
        case(&list("in_progress", json!([])), "in_progress", false, &[]);
        case(&list("failed", json!([])), "failed", true, &[]);
        case(&json!({"data": []}), "pending", false, &[]);
        case(&json!({"data": {"summary": "a"}}), "completed", true, &["a"]);
        case(&json!({"data": {"summary": null}}), "pending", false, &[]);
        case(&json!({"data": null}), "pending", false, &[]);
        case(&json!([]), "pending", false, &[]);
    }
}
