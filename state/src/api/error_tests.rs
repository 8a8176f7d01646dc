//! Every shape of error body, with the line that it becomes and its exit code.

use super::client::Pacing;
use super::{Client, Error, Request, Service};
use crate::exit::Exit;
use crate::http::Method;
use crate::http::test_server::{Behavior, TestServer};
use crate::text::secret::Secret;

fn refused(method: Method, status: u16, body: &'static str) -> Error {
    // With so short a deadline there is no second attempt.
    let server = TestServer::new(vec![Behavior::Json(status, "retry-after: 90\r\n", body)]);
    let service = Service::new(&server.url(), Secret::new("cc_live_0123456789abcdef")).unwrap();
    let client = Client::new(&service, std::time::Duration::from_secs(20)).quiet();
    let pacing = Pacing { sleep: |_| (), random: || 1e9 };
    client.with_pacing(pacing).send(&Request::new(method, "/v1/calls")).unwrap_err()
}

#[track_caller]
fn case(status: u16, body: &'static str, exit: Exit, line: &str) {
    let err = refused(Method::Post, status, body);
    assert_eq!(err.to_string(), line);
    assert_eq!(err.exit(), exit, "{line}");
}

#[test]
fn every_shape_becomes_one_line() {
    case(
        402,
        r#"{"error":"no credit"}"#,
        Exit::No,
        "server refused POST /v1/calls: no credit (HTTP 402)",
    );
    case(
        404,
        r#"{"error":{"code":"not_found","message":"no such call"}}"#,
        Exit::No,
        "server refused POST /v1/calls: no such call (HTTP 404, not_found)",
    );
    case(
        400,
        r#"{"message":"to is wrong"}"#,
        Exit::No,
        "server refused POST /v1/calls: to is wrong (HTTP 400)",
    );
    case(
        422,
        r#"{"error":{"code":"missing_field","message":"no name"}}"#,
        Exit::No,
        "server refused POST /v1/calls: no name (HTTP 422, missing_field)",
    );
    case(
        422,
        r#"{"code":"missing_field","detail":"no name"}"#,
        Exit::Unconfirmed,
        "server refused POST /v1/calls: no name (HTTP 422, missing_field)",
    );
    case(
        400,
        r#"{"errors":[{"code":"10016","title":"Invalid","detail":"not +E.164"}]}"#,
        Exit::No,
        "server refused POST /v1/calls: not +E.164 (HTTP 400, 10016)",
    );
    case(
        409,
        r#"{"error":{"code":"busy"}}"#,
        Exit::Unconfirmed,
        "server refused POST /v1/calls: busy (HTTP 409)",
    );
    case(
        418,
        r#"{"odd":[1]}"#,
        Exit::Unconfirmed,
        r#"server refused POST /v1/calls: {"odd":[1]} (HTTP 418)"#,
    );
    case(
        400,
        "plain\n words\u{1b}[1m",
        Exit::No,
        "server refused POST /v1/calls: plain words[1m (HTTP 400)",
    );
    case(
        403,
        "<html><title>403 Forbidden</title>",
        Exit::No,
        "server refused POST /v1/calls: an HTML page \"403 Forbidden\" (HTTP 403)",
    );
    for empty in ["", "{}", "null", "[]", r#"{"error":{}}"#] {
        case(
            404,
            empty,
            Exit::No,
            "server refused POST /v1/calls: there is no such thing (HTTP 404)",
        );
    }
    case(429, "", Exit::Unavailable, "server refused POST /v1/calls: too many requests (HTTP 429)");
}

#[test]
fn an_error_of_telnyx_inside_is_shown_instead() {
    case(
        500,
        r#"{"error":{"code":"internal","message":"Telnyx API error (400): {\"errors\":[{\"code\":\"10004\",\"detail\":\"A required parameter was missing.\",\"source\":{\"pointer\":\"/body/steps[0]/step_id\"}}]}"}}"#,
        Exit::No,
        "server refused POST /v1/calls: A required parameter was missing at `/body/steps[0]/step_id` (10004) \
         (HTTP 500, Telnyx 400)",
    );
    case(
        500,
        r#"{"error":{"code":"internal","message":"boom"}}"#,
        Exit::Unconfirmed,
        "server failed on POST /v1/calls: boom (HTTP 500, internal)",
    );
    case(
        502,
        "<html><head><title>502 Bad Gateway</title>",
        Exit::Unconfirmed,
        "server failed on POST /v1/calls: an HTML page \"502 Bad Gateway\" (HTTP 502)",
    );
}

/// The exit code of a POST with this status and body; the response asks to wait.
#[track_caller]
fn exit_of_post(status: u16, code: &str, message: &str, exit: Exit) {
    let body = serde_json::json!({"error": {"code": code, "message": message}}).to_string();
    assert_eq!(
        refused(Method::Post, status, body.leak()).exit(),
        exit,
        "{status} {code} {message}"
    );
}

#[test]
fn only_the_own_shape_proves_anything_of_a_conflict_or_failure() {
    exit_of_post(409, "step_final", "the step is completed", Exit::No);
    exit_of_post(422, "invalid_number", "to is no phone number", Exit::No);
    exit_of_post(409, "idempotency_in_progress", "a request with this key runs", Exit::Unconfirmed);
    exit_of_post(422, "idempotency_key_reused", "other body", Exit::Unconfirmed);
    exit_of_post(
        409,
        "conflict",
        "A request with this Idempotency-Key is still being processed",
        Exit::Unconfirmed,
    );
    exit_of_post(409, "duplicate", "sent before", Exit::Unconfirmed);
    exit_of_post(503, "unavailable", "later", Exit::Unavailable);
    exit_of_post(502, "bad_gateway", "later", Exit::Unconfirmed);
    let wrapped = |status: u16, code: &str| {
        format!(r#"Telnyx API error ({status}): {{"errors":[{{"code":"{code}","title":"T"}}]}}"#)
    };
    for (status, code, exit) in [
        (400, "10015", Exit::No),
        (404, "10005", Exit::No),
        (409, "10001", Exit::No),
        (422, "10016", Exit::No),
        (429, "10011", Exit::Unavailable),
        (400, "10008", Exit::Unconfirmed),
        (408, "10008", Exit::Unconfirmed),
        (408, "10007", Exit::Unconfirmed),
        (409, "10012", Exit::Unconfirmed),
        (422, "10012", Exit::Unconfirmed),
        (500, "10007", Exit::Unconfirmed),
        (504, "10008", Exit::Unconfirmed),
    ] {
        exit_of_post(500, "internal", &wrapped(status, code), exit);
    }
    exit_of_post(500, "internal", "call placed, but: insert into calls failed", Exit::Unconfirmed);
    exit_of_post(500, "internal", "Telnyx API error (400): {\"errors\":[{\"co", Exit::No);
}

#[test]
fn a_403_is_about_the_key_only_when_it_says_so() {
    for body in [
        r#"{"error":{"code":"invalid_api_key","message":"no"}}"#,
        r#"{"error":{"code":"UNAUTHORIZED","message":"no"}}"#,
        r#"{"error":"API key revoked"}"#,
        r#"{"message":"Invalid API key"}"#,
    ] {
        assert_eq!(refused(Method::Get, 403, body).exit(), Exit::NotConfigured, "{body}");
    }
    for body in [
        r#"{"error":{"code":"region_not_allowed","message":"Turkey (TR) is not whitelisted"}}"#,
        r#"{"error":{"code":"plan_limit","message":"your API key's plan has no calls"}}"#,
        r#"{"error":"A dedicated number is required"}"#,
        r#"{"message":"calls to Turkey are not authorized"}"#,
    ] {
        assert_eq!(refused(Method::Get, 403, body).exit(), Exit::No, "{body}");
    }
}

#[test]
fn each_error_has_its_hint() {
    let hint = |status, body| refused(Method::Get, status, body).hint().unwrap_or_default();
    assert!(hint(401, "").contains("`setup`"));
    assert!(hint(402, "").contains("`status`"));
    assert!(hint(403, r#"{"error":{"code":"QUOTA_EXCEEDED"}}"#).contains("plan"));
    assert!(hint(404, "").contains("id"));
    assert_eq!(hint(429, ""), "try again in 90 s");
    assert_eq!(hint(400, ""), "");
    let lost = refused(Method::Post, 504, "").hint().unwrap();
    assert!(lost.contains("look before"), "{lost}");
}

#[test]
fn a_long_message_is_cut() {
    let body: &'static str = format!("{{\"error\":\"{}\"}}", "x".repeat(10_000)).leak();
    assert!(refused(Method::Get, 400, body).to_string().chars().count() < 400);
}
