//! Texts that the carrier lets through no more, because who should get them opted out there (Telnyx's code 40300).

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::{Client, Error};
use crate::do_not_call::{self, Covers, Entry, Why};
use crate::phone::Phone;
use crate::{exit, owner};

/// "Blocked due to STOP message".
const OPTED_OUT: &str = "40300";

/// Whether a request was refused because the recipient opted out.
pub fn refuses(err: &Error) -> bool {
    let Error::Refused(refusal) = err else { return false };
    refusal.json.as_ref().is_some_and(says_opted_out) || names(&refusal.message)
}

/// Whether what the service says of a text holds that code: as a `code` at any depth, or in words that pass on what
/// Telnyx said.
pub fn says_opted_out(said: &Value) -> bool {
    match said {
        Value::String(words) => names(words),
        Value::Array(items) => items.iter().any(says_opted_out),
        Value::Object(fields) => fields.iter().any(|(key, value)| match value {
            Value::Number(number) if key == "code" => number.to_string() == OPTED_OUT,
            Value::String(code) if key == "code" => code.trim() == OPTED_OUT,
            _ => says_opted_out(value),
        }),
        _ => false,
    }
}

/// Whether words name the code as one: `40300: blocked`, `… (40300)`, or JSON, however it is escaped or cut.
fn names(words: &str) -> bool {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\');
    let squeezed: String = words.chars().filter(|c| !is_blank(*c)).collect();
    let begins = |rest: &str| {
        rest.strip_prefix(OPTED_OUT)
            .is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
    };
    // Alone it may be anything: an id, a sum.
    (begins(&squeezed) && squeezed != OPTED_OUT)
        || ["code:", "("].iter().any(|mark| {
            squeezed.match_indices(mark).any(|(at, mark)| begins(&squeezed[at + mark.len()..]))
        })
}

/// Puts a number on the do-not-call list that the carrier lets no texts through to, and says what came of that. The
/// owner's own never comes there.
pub fn heed(skill: &Path, client: &Client, phone: &Phone, now: Timestamp) -> String {
    if owner::phone(client).as_ref() == Some(phone) {
        return format!("{phone} is the owner's own: a text from it that says START ends that");
    }
    let entry = Entry::new(Why::Carrier, Covers::Texts, now);
    match do_not_call::change(skill, |list| list.put(phone, entry)) {
        Ok(_) => format!(
            "{phone} opted out of texts and is on the do-not-call list now (`missions dnc list`); a text of theirs \
             that says START lifts that"
        ),
        Err(err) => format!(
            "{phone} opted out of texts, and could not be put on the do-not-call list: {}",
            exit::told(&err)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::says_opted_out;
    use serde_json::{Value, json};

    #[track_caller]
    fn case(said: &Value, wanted: bool) {
        assert_eq!(says_opted_out(said), wanted, "{said}");
    }

    #[test]
    fn the_code_is_found_in_every_wrapper() {
        let errors = r#"{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}"#;
        for said in [
            json!({"error": {"code": "40300", "message": "Blocked due to STOP message"}}),
            json!({"error": {"code": 40300}}),
            json!({"code": "40300", "detail": "x"}),
            json!({"errors": [{"code": "10015"}, {"code": "40300"}]}),
            json!({"errors": ["40300: Blocked due to STOP message"]}),
            json!({"status": "failed", "error": "40300 Blocked due to STOP message"}),
            json!({"error": {"code": "internal", "message": format!("Telnyx API error (400): {errors}")}}),
            json!({"error": {"message": format!("Sending failed: Telnyx send failed (403): {errors}")}}),
            json!({"message": "Telnyx API error (400): {\n  \"errors\": [ { \"code\" : \"40300\", \"ti"}),
            json!({"error": json!({"errors": [{"code": 40300}]}).to_string()}),
            json!({"error": format!("{:?}", errors)}),
            json!({"message": "Blocked due to STOP message (40300)"}),
        ] {
            case(&said, true);
        }
        for said in [
            json!(null),
            json!({"error": {"code": "40302", "message": "too large"}}),
            json!({"errors": [{"code": "403001"}]}),
            json!({"message": "Telnyx API error (400): {\"errors\":[{\"code\":\"403000\"}]}"}),
            json!({"message": "the order number 40300 is unknown"}),
            json!({"id": "40300", "amount": 40300}),
            json!({"error": "STOP"}),
        ] {
            case(&said, false);
        }
    }
}
