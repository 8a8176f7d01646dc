//! The stub against the captured responses of the three gateways.

use super::{AgentReply, GatewayVersion, SimulatedGateway, TOKEN};
use crate::wire::client;
use serde_json::{Value, json};
use std::time::Duration;

/// The same value with run ids, instants and token counts replaced.
fn masked(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let own = matches!(key.as_str(), "runId" | "id" | "created" | "usage");
                (key.clone(), if own { "any".into() } else { masked(value) })
            })
            .collect(),
        Value::Array(list) => list.iter().map(masked).collect(),
        other => other.clone(),
    }
}

/// Lets the agent do what it did when the response was captured.
fn rehearse(gateway: &SimulatedGateway, name: &str, fact: &Value) {
    let details = &fact["answer"]["details"];
    let reply = if let Some(text) = details["reply"].as_str() {
        AgentReply::from(text)
    } else if let Some(text) = fact["answer"]["choices"][0]["message"]["content"].as_str() {
        AgentReply::from(text)
    } else if details["sentBeforeError"] == true || name == "clawdbot-d-llm500" {
        AgentReply::Failure(details["error"].as_str().unwrap_or("").to_owned())
    } else {
        AgentReply::Nothing
    };
    gateway.reply_with(move |_| reply.clone());
    gateway.chat(fact["path"] == "/v1/chat/completions" && name != "p0-chat-disabled");
    if name.starts_with("e1-") {
        gateway.allow(false);
    }
    // These turns outlast their timeout.
    if ["c1-turn-outlasts-timeout", "clawdbot-c-timeout", "oc7-c-timeout", "h5t-5"].contains(&name)
    {
        gateway.patience(Duration::from_millis(20)).hold();
    }
}

#[test]
fn every_captured_response_is_given_by_the_stub_of_that_version() {
    let facts: Value =
        serde_json::from_str(include_str!("../../facts/gateway-captures.json")).unwrap();
    for (name, fact) in facts.as_object().unwrap() {
        let gateway = SimulatedGateway::of(match fact["version"].as_str().unwrap() {
            "2026.9.6" => GatewayVersion::V2026_9_6,
            "2026.7.35" => GatewayVersion::V2026_7_35,
            _ => GatewayVersion::Clawdbot2026_1,
        });
        rehearse(&gateway, name, fact);
        let word = |key: &str| fact[key].as_str().unwrap().to_owned();
        let token = match word("token").as_str() {
            "good" => format!("\r\nAuthorization: Bearer {TOKEN}"),
            "wrong" => "\r\nAuthorization: Bearer wrong".to_owned(),
            _ => String::new(),
        };
        let head = format!("{} {} HTTP/1.1\r\nHost: x{token}", word("method"), word("path"));
        let body = fact.get("body").map(Value::to_string).unwrap_or_default();
        let (status, _, text) = client::send_request(gateway.port(), &head, &body);
        let response = serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_str()));
        let text = response["result"]["content"][0]["text"].as_str();
        let response = match &response["result"]["details"] {
            Value::Null => response,
            details => {
                let parsed: Value = serde_json::from_str(text.unwrap()).unwrap();
                assert_eq!(&parsed, details, "{name}: text and details");
                json!({"details": details})
            }
        };
        assert_eq!(Value::from(status), fact["status"], "{name}: {response}");
        // As text, so that the order of the keys counts too.
        assert_eq!(masked(&response).to_string(), masked(&fact["answer"]).to_string(), "{name}");
        gateway.release();
    }
}

fn send(gateway: &SimulatedGateway, body: &Value) -> Value {
    client::json(gateway.port(), TOKEN, "POST /tools/invoke", body).1["result"]["details"].clone()
}

fn message(caller: Option<&str>, text: &str, timeout: u64) -> Value {
    let args = json!({"sessionKey": "agent:main:main", "message": text, "timeoutSeconds": timeout});
    let mut body = json!({"tool": "sessions_send", "args": args});
    if let Some(caller) = caller {
        body["sessionKey"] = caller.into();
    }
    body
}

const CALLER: Option<&str> = Some("agent:main:direct:clawdtalk");

#[test]
fn a_late_reply_is_found_in_the_history_by_its_run() {
    let gateway = SimulatedGateway::start();
    gateway.reply("late").hold();
    let details = send(&gateway, &message(CALLER, "question", 0));
    assert_eq!(details["status"], "accepted");
    gateway.release();
    gateway.wait_for(Duration::from_secs(5), |log| (log.finished == 1).then_some(()));
    let args = json!({"sessionKey": "agent:main:main", "limit": 6});
    let history = send(&gateway, &json!({"tool": "sessions_history", "args": args}));
    let lines = history["messages"].as_array().unwrap();
    let reply = lines.iter().find(|line| {
        line["role"] == "assistant"
            && line["__openclaw"]["runId"] == details["runId"]
            && line["content"].is_array()
    });
    assert_eq!(reply.unwrap()["content"][0]["text"], "late");
    assert_eq!(gateway.turns().len(), 1);
}

#[test]
fn refusals_start_no_turn_and_long_replies_are_cut() {
    let gateway = SimulatedGateway::start();
    gateway.reply(&"x".repeat(5000));
    assert_eq!(send(&gateway, &message(None, "m", 90))["status"], "error");
    assert!(gateway.turns().is_empty());
    let reply = send(&gateway, &message(CALLER, "m", 90))["reply"].as_str().unwrap().to_owned();
    assert_eq!((reply.chars().count(), reply.ends_with('…')), (4095, true));
    let turn = gateway.wait_turn(Duration::from_secs(1), 1);
    assert_eq!((turn.caller.as_deref(), turn.timeout), (CALLER, 90));
}

#[test]
fn bad_requests_get_the_error_of_the_tool_or_of_the_server() {
    let gateway = SimulatedGateway::start();
    let send_request =
        |body: &Value| client::json(gateway.port(), TOKEN, "POST /tools/invoke", body);
    let (status, response) = send_request(&message(CALLER, &"x".repeat(2_200_000), 90));
    assert_eq!((status, &response["error"]["message"]), (413, &"Payload too large".into()));
    let (status, response) = send_request(&json!({"args": {}}));
    assert_eq!((status, &response["error"]["type"]), (400, &"invalid_request".into()));
    gateway.drain(true);
    let (status, response) = send_request(&message(CALLER, "m", 90));
    assert_eq!((status, &response["error"]["code"]), (503, &"gateway_unavailable".into()));
    let (status, _) = client::json(gateway.port(), "", "GET /readyz", &Value::Null);
    assert_eq!(status, 503);
}
