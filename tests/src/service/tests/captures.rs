//! The simulator against the captured responses of the real service: every shape, in the order of the capture.

use crate::service::{KEY, ServiceSettings, SimulatedService};
use crate::wire::client;
use serde_json::{Value, json};
use std::time::Duration;

/// The same value with everything that differs from one account to another replaced by its kind.
fn masked(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), masked(value))).collect(),
        Value::Array(list) => list.iter().map(masked).collect(),
        Value::String(text) => kind(text).into(),
        other => other.clone(),
    }
}

fn kind(text: &str) -> String {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let hex =
        |text: &str| text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    match form.as_str() {
        "9999-99-99T99:99:99.999Z" => "milliseconds".into(),
        "9999-99-99T99:99:99.999999Z" => "microseconds".into(),
        "9999999999999999999" => "decimal".into(),
        _ if hex(text) => "uuid".into(),
        _ if text.strip_prefix("assistant-").is_some_and(hex) => "assistant-uuid".into(),
        _ => text.into(),
    }
}

struct Replay {
    service: SimulatedService,
    facts: Value,
    checked: usize,
}

impl Replay {
    /// Sends the request and compares status and shape with the captured entry of that name.
    #[track_caller]
    fn step(&mut self, name: &str, line: &str, body: &Value) -> Value {
        let (status, response) = client::json(self.service.port(), KEY, line, body);
        let fact = &self.facts[name];
        assert_eq!(Value::from(status), fact["status"], "{name}: {response:#}");
        let (found, wanted) = (masked(&response), masked(&fact["body"]));
        assert_eq!(found, wanted, "{name}\nfound {found:#}\nwanted {wanted:#}");
        self.checked += 1;
        response
    }
}

#[test]
fn every_captured_response_is_given_in_its_captured_shape() {
    let settings = ServiceSettings { lag: Duration::ZERO, ..ServiceSettings::default() };
    let facts = serde_json::from_str(include_str!("../../../facts/server-responses.json")).unwrap();
    let mut replay = Replay { service: SimulatedService::with(settings), facts, checked: 0 };
    let none = Value::Null;
    let words = "Test mission for capturing response shapes";
    let body = json!({"name": "Shape Test Mission", "instructions": words});
    let mission = replay.step("POST /v1/missions", "POST /v1/missions", &body);
    let m = format!("/v1/missions/{}", mission["mission"]["id"].as_str().unwrap());
    replay.step("GET /v1/missions/:id", &format!("GET {m}"), &none);
    replay.step("GET /v1/missions", "GET /v1/missions?page[size]=20", &none);
    let body = json!({"input": {"original_request": "Test request for shape capture"}});
    let run = replay.step("POST /v1/missions/:id/runs", &format!("POST {m}/runs"), &body);
    let r = format!("{m}/runs/{}", run["data"]["run_id"].as_str().unwrap());
    replay.step("GET /v1/missions/:id/runs/:id", &format!("GET {r}"), &none);
    replay.step("GET /v1/missions/:id/runs", &format!("GET {m}/runs"), &none);
    let body = json!({"steps": [{"description": "a"}, {"description": "b"}]});
    replay.step("POST /v1/missions/:id/runs/:id/plan", &format!("POST {r}/plan"), &body);
    replay.step("GET /v1/missions/:id/runs/:id/plan", &format!("GET {r}/plan"), &none);
    let body = json!({"status": "running"});
    replay.step("PATCH /v1/missions/:id/runs/:id (running)", &format!("PATCH {r}"), &body);
    let body = json!({"type": "no_such_type", "summary": "x"});
    replay.step("POST /v1/missions/:id/runs/:id/events", &format!("POST {r}/events"), &body);
    replay.step("GET /v1/missions/:id/runs/:id/events", &format!("GET {r}/events"), &none);
    let body = json!({
        "name": "Shape Test Agent", "instructions": "Test assistant for shape capture", "greeting": "",
        "model": "openai/gpt-4o", "enabled_features": ["telephony", "messaging"],
        "tools": [{"type": "hangup", "hangup": {"description": "End call"}}],
    });
    let assistant = replay.step("POST /v1/assistants", "POST /v1/assistants", &body);
    let id = assistant["assistant"]["id"].as_str().unwrap();
    let a = format!("/v1/assistants/{id}");
    replay.step("GET /v1/assistants/:id", &format!("GET {a}"), &none);
    replay.step("GET /v1/assistants", "GET /v1/assistants?pageSize=25&page=1", &none);
    let line = format!("GET {a}/connection-id?feature=telephony");
    replay.step("GET /v1/assistants/:id/connection-id", &line, &none);
    let body = json!({"telnyx_agent_id": id});
    replay.step("POST /v1/missions/:id/runs/:id/agents", &format!("POST {r}/agents"), &body);
    replay.step("GET /v1/missions/:id/runs/:id/agents", &format!("GET {r}/agents"), &none);
    for (channel, name) in [("call", "(call)"), ("sms", "(sms)")] {
        let body = json!({
            "channel": channel, "to": "+15551234567", "from": "+15559876543", "text_body": "x",
            "scheduled_at": "2027-12-01T14:30:00Z",
        });
        let name = format!("POST /v1/assistants/:id/events {name}");
        replay.step(&name, &format!("POST {a}/events"), &body);
    }
    replay.step("GET /v1/assistants/:id/events", &format!("GET {a}/events"), &none);
    for name in ["GET /v1/numbers/account-phones/available", "GET /v1/numbers/account-phones"] {
        replay.step(name, name, &none);
    }
    let body = json!({
        "status": "succeeded", "result_summary": "Shape test completed",
        "result_payload": {"shapes_captured": true},
    });
    replay.step("PATCH /v1/missions/:id/runs/:id (succeeded)", &format!("PATCH {r}"), &body);
    replay.step("GET /v1/missions/:id/runs/:id (completed)", &format!("GET {r}"), &none);
    assert_eq!(replay.checked, replay.facts.as_object().unwrap().len(), "entries of the capture");
}
