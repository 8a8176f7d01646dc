//! Insights of a conversation in both shapes of facts/server.md 4.7: a list of results, or one object.

use serde_json::Value;

/// What an answer holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// The service's word for how far it is.
    pub(crate) status: String,
    /// Whether nothing more will come.
    pub(crate) is_complete: bool,
    /// The results, texts mostly; one that is JSON in a text is told as the text it is.
    pub(crate) results: Vec<Value>,
}

/// A machine that takes calls, as people and models call it.
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

impl Found {
    /// Whether a result speaks of a voicemail. That is a model's guess: nobody counts such a call as answered, and nobody
    /// is called again for it.
    pub(crate) fn speaks_of_voicemail(&self) -> bool {
        self.results.iter().any(speaks_of_voicemail)
    }
}

fn speaks_of_voicemail(result: &Value) -> bool {
    match result {
        Value::String(text) => match state::json::parse(text.as_bytes()) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => speaks_of_voicemail(&inner),
            _ => names_voicemail(text),
        },
        Value::Array(items) => items.iter().any(speaks_of_voicemail),
        // `"voicemail": false` says that there was none.
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            (names_voicemail(&key.replace('_', " ")) && !is_no(value)) || speaks_of_voicemail(value)
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

/// Reads an answer; never fails.
pub(crate) fn read(answer: &Value) -> Found {
    let data = answer.get("data").unwrap_or(answer);
    match data {
        Value::Array(rows) => {
            let status = |row: &Value| row["status"].as_str().unwrap_or("completed").to_owned();
            let open = rows.iter().map(status).find(|status| !is_end(status));
            let results = rows.iter().flat_map(|row| {
                let list = row["conversation_insights"].as_array();
                list.into_iter().flatten().map(|one| one.get("result").unwrap_or(one).clone())
            });
            let results: Vec<Value> = results.filter(|result| !is_blank(result)).collect();
            let none = if rows.is_empty() { "pending" } else { "completed" };
            let status = open.unwrap_or_else(|| rows.first().map_or(none.to_owned(), status));
            let is_complete = is_end(&status) && !rows.is_empty();
            Found { status, is_complete, results }
        }
        Value::Object(fields) => {
            let summary = fields.get("summary").filter(|summary| !is_blank(summary));
            let told = fields.get("status").and_then(Value::as_str);
            let status = told.unwrap_or(if summary.is_some() { "completed" } else { "pending" });
            let is_complete = is_end(status);
            Found {
                status: status.to_owned(),
                is_complete,
                results: summary.into_iter().cloned().collect(),
            }
        }
        _ => Found { status: "pending".to_owned(), is_complete: false, results: Vec::new() },
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
        let found = read(answer);
        assert_eq!((found.status.as_str(), found.is_complete), (status, is_complete), "{answer}");
        assert_eq!(found.results, results.iter().map(|text| json!(text)).collect::<Vec<_>>());
    }

    #[test]
    fn what_speaks_of_a_voicemail() {
        let speaks = |result: Value| {
            let rows = json!({"data": [{"status": "completed", "conversation_insights": [{"result": result}]}]});
            read(&rows).speaks_of_voicemail()
        };
        for result in [
            json!("Reached the voicemail of +1 and left a message."),
            json!("An Answering Machine took the call"),
            json!({"reached": "voice-mail"}),
            json!(r#"{"outcome": "left a VoiceMail"}"#),
            json!({"voicemail": true}),
            json!({"voice_mail_reached": "yes"}),
        ] {
            assert!(speaks(result.clone()), "{result}");
        }
        for result in [
            json!("Spoke with the shop; they quoted $40."),
            json!("They will mail the voice recording"),
            json!({"voicemail": false, "answered": true}),
            json!(r#"{"voicemail": "no", "answered": true}"#),
            json!({"voicemail": null}),
            json!([]),
        ] {
            assert!(!speaks(result.clone()), "{result}");
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
