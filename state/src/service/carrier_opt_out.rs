//! Opt-outs at the carrier: it blocks texts to a number whose owner sent it STOP (Telnyx's error code 40300).

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::{Client, Error};
use crate::exit;
use crate::service::owner;
use crate::storage::do_not_call::{self, Coverage, DoNotCallEntry, ListingReason};
use crate::text::phone::Phone;

/// The code for "Blocked due to STOP message".
const BLOCKED_BY_STOP: &str = "40300";

/// Whether a request was refused because the recipient opted out at the carrier.
pub fn is_refusal(err: &Error) -> bool {
    let Error::Refused(refusal) = err else { return false };
    refusal.json.as_ref().is_some_and(is_reported_in) || names_code(&refusal.message)
}

/// Whether a response about a text contains that code: as a `code` at any depth, or in a message that quotes Telnyx.
pub fn is_reported_in(response: &Value) -> bool {
    match response {
        Value::String(message) => names_code(message),
        Value::Array(items) => items.iter().any(is_reported_in),
        Value::Object(fields) => fields.iter().any(|(key, value)| match value {
            Value::Number(number) if key == "code" => number.to_string() == BLOCKED_BY_STOP,
            Value::String(code) if key == "code" => code.trim() == BLOCKED_BY_STOP,
            _ => is_reported_in(value),
        }),
        _ => false,
    }
}

/// Whether a message contains the number as an error code: `40300: blocked`, `… (40300)`, or JSON, however it is escaped
/// or cut off.
fn names_code(message: &str) -> bool {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\');
    let squeezed: String = message.chars().filter(|c| !is_blank(*c)).collect();
    let begins = |rest: &str| {
        rest.strip_prefix(BLOCKED_BY_STOP)
            .is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_digit()))
    };
    // The bare number may be anything: an id, an amount.
    (begins(&squeezed) && squeezed != BLOCKED_BY_STOP)
        || ["code:", "("].iter().any(|mark| {
            squeezed.match_indices(mark).any(|(at, mark)| begins(&squeezed[at + mark.len()..]))
        })
}

/// Adds a number to the do-not-call list to which the carrier blocks texts, and gives the sentence that says so, also if it
/// cannot be added. The owner's own number is never added.
pub fn record(skill: &Path, client: &Client, phone: &Phone, now: Timestamp) -> String {
    if owner::fetch_phone(client).as_ref() == Some(phone) {
        return format!("{phone} is the owner's own: a text from it that says START ends that");
    }
    let entry = DoNotCallEntry::new(ListingReason::Carrier, Coverage::Texts, now);
    match do_not_call::update(skill, |list| list.add(phone, entry)) {
        Ok(_) => format!(
            "{phone} opted out of texts and is on the do-not-call list now (`missions dnc list`); a text of theirs \
             that says START lifts that"
        ),
        Err(err) => format!(
            "{phone} opted out of texts, and could not be put on the do-not-call list: {}",
            exit::one_line(&err)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::is_reported_in;
    use serde_json::{Value, json};

    #[track_caller]
    fn case(response: &Value, wanted: bool) {
        assert_eq!(is_reported_in(response), wanted, "{response}");
    }

    #[test]
    fn the_code_is_found_in_every_wrapper() {
        let errors = r#"{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}"#;
        for response in [
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
            case(&response, true);
        }
        for response in [
            json!(null),
            json!({"error": {"code": "40302", "message": "too large"}}),
            json!({"errors": [{"code": "403001"}]}),
            json!({"message": "Telnyx API error (400): {\"errors\":[{\"code\":\"403000\"}]}"}),
            json!({"message": "the order number 40300 is unknown"}),
            json!({"id": "40300", "amount": 40300}),
            json!({"error": "STOP"}),
        ] {
            case(&response, false);
        }
    }
}
