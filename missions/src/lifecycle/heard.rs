//! What the service's events say of a call beside its row: that nobody was reached may stand there alone.

use serde_json::{Map, Value};
use state::outcome::{self, Outcome, Said};

use super::ending::unwrapped;

/// The row with what was heard of its call where the row says nothing itself.
pub(crate) fn filled_in(row: &Value, heard: &Map<String, Value>) -> Value {
    let mut filled = unwrapped(row).clone();
    if let Some(fields) = filled.as_object_mut() {
        for (key, word) in heard {
            let place = fields.entry(key.clone()).or_insert(Value::Null);
            if place.is_null() {
                *place = word.clone();
            }
        }
    }
    filled
}

/// What of an event's fields says that nobody was reached. Words that are not known here are left out: the service's row
/// is what counts, and says it too.
pub(crate) fn unreached(fields: &Map<String, Value>) -> Map<String, Value> {
    let is_telling = |key: &str, value: &Value| {
        let said = value.as_str().map(outcome::word);
        outcome::FIELDS.contains(&key)
            && said.is_some_and(
                |said| matches!(said, Said::Ended(outcome) if outcome != Outcome::Answered),
            )
    };
    let telling = fields.iter().filter(|(key, value)| is_telling(key, value));
    telling.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::{filled_in, unreached};
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
        assert_eq!(unreached(&fields(&frame)), fields(&wanted));
    }

    #[test]
    fn the_row_says_first_what_it_says() {
        let heard = fields(&json!({"reason": "no_answer", "amd_result": "machine"}));
        for row in [
            json!({"status": "completed", "reason": null, "amd_result": "human"}),
            json!({"event": {"status": "completed", "amd_result": "human"}}),
        ] {
            let wanted =
                json!({"status": "completed", "reason": "no_answer", "amd_result": "human"});
            assert_eq!(filled_in(&row, &heard), wanted);
        }
    }
}
