//! Faults on request, scripted responses, keys, and what is refused.

use super::{get, send_request};
use crate::service::{KEY, RequestFault, ServiceTable, SimulatedService};
use crate::wire::client;
use serde_json::{Value, json};
use std::time::Duration;

fn text(n: usize) -> Value {
    json!({"to": "+15551234567", "message": format!("text {n}")})
}

const SEND: &str = "POST /v1/messages/send";

/// One faulty text: the status that arrived (0 = no response) and whether it left all the same.
#[track_caller]
fn case(fault: RequestFault, status: u16, carried_out: bool) {
    let service = SimulatedService::start();
    service.fail("POST", "/v1/messages/*", fault, 1);
    assert_eq!(send_request(&service, SEND, &text(1)).0, status);
    assert_eq!(service.rows(ServiceTable::Messages).len(), usize::from(carried_out));
    assert_eq!(send_request(&service, SEND, &text(2)).0, 200, "the fault was for one request");
}

#[test]
fn each_fault_does_what_its_name_says() {
    case(RequestFault::Status(500), 500, false);
    case(RequestFault::Html(502), 502, false);
    case(RequestFault::Cut, 0, false);
    case(RequestFault::Lost, 0, true);
    case(RequestFault::Torn, 200, true);
    case(RequestFault::Slow(Duration::from_millis(5)), 200, true);
}

#[test]
fn retry_after_is_a_header_and_every_response_has_a_date() {
    let service = SimulatedService::start();
    service.fail("GET", "/v1/me", RequestFault::RetryAfter(429, 7), 1);
    let head = format!("GET /v1/me HTTP/1.1\r\nAuthorization: Bearer {KEY}");
    let (status, head, _) = client::send_request(service.port(), &head, "");
    assert!(status == 429 && head.contains("Retry-After: 7") && head.contains("Date: "), "{head}");
}

#[test]
fn a_torn_response_ends_in_the_middle_of_its_body() {
    let service = SimulatedService::start();
    service.fail("GET", "/v1/me", RequestFault::Torn, 1);
    let head = format!("GET /v1/me HTTP/1.1\r\nAuthorization: Bearer {KEY}");
    let (_, head, body) = client::send_request(service.port(), &head, "");
    let announced: usize = head.split("Content-Length: ").nth(1).unwrap().parse().unwrap();
    assert!(body.starts_with('{') && body.len() < announced, "{} of {announced}", body.len());
}

#[test]
fn the_seed_decides_which_responses_are_lost() {
    let fates = |seed| {
        let service = SimulatedService::start();
        service.lose_responses("POST", "/v1/messages/send", 30, seed);
        let fates: Vec<_> =
            (0..40).map(|n| send_request(&service, SEND, &text(n)).0 == 200).collect();
        assert_eq!(service.texted().len(), 40, "lost responses are of texts that were sent");
        fates
    };
    assert_eq!(fates(1), fates(1));
    assert_ne!(fates(1), fates(2));
    assert!(fates(1).contains(&true) && fates(1).contains(&false));
}

#[test]
fn a_scripted_response_wins_and_the_newest_script_before_older_ones() {
    let service = SimulatedService::start();
    service.on("POST", "/v1/calls", 402, json!({"error": "no credit"}));
    service.once("*", "/v1/*", 418, json!({}));
    let call = |service: &SimulatedService| send_request(service, "POST /v1/calls", &json!({}));
    assert_eq!(call(&service).0, 418);
    assert_eq!(call(&service), (402, json!({"error": "no credit"})));
    assert_eq!(service.dialled(), Vec::<String>::new());
    service.on_with("POST", "/v1/calls", |seen| (200, json!({"echo": seen.body})));
    assert_eq!(call(&service).1, json!({"echo": {}}));
    assert_eq!(service.seen_at("POST", "/v1/calls").len(), 3);
}

#[test]
fn what_the_service_would_refuse_is_refused() {
    let mut service = SimulatedService::start();
    let code = |line: &str, body: &Value| {
        let (status, response) = send_request(&service, line, body);
        (status, response["error"]["code"].as_str().unwrap_or("").to_owned())
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(code(SEND, &json!({"to": "+15551234567"})), is(400, "missing_field"));
    assert_eq!(code(SEND, &json!({"to": "5551234567", "message": "x"})), is(400, "invalid_number"));
    assert_eq!(code("POST /v1/missions", &json!({"name": "x"})), is(400, "missing_field"));
    assert_eq!(code("GET /v1/calls/nope", &Value::Null), is(404, "not_found"));
    assert_eq!(code("GET /v1/nonsense", &Value::Null), is(404, "not_found"));
    // An encoded slash stays inside its segment.
    assert_eq!(code("GET /v1/calls/a%2Fend", &Value::Null), is(404, "not_found"));
    assert_eq!(client::json(service.port(), "wrong", "GET /v1/me", &Value::Null).0, 401);
    service.change_key("cc_live_new");
    assert_eq!(client::json(service.port(), KEY, "GET /v1/me", &Value::Null).0, 401);
    assert_eq!(client::json(service.port(), "", "GET /health", &Value::Null).0, 200);
    service.forgive_unknown_routes();
}

#[test]
fn a_request_to_a_route_that_does_not_exist_fails_the_test_at_its_end() {
    let service = SimulatedService::start();
    assert_eq!(send_request(&service, "POST /v1/nonsense", &json!({})).0, 404);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(service)));
    let message = *ended.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("POST /v1/nonsense"), "{message}");
}

#[test]
fn a_number_rings_one_assistant_and_only_that_one_may_call_from_it() {
    let service = SimulatedService::start();
    let (first, second) = (super::assistant(&service), super::assistant(&service));
    let phone = get(&service, "/v1/numbers/account-phones/available")["phone"].clone();
    let connection =
        get(&service, &format!("/v1/assistants/{first}/connection-id?feature=telephony"));
    let line = format!("PATCH /v1/numbers/account-phones/{}", super::text_of(&phone["id"]));
    let body = json!({"connection_id": connection["connection_id"], "type": "voice"});
    assert_eq!(send_request(&service, &line, &body).0, 200);
    assert_eq!(get(&service, "/v1/numbers/account-phones/available")["phone"], Value::Null);
    let event = json!({
        "channel": "call", "to": "+15551234567", "from": phone["phone_number"],
        "scheduled_at": "2099-01-01T00:00:00Z",
    });
    assert_eq!(
        send_request(&service, &format!("POST /v1/assistants/{first}/events"), &event).0,
        201
    );
    let (status, refused) =
        send_request(&service, &format!("POST /v1/assistants/{second}/events"), &event);
    let message = super::text_of(&refused["error"]["message"]);
    assert!(status == 500 && message.contains("does not belong to this assistant"), "{message}");
}
