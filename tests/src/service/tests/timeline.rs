//! Calls, texts, approvals and scheduled events on the simulated clock.

use super::{SOON, assistant, get, send_request, text_of};
use crate::service::{NUMBER, ServiceSettings, ServiceTable, SimulatedOwner, SimulatedService};
use serde_json::{Value, json};
use std::time::Duration;

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// Schedules something in an hour; its path.
fn schedule(service: &SimulatedService, channel: &str, to: &str) -> String {
    let id = assistant(service);
    let at = service.clock().now() + jiff::SignedDuration::from_hours(1);
    let body = json!({
        "channel": channel, "to": to, "from": NUMBER, "text_body": "hello", "scheduled_at": at.to_string(),
    });
    let (status, event) = send_request(service, &format!("POST /v1/assistants/{id}/events"), &body);
    assert_eq!(status, 201, "{event}");
    format!("/v1/assistants/{id}/events/{}", text_of(&event["id"]))
}

#[track_caller]
fn case(channel: &str, to: &str, wanted: (&str, Option<&str>)) -> Value {
    let service = SimulatedService::start();
    let event = schedule(&service, channel, to);
    service.advance(minutes(59));
    assert_eq!(get(&service, &event)["status"], "pending");
    service.advance(minutes(10));
    let after = get(&service, &event);
    assert_eq!(
        (&after["status"], &after["call_status"]),
        (&json!(wanted.0), &json!(wanted.1)),
        "{to}"
    );
    let reached = if channel == "call" { service.dialled().len() } else { service.texted().len() };
    assert_eq!(reached, usize::from(wanted.0 != "failed" || channel == "call"));
    after
}

#[test]
fn a_scheduled_event_runs_its_course_by_the_number_it_goes_to() {
    case("call", "+15551234501", ("completed", Some("busy")));
    case("call", "+15551234502", ("completed", Some("no-answer")));
    case("call", "+15551234504", ("failed", Some("failed")));
    case("call", "+15551234506", ("completed", Some("canceled")));
    let answered = case("call", "+15551234567", ("completed", Some("completed")));
    assert!(answered["conversation_id"].is_string());
    for (end, cause, amd) in [
        ("91", "call_rejected", Value::Null),
        ("92", "not_found", Value::Null),
        ("93", "normal_clearing", json!("machine")),
        ("94", "amd_silence", json!("silence")),
        ("95", "normal_clearing", json!("fax_detected")),
        ("96", "timeout", Value::Null),
    ] {
        let to = format!("+155512345{end}");
        let ended = case("call", &to, ("completed", Some("completed")));
        assert_eq!((&ended["hangup_cause"], &ended["amd_result"]), (&json!(cause), &amd), "{end}");
    }
    case("sms", "+15551234567", ("completed", None));
    case("sms", "+15551234504", ("failed", None));
}

#[test]
fn a_line_that_is_busy_once_is_answered_the_next_time() {
    let service = SimulatedService::start();
    let (first, other) =
        (schedule(&service, "call", "+15551234509"), schedule(&service, "call", "+15551234609"));
    service.advance(minutes(70));
    let next = schedule(&service, "call", "+15551234509");
    service.advance(minutes(70));
    let call_status = |event: &str| get(&service, event)["call_status"].clone();
    assert_eq!(
        [&first, &other, &next].map(|event| call_status(event)),
        ["busy", "busy", "completed"]
    );
}

#[test]
fn a_deleted_event_is_never_carried_out() {
    let service = SimulatedService::start();
    let event = schedule(&service, "call", "+15551234567");
    assert_eq!(send_request(&service, &format!("DELETE {event}"), &Value::Null).0, 204);
    assert_eq!(send_request(&service, &format!("DELETE {event}"), &Value::Null).0, 404);
    service.advance(minutes(120));
    assert_eq!(service.dialled(), Vec::<String>::new());
}

#[test]
fn insights_come_some_seconds_after_the_call() {
    let service = SimulatedService::start();
    let event = schedule(&service, "call", "+15551234567");
    service.advance(minutes(60) + Duration::from_secs(36));
    let after = get(&service, &event);
    assert_eq!(after["call_status"], "completed");
    let path =
        format!("/v1/missions/conversations/{}/insights", text_of(&after["conversation_id"]));
    assert_eq!(get(&service, &path)["data"][0]["status"], "in_progress");
    service.advance(Duration::from_secs(10));
    let insights = get(&service, &path);
    assert_eq!(insights["data"][0]["status"], "completed");
    assert!(text_of(&insights["data"][0]["conversation_insights"][0]["result"]).contains("$40"));
}

#[test]
fn a_call_rings_is_answered_and_ends() {
    let service = SimulatedService::start();
    let (status, call) = send_request(&service, "POST /v1/calls", &json!({"to": "+15551234567"}));
    assert_eq!((status, &call["status"]), (202, &"initiating".into()));
    let path = format!("/v1/calls/{}", text_of(&call["call_id"]));
    let mut seen = Vec::new();
    for _ in 0..40 {
        service.advance(Duration::from_secs(1));
        seen.push(text_of(&get(&service, &path)["status"]));
        seen.dedup();
    }
    assert_eq!(seen, ["ringing", "in-progress", "completed"]);
    assert_eq!(get(&service, &path)["duration_seconds"], 30);
}

#[test]
fn the_owner_answers_or_the_approval_expires() {
    let service = SimulatedService::start();
    let approve =
        |body: &Value| text_of(&send_request(&service, "POST /v1/approvals", body).1["request_id"]);
    let status = |id: &str| get(&service, &format!("/v1/approvals/{id}"));
    service.owner(SimulatedOwner::Approves(Duration::from_secs(20)));
    let id = approve(&json!({"action": "pay", "expires_in": 60, "require_biometric": true}));
    assert_eq!(status(&id)["status"], "pending");
    service.advance(Duration::from_secs(21));
    let after = status(&id);
    assert_eq!(
        (&after["status"], &after["biometric_verified"]),
        (&"approved".into(), &true.into())
    );
    service.owner(SimulatedOwner::Silent);
    let id = approve(&json!({"action": "pay", "expires_in": 60}));
    service.advance(Duration::from_secs(61));
    assert_eq!(status(&id)["status"], "expired");
    service.decide(&id, "approved");
    assert_eq!(status(&id)["status"], "expired", "the first end counts");
    service.owner(SimulatedOwner::NotDelivered);
    let (_, response) = send_request(&service, "POST /v1/approvals", &json!({"action": "pay"}));
    assert_eq!(
        (&response["devices_notified"], &response["devices_failed"]),
        (&0.into(), &2.into())
    );
}

#[test]
fn lists_lag_behind_writes_and_catch_up() {
    let lag = Duration::from_millis(300);
    let service = SimulatedService::with(ServiceSettings { lag, ..ServiceSettings::default() });
    let sent = json!({"to": "+15551234567", "message": "hi"});
    assert_eq!(send_request(&service, "POST /v1/messages/send", &sent).0, 200);
    assert_eq!(get(&service, "/v1/messages")["pagination"]["total"], 0);
    assert_eq!(service.rows(ServiceTable::Messages).len(), 1);
    let began = std::time::Instant::now();
    while get(&service, "/v1/messages")["pagination"]["total"] == 0 {
        assert!(began.elapsed() < SOON, "the list never catches up");
    }
    let id = service.text_in("+15551112222", "hello");
    let list = get(&service, "/v1/messages?contact=%2B15551112222&direction=inbound&limit=1");
    assert_eq!((&list["messages"][0]["id"], &list["pagination"]["total"]), (&id.into(), &1.into()));
}
