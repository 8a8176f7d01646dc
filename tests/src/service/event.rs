//! The events that the service sends on the socket, field by field, as the real one sends them.

use serde_json::{Value, json};

fn event(name: &str, fields: &Value) -> Value {
    let mut event = json!({"type": "event", "event": name});
    super::store::merge(&mut event, fields);
    event
}

/// A call begins and the service asks what the voice should know.
pub fn context_request(call_id: &str) -> Value {
    event("context_request", &json!({"call_id": call_id}))
}

/// A call is up; `direction` is `inbound` or `outbound`.
pub fn call_started(call_id: &str, direction: &str) -> Value {
    event("call.started", &json!({"call_id": call_id, "direction": direction}))
}

/// A call is over; `more` holds what the case has: `outcome`, `reason`, `duration_seconds`, `to_number`, `purpose`, …
pub fn call_ended(call_id: &str, direction: &str, more: &Value) -> Value {
    let mut ended = event("call.ended", &json!({"call_id": call_id, "direction": direction}));
    super::store::merge(&mut ended, more);
    ended
}

/// A spoken request, for the agent to reply to.
pub fn deep_tool_request(call_id: &str, request_id: &str, query: &str) -> Value {
    let fields =
        json!({"call_id": call_id, "request_id": request_id, "query": query, "context": {}});
    event("deep_tool_request", &fields)
}

/// A text came in.
pub fn sms_received(from: &str, body: &str, message_id: &str) -> Value {
    event("sms.received", &json!({"from": from, "body": body, "message_id": message_id}))
}

/// Push-to-talk; `session_key` only where the app names one.
pub fn walkie_request(request_id: &str, transcript: &str, session_key: Option<&str>) -> Value {
    let fields = json!({"request_id": request_id, "transcript": transcript});
    let mut request = event("walkie_request", &fields);
    if let Some(key) = session_key {
        request["session_key"] = key.into();
    }
    request
}

/// The owner answered an approval; `decision` is `approved`, `denied`, or any word a test wants tried.
pub fn approval_responded(request_id: &str, decision: &str) -> Value {
    event("approval.responded", &json!({"request_id": request_id, "decision": decision}))
}

/// `mission.<what>` (`call_started`, `call_completed`, `call_failed`, `insights_ready`, `sms_delivered`, `sms_received`).
pub fn mission(what: &str, mission_id: &str, step_id: Option<&str>, more: &Value) -> Value {
    let fields = json!({"mission_id": mission_id, "step_id": step_id});
    let mut event = event(&format!("mission.{what}"), &fields);
    super::store::merge(&mut event, more);
    event
}
