//! A text, or a conversation, in one line of words for text mode.

use serde_json::Value;
use state::sanitize;

/// How much of a text a line of `list` shows, in characters.
const MAX_MESSAGE: usize = 60;
/// How much of the last text a line of `conversations` shows, in characters.
const MAX_LAST_MESSAGE: usize = 50;

/// `← 2026-02-14 +15551112222: hello there`
pub(crate) fn message(message: &Value) -> String {
    let is_inbound = message["direction"] == "inbound";
    let (arrow, other) = if is_inbound { ("←", "from") } else { ("→", "to") };
    let created = message["created_at"].as_str().unwrap_or_default();
    let date = created.split('T').next().unwrap_or_default();
    let other = shorten(&message[other], usize::MAX, "unknown");
    let placeholder = if message["media_urls"].as_array().is_some_and(|media| !media.is_empty()) {
        "[picture]"
    } else {
        "[no text]"
    };
    format!(
        "{arrow} {} {other}: {}",
        sanitize::line(date),
        shorten(&message["body"], MAX_MESSAGE, placeholder)
    )
}

/// `+15551112222: see you then`
pub(crate) fn conversation(conversation: &Value) -> String {
    let contact = shorten(&conversation["contact"], usize::MAX, "unknown");
    format!("{contact}: {}", shorten(&conversation["last_message"], MAX_LAST_MESSAGE, "[no text]"))
}

/// A text in one line without control characters, cut after `max` characters; `placeholder` where there is none.
fn shorten(text: &Value, max: usize, placeholder: &str) -> String {
    let whole = sanitize::line_up_to(text.as_str().unwrap_or_default(), usize::MAX);
    let start: String = whole.chars().take(max).collect();
    match (start.is_empty(), start.len() < whole.len()) {
        (true, _) => placeholder.to_owned(),
        (false, true) => start + "...",
        (false, false) => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::{conversation, message};
    use serde_json::json;

    #[test]
    fn messages_in_one_line() {
        let inbound = json!({"direction": "inbound", "created_at": "2026-02-14T10:00:00Z",
            "from": "+15551112222", "to": "+15559990000", "body": "hello\n\u{1b}[31mthere"});
        assert_eq!(message(&inbound), "← 2026-02-14 +15551112222: hello [31mthere");
        let picture =
            json!({"direction": "outbound", "to": "+1", "body": null, "media_urls": ["u"]});
        assert_eq!(message(&picture), "→  +1: [picture]");
        assert_eq!(message(&json!({})), "→  unknown: [no text]");
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let long = json!({"contact": "+1", "last_message": "ж".repeat(51)});
        assert_eq!(conversation(&long), format!("+1: {}...", "ж".repeat(50)));
        let fits = json!({"contact": "+1", "last_message": "ж".repeat(50)});
        assert_eq!(conversation(&fits), format!("+1: {}", "ж".repeat(50)));
    }
}
