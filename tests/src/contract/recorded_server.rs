//! The server that the contract was recorded against, rebuilt from what the entries print: `call_1`, `mis_1`, `ast_1` …

use super::case::ContractCase;
use crate::recording::{RecordedRequest, matches};
use crate::service::SimulatedService;
use serde_json::{Value, json};
use std::sync::Mutex;

/// Lets the service respond as the recording server did for this entry.
pub(super) fn install(service: &SimulatedService, case: &ContractCase) {
    let (case, before) = (case.clone(), Mutex::new(Vec::<RecordedRequest>::new()));
    service.on_with("*", "*", move |request| {
        let mut before = before.lock().expect("no response panics");
        let response = respond(&case, &before, request);
        before.push(request.clone());
        response
    });
}

fn error(status: u16, code: &str, message: &str) -> (u16, Value) {
    (status, json!({"error": {"code": code, "message": message}}))
}

fn respond(
    case: &ContractCase,
    before: &[RecordedRequest],
    request: &RecordedRequest,
) -> (u16, Value) {
    match case.text("mode") {
        "401" => error(401, "unauthorized", "Invalid API key"),
        "500" => error(500, "internal", "boom"),
        "429" => error(429, "rate_limited", "Too many requests"),
        _ => {
            let response =
                plain_tools(case, before, request).or_else(|| mission_tools(case, before, request));
            response.unwrap_or_else(|| error(404, "not_found", "Not found"))
        }
    }
}

/// The JSON that the entry prints: a single object is the server's, passed on whole.
fn printed(case: &ContractCase) -> Value {
    let text = case.text("stdout");
    let start = text.find(['{', '[']).unwrap_or(text.len());
    serde_json::from_str(&text[start..]).unwrap_or(Value::Null)
}

/// calls, messages, approvals, the account.
fn plain_tools(
    case: &ContractCase,
    before: &[RecordedRequest],
    request: &RecordedRequest,
) -> Option<(u16, Value)> {
    let to = |default: &str| request.body["to"].as_str().unwrap_or(default).to_owned();
    let is = |method: &str, pattern: &str| request.is(method, pattern);
    let found = if is("POST", "/v1/calls") {
        (202, json!({"call_id": "call_1", "status": "initiating", "to": to("+15550001111")}))
    } else if is("GET", "/v1/calls/:id") || is("POST", "/v1/calls/:id/end") {
        (200, printed(case))
    } else if is("POST", "/v1/messages/send") {
        let sent = json!({"id": "msg_1", "from": "+15559990000", "to": to(""), "status": "sent"});
        (200, sent)
    } else if is("GET", "/v1/messages") {
        (200, messages())
    } else if is("GET", "/v1/messages/conversations") {
        let long = "see you then, this is a long message that goes past fifty characters";
        let conversations = json!([
            {"contact": "+15551112222", "last_message": long},
            {"contact": "+15553334444", "last_message": "ok"},
        ]);
        (200, json!({"conversations": conversations}))
    } else if is("POST", "/v1/approvals") {
        (201, approval(request))
    } else if is("GET", "/v1/approvals") {
        (200, printed(case))
    } else if let Some(ids) = matches("/v1/approvals/:id", &request.path) {
        let polls = before.iter().filter(|earlier| earlier.path == request.path).count();
        let status = match (ids[0].as_str(), polls) {
            (_, 0) => "pending",
            ("apr_yes", _) => "approved",
            ("apr_no", _) => "denied",
            _ => "pending",
        };
        (200, json!({"request_id": ids[0], "status": status}))
    } else if is("GET", "/v1/me") {
        (200, json!({"user_id": "user_1", "phone": "+15550001111", "phone_verified": true}))
    } else {
        return None;
    };
    Some(found)
}

/// The outcome is in the action's first word: `yes`, `no`, `hang`, `later`, `nodev`.
fn approval(request: &RecordedRequest) -> Value {
    let action = request.body["action"].as_str().unwrap_or("");
    let word = action.split(' ').next().unwrap_or("");
    let devices = i32::from(word != "nodev");
    let id = format!("apr_{word}");
    json!({"request_id": id, "status": "pending", "devices_notified": devices, "devices_failed": 0})
}

fn messages() -> Value {
    let message = |direction: &str, from: &str, to: &str, body: &str| {
        json!({
            "id": format!("msg_{direction}"), "direction": direction, "from": from, "to": to,
            "body": body, "status": "delivered", "created_at": "2026-02-14T10:00:00.000Z",
        })
    };
    let messages = [
        message("inbound", "+15551112222", "+15559990000", "hello there"),
        message("outbound", "+15559990000", "+15551112222", &"x".repeat(80)),
    ];
    let pagination = json!({"page": 1, "limit": 20, "total": 2, "pages": 1});
    json!({"messages": messages, "pagination": pagination})
}

/// Missions, runs, assistants, numbers, scheduled events.
fn mission_tools(
    case: &ContractCase,
    before: &[RecordedRequest],
    request: &RecordedRequest,
) -> Option<(u16, Value)> {
    const RUN: &str = "/v1/missions/:m/runs/:r";
    let of_run = |method: &str, rest: &str| request.is(method, &format!("{RUN}{rest}"));
    let is = |method: &str, pattern: &str| request.is(method, pattern);
    // A list shows what the command itself makes only once it was made.
    let hidden = |path_end: &str| {
        case.sends("POST", path_end)
            && !before
                .iter()
                .any(|earlier| earlier.method == "POST" && earlier.path.ends_with(path_end))
    };
    let list = |path_end: &str, rows: Value| if hidden(path_end) { json!([]) } else { rows };
    let printed = printed(case);
    let given = |key: &str| request.body[key].clone();
    let found = if is("POST", "/v1/missions") {
        let (name, words) = (given("name"), given("instructions"));
        let mission =
            json!({"id": "mis_1", "name": name, "instructions": words, "status": "pending"});
        (201, json!({"mission": mission}))
    } else if is("GET", "/v1/missions") {
        let rows = json!([{"id": "mis_1", "name": "One"}, {"id": "mis_2", "name": "Two"}, {"id": "mis_3"}]);
        (200, json!({"missions": list("/v1/missions", rows)}))
    } else if is("GET", "/v1/missions/:id") {
        let mission =
            if printed["id"].is_null() { json!({"id": "mis_1", "name": "One"}) } else { printed };
        (200, json!({"mission": mission}))
    } else if is("POST", "/v1/missions/:m/runs") {
        (201, json!({"data": {"run_id": "run_1", "status": "pending", "input": given("input")}}))
    } else if is("GET", "/v1/missions/:m/runs") {
        let rows = json!([{"run_id": "run_1", "status": "running"}, {"run_id": "run_2", "status": "succeeded"}]);
        let rows = list("/runs", rows);
        let meta = json!({"total_pages": 1, "total_results": 2, "page_number": 1, "page_size": 20});
        (200, json!({"data": rows, "meta": meta}))
    } else if of_run("GET", "") {
        (200, json!({"data": {"run_id": "run_1", "mission_id": "mis_1", "status": "running"}}))
    } else if of_run("PATCH", "") {
        (200, json!({"data": {"run_id": "run_1", "status": given("status")}}))
    } else if of_run("POST", "/plan") {
        (201, json!({"data": given("steps")}))
    } else if of_run("GET", "/plan") {
        let step = json!({"step_id": "research", "description": "Find", "sequence": 1, "status": "pending"});
        (200, json!({"data": list("/plan", json!([step]))}))
    } else if of_run("PATCH", "/plan/steps/:s") {
        (200, json!({"data": {"step_id": "research", "status": given("status")}}))
    } else if of_run("POST", "/events") {
        let (kind, words) = (given("type"), given("summary"));
        (201, json!({"data": {"event_id": "evt_1", "type": kind, "summary": words}}))
    } else if of_run("GET", "/events") {
        let rows = json!([
            {"event_id": "evt_1", "type": "step_started", "summary": "Starting: Research"},
            {"event_id": "evt_2", "type": "custom", "summary": "Found 3"},
        ]);
        (200, json!({"data": rows}))
    } else if of_run("POST", "/agents") {
        (201, json!({"data": {"run_id": "run_1", "telnyx_agent_id": given("telnyx_agent_id")}}))
    } else if of_run("GET", "/agents") {
        (
            200,
            json!({"data": list("/agents", json!([{"run_id": "run_1", "telnyx_agent_id": "ast_1"}]))}),
        )
    } else if is("GET", "/v1/missions/conversations/:id/insights") {
        let insight = json!({"insight_id": "ins_1", "result": "Quoted $40 per window"});
        (200, json!({"data": [{"status": "completed", "conversation_insights": [insight]}]}))
    } else {
        return assistant_tools(case, request, &list);
    };
    Some(found)
}

fn assistant_tools(
    case: &ContractCase,
    request: &RecordedRequest,
    list: &dyn Fn(&str, Value) -> Value,
) -> Option<(u16, Value)> {
    let is = |method: &str, pattern: &str| request.is(method, pattern);
    let phone = json!({"id": "ph_1", "phone_number": "+15559876543", "status": "active"});
    let found = if is("POST", "/v1/assistants") || is("PATCH", "/v1/assistants/:id") {
        let status = if request.method == "POST" { 201 } else { 200 };
        (status, json!({"assistant": {"id": "ast_1", "name": request.body["name"]}}))
    } else if is("GET", "/v1/assistants") {
        let rows = json!([
            {"id": "ast_1", "name": "Caller", "model": "openai/gpt-4o", "enabled_features": ["telephony", "messaging"]},
            {"id": "ast_2", "name": "SMS"},
        ]);
        let meta = json!({"total_pages": 1, "total_results": 2, "page_number": 1, "page_size": 25});
        (200, json!({"assistants": list("/v1/assistants", rows), "meta": meta}))
    } else if is("GET", "/v1/assistants/:id") {
        (200, json!({"assistant": {"id": "ast_1", "name": "Caller"}}))
    } else if is("GET", "/v1/assistants/:id/connection-id") {
        (200, json!({"connection_id": "conn_9"}))
    } else if is("GET", "/v1/numbers/account-phones") {
        let taken =
            json!({"id": "ph_2", "phone_number": "+15559876544", "connection_id": "conn_3"});
        (200, json!({"data": [phone, taken]}))
    } else if is("GET", "/v1/numbers/account-phones/available") {
        let none = case.text("mode") == "nophone";
        (200, json!({"phone": if none { Value::Null } else { phone }}))
    } else if is("PATCH", "/v1/numbers/account-phones/:id") {
        (200, json!({"phone": phone}))
    } else if is("POST", "/v1/assistants/:id/events") {
        (
            201,
            json!({"event": {"id": "sev_1", "status": "pending", "channel": request.body["channel"]}}),
        )
    } else if is("GET", "/v1/assistants/:id/events") {
        let rows = json!([
            {"id": "sev_1", "status": "pending"},
            {"id": "sev_2", "status": "completed", "call_status": "completed"},
        ]);
        (200, json!({"events": list("/events", rows)}))
    } else if is("GET", "/v1/assistants/:id/events/:e") {
        let event = if case.sends("DELETE", "/sev_1") {
            json!({"id": "sev_1", "status": "pending"})
        } else {
            json!({
                "id": "sev_1", "status": "completed", "call_status": "no-answer",
                "conversation_id": "conv_7", "retry_count": 2,
            })
        };
        (200, json!({"event": event}))
    } else if is("DELETE", "/v1/assistants/:id/events/:e") {
        (204, Value::Null)
    } else {
        return None;
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::*;
    use crate::wire::client;

    /// Whether `part` stands somewhere in `whole`, whatever it is wrapped in.
    fn holds(whole: &Value, part: &Value) -> bool {
        let inside = match whole {
            Value::Object(map) => map.values().any(|value| holds(value, part)),
            Value::Array(list) => list.iter().any(|value| holds(value, part)),
            _ => false,
        };
        inside || whole == part
    }

    #[test]
    fn every_recorded_request_is_answered_with_what_the_entry_prints() {
        for case in cases("") {
            let service = SimulatedService::start();
            install(&service, &case);
            let mut responses = Vec::new();
            for request in case.requests() {
                let word = |key: &str| request[key].as_str().unwrap_or("");
                let line = format!("{} {}?{}", word("method"), word("path"), word("query"));
                let (status, response) =
                    client::json(service.port(), case.key(), &line, &request["body"]);
                let good = matches!(case.text("mode"), "ok" | "nophone");
                assert_eq!(
                    (200..300).contains(&status),
                    good,
                    "{} {line}: {response}",
                    case.name()
                );
                responses.push(response);
            }
            let printed = printed(&case);
            if !printed.is_null() && !responses.is_empty() {
                assert!(holds(&responses.into(), &printed), "{} prints {printed}", case.name());
            }
        }
    }
}
