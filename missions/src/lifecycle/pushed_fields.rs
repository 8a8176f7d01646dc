//! What a `mission.*` event that `connect` received says of a call beside the service's row: that nobody was reached may
//! stand in the event alone.

use serde_json::{Map, Value};
use state::call_outcome::{self, CallOutcome, WordMeaning};

use super::event_status::unwrapped;

/// The row with the fields that were pushed for its call, where the row says nothing itself.
pub(crate) fn merged(row: &Value, pushed: &Map<String, Value>) -> Value {
    let mut filled = unwrapped(row).clone();
    if let Some(fields) = filled.as_object_mut() {
        for (key, word) in pushed {
            let place = fields.entry(key.clone()).or_insert(Value::Null);
            if place.is_null() {
                *place = word.clone();
            }
        }
    }
    filled
}

/// The fields of a pushed event that say that nobody was reached. Words that are not known here are left out: what counts
/// is the service's row, and it says them too.
pub(crate) fn unreached_fields(fields: &Map<String, Value>) -> Map<String, Value> {
    let says_unreached = |key: &str, value: &Value| {
        let meaning = value.as_str().map(call_outcome::meaning);
        call_outcome::FIELDS.contains(&key)
            && meaning.is_some_and(
                |word| matches!(word, WordMeaning::Ended(outcome) if outcome != CallOutcome::Answered),
            )
    };
    let unreached = fields.iter().filter(|(key, value)| says_unreached(key, value));
    unreached.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::{merged, unreached_fields};
    use serde_json::{Map, Value, json};

    fn fields(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn only_what_says_that_nobody_was_reached_is_taken_over() {
        let frame = json!({
            "mission_id": "m", "reason": "No_Answer", "amd_result": "machine", "outcome": "aliens",
            "hangup_cause": "normal_clearing", "call_status": null, "summary": "busy",
        });
        let wanted = json!({"reason": "No_Answer", "amd_result": "machine"});
        assert_eq!(unreached_fields(&fields(&frame)), fields(&wanted));
    }

    #[test]
    fn the_row_says_first_what_it_says() {
        let pushed = fields(&json!({"reason": "no_answer", "amd_result": "machine"}));
        for row in [
            json!({"status": "completed", "reason": null, "amd_result": "human"}),
            json!({"event": {"status": "completed", "amd_result": "human"}}),
        ] {
            let wanted =
                json!({"status": "completed", "reason": "no_answer", "amd_result": "human"});
            assert_eq!(merged(&row, &pushed), wanted);
        }
    }
}
