//! What the simulator promises beyond the captured shapes: time, faults, the socket, TLS.

mod course;
mod faults;
mod socket;

use super::{KEY, Service};
use crate::wire::client;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(5);

fn ask(service: &Service, line: &str, body: &Value) -> (u16, Value) {
    client::json(service.port(), KEY, line, body)
}

fn get(service: &Service, path: &str) -> Value {
    let (status, answer) = ask(service, &format!("GET {path}"), &Value::Null);
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// An assistant's id.
fn assistant(service: &Service) -> String {
    let body = json!({"name": "A", "instructions": "i"});
    let (_, answer) = ask(service, "POST /v1/assistants", &body);
    answer["assistant"]["id"].as_str().unwrap().to_owned()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
