//! Checks the values of a command line before anything is sent; the error says what would be right.

use jiff::Timestamp;
use serde_json::{Map, Value};
use state::exit::Fault;
use state::phone::{AllowedNumbers, Phone};
use state::{json, parse_time, sanitize, shell};

use crate::service::step_id;
use crate::suggest;

/// Statuses of a mission at the service; it refuses all others.
pub(crate) const MISSION_STATUSES: &[&str] =
    &["pending", "running", "succeeded", "failed", "cancelled"];
/// Statuses of a run at the service; it refuses all others.
pub(crate) const RUN_STATUSES: &[&str] =
    &["pending", "running", "paused", "succeeded", "failed", "cancelled"];
/// Statuses of a plan step.
pub(crate) const STEP_STATUSES: &[&str] =
    &["pending", "in_progress", "completed", "skipped", "failed"];
/// Types of events in the log of a run; the carrier refuses all others.
pub(crate) const EVENT_TYPES: &[&str] = &[
    "status_change",
    "step_started",
    "step_completed",
    "step_failed",
    "tool_call",
    "tool_result",
    "message",
    "error",
    "custom",
];
/// Channels of a mission.
pub(crate) const CHANNELS: &[&str] = &["voice", "sms", "both"];

/// Words of another list or another spelling, by the word that they stand for.
const MEANT: &[(&str, &[&str])] = &[
    ("succeeded", &["completed", "complete", "success", "successful", "done", "finished"]),
    ("completed", &["succeeded", "complete", "success", "successful", "done", "finished"]),
    ("cancelled", &["canceled", "cancel", "aborted"]),
    ("running", &["in_progress", "in-progress", "started", "active"]),
    ("in_progress", &["running", "in-progress", "started", "active"]),
    ("failed", &["failure", "error"]),
    ("error", &["failed", "failure"]),
];

/// Refuses a word that is not one of those known.
pub(crate) fn one_of<'a>(what: &str, given: &str, known: &[&'a str]) -> Result<&'a str, Fault> {
    if let Some(word) = known.iter().find(|word| **word == given) {
        return Ok(word);
    }
    let lower = given.to_lowercase();
    let is_meant = |word: &&&str| {
        **word == lower
            || MEANT.iter().any(|(meant, others)| meant == *word && others.contains(&&*lower))
    };
    let meant = known.iter().find(is_meant).copied();
    let meant = meant.or_else(|| suggest::probable(given, known.iter().copied()));
    let shown = sanitize::line_up_to(given, 40);
    let fault = Fault::usage(format!("`{shown}` is no {what}; known are {}", known.join(", ")));
    Err(probably(fault, meant))
}

/// Names what was probably meant, if anything was.
fn probably(fault: Fault, meant: Option<&str>) -> Fault {
    match meant {
        Some(meant) => fault.hint(format!("probably `{}` is meant", shell::quote(meant))),
        None => fault,
    }
}

/// A text that is not blank.
pub(crate) fn not_blank<'a>(what: &str, text: &'a str) -> Result<&'a str, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::usage(format!("{what} must not be blank")));
    }
    Ok(text)
}

/// Any JSON.
pub(crate) fn json(what: &str, text: &str, example: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|err| {
        let shown = sanitize::line_up_to(text, 40);
        Fault::usage(format!("{what} is no JSON: {err}, found `{shown}`"))
            .hint(format!("write it in single quotes, as in '{example}'"))
    })
}

/// A JSON object.
pub(crate) fn object(what: &str, text: &str, example: &str) -> Result<Map<String, Value>, Fault> {
    match json(what, text, example)? {
        Value::Object(object) => Ok(object),
        other => Err(Fault::usage(format!("{what} is {}, not an object", json::type_name(&other)))
            .hint(format!("write it as in '{example}'"))),
    }
}

/// The value of a memory command: JSON if it begins like an object or a list, else a text, unless an option says which.
pub(crate) fn value(text: &str, is_json: bool, is_string: bool) -> Result<Value, Fault> {
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    if is_string || !(is_json || looks_like_json) {
        return Ok(text.into());
    }
    json("the value", text, "{\"name\": \"ABC Co\"}").map_err(|fault| {
        if is_json {
            fault
        } else {
            fault.hint("mend the JSON, or give `--string` if it is a text")
        }
    })
}

/// The steps of a plan: each with a `step_id` of its own and a `description`; `sequence` is filled in.
pub(crate) fn steps(text: &str) -> Result<Vec<Value>, Fault> {
    const EXAMPLE: &str = "[{\"step_id\": \"calls\", \"description\": \"Call them\"}]";
    let wrong =
        |what: String| Fault::usage(what).hint(format!("write the steps as in '{EXAMPLE}'"));
    let Value::Array(list) = json("the plan", text, EXAMPLE)? else {
        return Err(wrong("the plan is no list of steps".to_owned()));
    };
    if list.is_empty() {
        return Err(wrong("the plan has no steps".to_owned()));
    }
    let mut seen: Vec<String> = Vec::new();
    let mut steps = Vec::new();
    for (n, step) in list.into_iter().enumerate() {
        let place = n + 1;
        let Value::Object(mut step) = step else {
            return Err(wrong(format!(
                "step {place} of the plan is {}, not an object",
                json::type_name(&step)
            )));
        };
        let text = |step: &Map<String, Value>, key: &str| {
            step.get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.trim().is_empty())
                .map(str::to_owned)
        };
        // A number is written as text: the service compares texts.
        if let Some(Value::Number(number)) = step.get("step_id") {
            let id = number.to_string();
            step.insert("step_id".to_owned(), id.into());
        }
        let Some(id) = text(&step, "step_id") else {
            return Err(wrong(format!("step {place} of the plan has no `step_id`")));
        };
        if seen.contains(&id) {
            return Err(wrong(format!("two steps of the plan have the step_id `{id}`")));
        }
        if text(&step, "description").is_none() {
            let Some(title) = text(&step, "title") else {
                return Err(wrong(format!("step `{id}` of the plan has no `description`")));
            };
            step.insert("description".to_owned(), title.into());
        }
        match step.get("sequence") {
            None | Some(Value::Null) => {
                step.insert("sequence".to_owned(), place.into());
            }
            Some(Value::Number(number)) if number.as_i64().is_some() => {}
            Some(_) => {
                return Err(wrong(format!("the `sequence` of step `{id}` is no whole number")));
            }
        }
        seen.push(id);
        steps.push(Value::Object(step));
    }
    Ok(steps)
}

/// The step ids of a plan.
pub(crate) fn step_ids(steps: &[Value]) -> impl Iterator<Item = String> {
    steps.iter().filter_map(step_id)
}

/// Refuses a step that a known plan does not have.
pub(crate) fn step_of(plan: &[Value], step: &str) -> Result<(), Fault> {
    let ids: Vec<String> = step_ids(plan).collect();
    // If the steps of the plan have no ids, only the service knows.
    if ids.is_empty() || ids.iter().any(|known| known == step) {
        return Ok(());
    }
    let known = suggest::sorted(step, ids.iter().map(String::as_str));
    let listed = suggest::listed(&known, 8);
    let fault = Fault::usage(format!(
        "the plan has no step `{}`; it has {listed}",
        sanitize::line_up_to(step, 40)
    ));
    Err(probably(fault, suggest::probable(step, known)))
}

/// A number that may be called and texted.
pub(crate) fn phone(text: &str, allowed: &AllowedNumbers) -> Result<Phone, Fault> {
    let phone: Phone = text.parse()?;
    phone.ensure_callable(allowed)?;
    Ok(phone)
}

/// A time in any form that is understood, past or future.
pub(crate) fn time(text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    parse_time::instant(text, now).map_err(Fault::usage)
}

#[cfg(test)]
mod tests {
    use super::{EVENT_TYPES, RUN_STATUSES, STEP_STATUSES, one_of, steps, value};
    use serde_json::json;

    #[track_caller]
    fn meant(given: &str, known: &[&str], wanted: &str) {
        let fault = one_of("status", given, known).unwrap_err();
        let hint = format!("{fault:?}");
        assert!(hint.contains(&format!("probably `{wanted}`")), "{given}: {hint}");
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_right_one() {
        assert_eq!(one_of("status", "failed", RUN_STATUSES).unwrap(), "failed");
        meant("completed", RUN_STATUSES, "succeeded");
        meant("done", STEP_STATUSES, "completed");
        meant("canceled", RUN_STATUSES, "cancelled");
        meant("in-progress", STEP_STATUSES, "in_progress");
        meant("runing", RUN_STATUSES, "running");
        meant("Succeeded", RUN_STATUSES, "succeeded");
        meant("step_complete", EVENT_TYPES, "step_completed");
    }

    #[test]
    fn steps_are_completed_or_refused() {
        let made = steps(
            r#"[{"step_id":"a","description":"A"},{"step_id":"b","title":"B","sequence":7}]"#,
        );
        let made = made.unwrap();
        assert_eq!(made[0]["sequence"], 1);
        let numbered = steps(r#"[{"step_id":1,"description":"A"},{"step_id":2.5,"title":"B"}]"#);
        let numbered = numbered.unwrap();
        assert_eq!(
            (&numbered[0]["step_id"], &numbered[1]["step_id"]),
            (&json!("1"), &json!("2.5"))
        );
        assert_eq!((&made[1]["sequence"], &made[1]["description"]), (&json!(7), &json!("B")));
        for bad in [
            "{}",
            "[]",
            "[1]",
            "{bad",
            r#"["research"]"#,
            r#"[{"description":"A"}]"#,
            r#"[{"step_id":"a"}]"#,
            r#"[{"step_id":" ","description":"A"}]"#,
            r#"[{"step_id":"a","description":"A","sequence":"1"}]"#,
            r#"[{"step_id":"a","description":"A"},{"step_id":"a","description":"B"}]"#,
            r#"[{"step_id":1,"description":"A"},{"step_id":"1","description":"B"}]"#,
            r#"[{"step_id":true,"description":"A"}]"#,
        ] {
            assert!(steps(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_read_as_telnyx_api_reads_them_unless_an_option_says_which() {
        assert_eq!(value("42", false, false).unwrap(), json!("42"));
        assert_eq!(value("-5", false, false).unwrap(), json!("-5"));
        assert_eq!(value(" {\"a\":1}", false, false).unwrap(), json!({"a": 1}));
        assert_eq!(value("42", true, false).unwrap(), json!(42));
        assert_eq!(value("[x", false, true).unwrap(), json!("[x"));
        assert!(value("[x", false, false).is_err());
        assert!(value("plain", true, false).is_err());
    }
}
