//! The running `connect`: what it says of itself, believed only while it holds its lock and pings are answered.

use super::{Finding, Subject};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use state::lock::Lock;
use state::{file, paths, words};
use std::path::Path;

/// "connected" is not believed longer than this after the last answered ping (spec 3).
const BELIEVED: SignedDuration = SignedDuration::from_secs(45);

pub(super) fn look(subject: &Subject) -> Vec<Finding> {
    let is_running = Lock::is_held(&paths::connect_lock(&subject.skill));
    // The machine's own clock, as `connect` uses for this file.
    vec![judge(&said(&subject.skill), is_running, Timestamp::now())]
}

/// What the client last said of itself.
pub(super) fn said(skill: &Path) -> Value {
    let said = file::read(&paths::connect_status(skill)).ok().flatten();
    said.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
}

fn judge(said: &Value, is_running: bool, now: Timestamp) -> Finding {
    let text = |field: &str| said.get(field).and_then(Value::as_str);
    let state = text("state").unwrap_or("unknown");
    let reason = text("reason")
        .map_or_else(String::new, |reason| format!(": {}", words::bounded(reason, 160)));
    match (is_running, state) {
        (false, "refused") => {
            return Finding::fail(format!("it ended: the key was refused{reason}"), "setup");
        }
        (false, "replaced") => {
            let detail = format!("it ended: another client of this account took over{reason}");
            return Finding::fail(detail, "stop the other client, then: connect start");
        }
        (false, _) => return Finding::fail("not running", "connect start"),
        (true, _) => {}
    }
    let pong = text("last_pong").and_then(|at| at.parse::<Timestamp>().ok());
    let age = pong.map(|at| now.duration_since(at));
    if state != "connected" || age.is_none_or(|age| age.abs() > BELIEVED) {
        return Finding::fail(
            format!("running and not connected ({state}){reason}"),
            "connect logs",
        );
    }
    if said.get("journal_writable").and_then(Value::as_bool) == Some(false) {
        let detail = "connected, but its journal cannot be written: sensitive requests are refused";
        return Finding::fail(detail, "df -h . && connect restart");
    }
    if let Some(why) = text("opt_outs_unwritten") {
        let why = words::bounded(why, 160);
        let detail = format!(
            "connected, but who opted out by text cannot be put on the do-not-call list: {why}"
        );
        return Finding::fail(detail, "missions dnc list && df -h .");
    }
    let age = age.unwrap_or_default().as_secs().max(0);
    Finding::pass(format!("connected, last ping answered {age} s ago"))
}

#[cfg(test)]
mod tests {
    use super::{Finding, judge};
    use jiff::{SignedDuration, Timestamp};
    use serde_json::{Value, json};

    #[track_caller]
    fn case(said: &Value, is_running: bool, passes: bool) {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100);
        let finding = judge(said, is_running, now);
        assert_eq!(matches!(finding, Finding::Pass(_)), passes, "{said} {finding:?}");
    }

    #[test]
    fn connected_is_believed_only_of_a_running_client_with_a_fresh_pong() {
        let said = |seconds: i64| json!({"state": "connected", "last_pong": format!("1970-01-01T00:{:02}:{:02}Z", seconds / 60, seconds % 60)});
        case(&said(90), true, true);
        case(&said(90), false, false);
        case(&said(54), true, false);
        case(&said(200), true, false);
        case(&json!({"state": "connected"}), true, false);
        case(&json!({"state": "connecting", "last_pong": "1970-01-01T00:01:39Z"}), true, false);
        case(&Value::Null, true, false);
        let with = |field: &str, value: Value| {
            let mut said = said(90);
            said[field] = value;
            said
        };
        case(&with("journal_writable", json!(false)), true, false);
        case(&with("opt_outs_unwritten", json!("the disk is full")), true, false);
        case(&with("opt_outs_unwritten", Value::Null), true, true);
    }
}
