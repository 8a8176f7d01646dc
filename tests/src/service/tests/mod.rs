//! What the simulator promises beyond the captured shapes: time, faults, the socket, TLS.

mod captures;
mod faults;
mod socket;
mod timeline;

use super::{KEY, SimulatedService};
use crate::wire::client;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(5);

fn send_request(service: &SimulatedService, line: &str, body: &Value) -> (u16, Value) {
    client::json(service.port(), KEY, line, body)
}

fn get(service: &SimulatedService, path: &str) -> Value {
    let (status, response) = send_request(service, &format!("GET {path}"), &Value::Null);
    assert_eq!(status, 200, "{path}: {response}");
    response
}

/// An assistant's id.
fn assistant(service: &SimulatedService) -> String {
    let body = json!({"name": "A", "instructions": "i"});
    let (_, response) = send_request(service, "POST /v1/assistants", &body);
    response["assistant"]["id"].as_str().unwrap().to_owned()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
