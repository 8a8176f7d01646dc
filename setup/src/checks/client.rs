//! The check `client`: the status file of `connect`, believed only while the client holds its lock and its pings are
//! answered.

use super::finding::{Finding, Found};
use super::fix::Fix;
use super::installation::Installation;
use crate::client;
use jiff::Timestamp;
use serde_json::Value;
use state::config::Config;
use state::paths::PONG_FRESH_FOR;
use state::{sanitize, url};

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let (skill, now) = (&installation.skill, Timestamp::now());
    let gateway = installation.require(Config::gateway_url).ok();
    // `connect` writes the times in this file by the machine's own clock, whatever offset is configured.
    let status = client::status_file(skill);
    vec![judge(&status, client::is_running(skill), gateway.as_deref(), now).into()]
}

/// `gateway` is the address that is configured by now.
fn judge(status: &Value, is_running: bool, gateway: Option<&str>, now: Timestamp) -> Finding {
    let text = |field: &str| status.get(field).and_then(Value::as_str);
    let state = text("state").unwrap_or("unknown");
    let reason = text("reason")
        .map_or_else(String::new, |reason| format!(": {}", sanitize::line_up_to(reason, 160)));
    match (is_running, state) {
        (false, "refused") => {
            return Finding::fail(format!("it ended: the key was refused{reason}"), Fix::Setup);
        }
        (false, "replaced") => {
            let detail = format!("it ended: another client of this account took over{reason}");
            return Finding::fail(detail, Fix::StopOtherClient);
        }
        (false, _) => return Finding::fail("not running", Fix::StartClient),
        (true, _) => {}
    }
    let pong = text("last_pong").and_then(|at| at.parse::<Timestamp>().ok());
    let age = pong.map(|at| now.duration_since(at));
    if state != "connected" || age.is_none_or(|age| age.abs() > PONG_FRESH_FOR) {
        return Finding::fail(format!("running and not connected ({state}){reason}"), Fix::ShowLog);
    }
    if status.get("journal_writable").and_then(Value::as_bool) == Some(false) {
        let detail = "connected, but its journal cannot be written: sensitive requests are refused";
        return Finding::fail(detail, Fix::RestartClient);
    }
    if let Some(why) = text("opt_outs_unwritten") {
        let why = sanitize::line_up_to(why, 160);
        let detail = format!(
            "connected, but who opted out by text cannot be put on the do-not-call list: {why}"
        );
        return Finding::fail(detail, Fix::ShowDoNotCall);
    }
    let in_use = status.pointer("/gateway/url").and_then(Value::as_str);
    if let Some((in_use, configured)) =
        in_use.zip(gateway.map(url::redact)).filter(|(in_use, configured)| in_use != configured)
    {
        let in_use = sanitize::line_up_to(in_use, 160);
        let detail = format!(
            "connected, but it talks to the gateway at {in_use}, while the configuration says {configured}"
        );
        return Finding::fail(detail, Fix::RestartClient);
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
    fn case(status: &Value, is_running: bool, passes: bool) {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100);
        let finding = judge(status, is_running, Some("http://127.0.0.1:1"), now);
        assert_eq!(matches!(finding, Finding::Pass(_)), passes, "{status} {finding:?}");
    }

    #[test]
    fn connected_is_believed_only_of_a_running_client_with_a_fresh_pong() {
        let status = |seconds: i64| json!({"state": "connected", "last_pong": format!("1970-01-01T00:{:02}:{:02}Z", seconds / 60, seconds % 60)});
        case(&status(90), true, true);
        case(&status(90), false, false);
        case(&status(54), true, false);
        case(&status(200), true, false);
        case(&json!({"state": "connected"}), true, false);
        case(&json!({"state": "connecting", "last_pong": "1970-01-01T00:01:39Z"}), true, false);
        case(&Value::Null, true, false);
        let with = |field: &str, value: Value| {
            let mut status = status(90);
            status[field] = value;
            status
        };
        case(&with("journal_writable", json!(false)), true, false);
        case(&with("opt_outs_unwritten", json!("the disk is full")), true, false);
        case(&with("opt_outs_unwritten", Value::Null), true, true);
        case(&with("gateway", json!({"url": "http://127.0.0.1:1"})), true, true);
        case(&with("gateway", json!({"url": "http://127.0.0.1:2"})), true, false);
    }
}
