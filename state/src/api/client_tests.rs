//! The client on real sockets: which requests are sent again and which are not, and what its errors say.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Pacing;
use super::{Client, Error, JsonResponse, Request, Service, url_path};
use crate::exit::Exit;
use crate::http::Method;
use crate::http::test_server::{self, Behavior, TestServer};
use crate::text::secret::Secret;

const KEY: &str = "cc_live_0123456789abcdef";
const OK: Behavior = Behavior::Json(200, "", r#"{"id":"m1"}"#);
const DOWN: Behavior = Behavior::Json(500, "", r#"{"error":{"code":"internal","message":"boom"}}"#);
const BUSY: Behavior = Behavior::Json(429, "retry-after: 7\r\n", r#"{"error":"slow down"}"#);
const LATER: Behavior = Behavior::Json(
    503,
    "retry-after: 1\r\n",
    r#"{"error":{"code":"unavailable","message":"later"}}"#,
);
const GONE: Behavior =
    Behavior::Json(404, "", r#"{"error":{"code":"not_found","message":"no such run"}}"#);

thread_local! {
    // Each test has a thread of its own, and so its own list of waits.
    static WAITED: RefCell<Vec<Duration>> = const { RefCell::new(Vec::new()) };
}

fn client(url: &str) -> Client {
    let service = Service::new(url, Secret::new(KEY)).unwrap();
    let sleep = |wait| WAITED.with_borrow_mut(|waited| waited.push(wait));
    let pacing = Pacing { sleep, random: || 1.0 };
    Client::new(&service, Duration::from_secs(30)).with_pacing(pacing).quiet()
}

fn send(method: Method, server: &TestServer) -> Result<JsonResponse, Error> {
    client(&server.url()).send(&Request::new(method, "/v1/things"))
}

/// How often a request is sent, how long the waits are, and how it ends.
#[track_caller]
fn case(
    method: Method,
    script: &[Behavior],
    n_sent: usize,
    waits: &[u64],
    wanted: Result<u16, Exit>,
) {
    WAITED.take();
    let server = TestServer::new(script.to_vec());
    let result = send(method, &server).map(|response| response.status()).map_err(|err| err.exit());
    assert_eq!(result, wanted, "{method} {script:?}");
    assert_eq!(server.requests().len(), n_sent, "{method} {script:?}");
    let waits: Vec<_> = waits.iter().copied().map(Duration::from_millis).collect();
    assert_eq!(WAITED.take(), waits, "{method} {script:?}");
}

#[test]
fn an_idempotent_request_is_sent_three_times() {
    for method in [Method::Get, Method::Patch, Method::Delete] {
        case(method, &[DOWN, Behavior::Close, OK], 3, &[400, 800], Ok(200));
        let is_read = method == Method::Get;
        let unknown = if is_read { Exit::Unavailable } else { Exit::Unconfirmed };
        case(method, &[DOWN, DOWN, DOWN, OK], 3, &[400, 800], Err(unknown));
        case(method, &[BUSY, OK], 2, &[7000], Ok(200));
        case(method, &[BUSY; 3], 3, &[7000, 7000], Err(Exit::Unavailable));
        case(method, &[Behavior::Close; 3], 3, &[400, 800], Err(unknown));
        // What the last attempt did not do, the first may have done.
        case(method, &[Behavior::Close, BUSY, BUSY], 3, &[400, 7000], Err(unknown));
        case(method, &[DOWN, LATER, BUSY], 3, &[400, 1000], Err(unknown));
        case(method, &[BUSY, Behavior::Close, LATER], 3, &[7000, 800], Err(unknown));
        case(method, &[Behavior::Json(200, "", "<html>"), OK], 1, &[], Err(unknown));
        case(method, &[Behavior::Json(400, "", "{}"), OK], 1, &[], Err(Exit::No));
    }
    case(Method::Get, &[GONE, OK], 1, &[], Err(Exit::No));
}

#[test]
fn a_post_that_was_sent_is_not_sent_again() {
    for behavior in [
        Behavior::Close,
        Behavior::Bytes("HTTP/1.1 201 Created\r\ncontent-length: 90\r\n\r\n{\"id"),
        Behavior::Json(200, "", "<html>fine</html>"),
        Behavior::Json(502, "", r#"{"error":"bad gateway"}"#),
        Behavior::Json(504, "", "<html><title>504</title></html>"),
        Behavior::Json(500, "", "Internal Server Error"),
        Behavior::Json(
            500,
            "",
            r#"{"error":{"code":"internal","message":"Telnyx API error (504): x"}}"#,
        ),
    ] {
        case(Method::Post, &[behavior, OK], 1, &[], Err(Exit::Unconfirmed));
    }
    case(Method::Post, &[DOWN, OK], 1, &[], Err(Exit::Unconfirmed));
    case(Method::Post, &[Behavior::Json(503, "", "{}"), OK], 1, &[], Err(Exit::Unconfirmed));
    case(
        Method::Post,
        &[Behavior::Json(503, "retry-after: 1\r\n", "{}"), OK],
        1,
        &[],
        Err(Exit::Unconfirmed),
    );
}

#[test]
fn a_redirect_to_another_host_means_that_the_address_is_wrong() {
    let to = |location: &str| {
        let head = format!("HTTP/1.1 308 X\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n");
        let server = TestServer::new(vec![Behavior::Bytes(head.leak())]);
        send(Method::Post, &server).unwrap_err().exit()
    };
    for other in ["https://clawdtalk.com/v1/things", "http://www.clawdtalk.com/v1/things?x=1"] {
        assert_eq!(to(other), Exit::NotConfigured, "{other}");
    }
    let elsewhere =
        ["/v1/things", "/v1/things2", "https://clawdtalk.com/login", "ftp://x/v1/things"];
    for unclear in elsewhere {
        assert_eq!(to(unclear), Exit::Unconfirmed, "{unclear}");
    }
}

#[test]
fn a_post_is_sent_again_if_the_service_says_that_it_did_nothing() {
    case(Method::Post, &[BUSY, OK], 2, &[7000], Ok(200));
    case(Method::Post, &[Behavior::Json(429, "", ""), OK], 2, &[400], Ok(200));
    case(Method::Post, &[LATER, OK], 2, &[1000], Ok(200));
    let upstream = r#"{"error":{"code":"internal","message":"Telnyx API error (429): slow"}}"#;
    case(Method::Post, &[Behavior::Json(500, "", upstream), OK], 2, &[400], Ok(200));
    case(Method::Post, &[BUSY, BUSY, BUSY, OK], 3, &[7000, 7000], Err(Exit::Unavailable));
}

#[test]
fn all_attempts_of_a_post_have_the_same_key_and_other_methods_none() {
    let key_of = |head: &str| {
        let line = head.lines().find(|line| line.starts_with("idempotency-key: "));
        line.map(str::to_owned)
    };
    let keys = |method, script: &[Behavior]| {
        let server = TestServer::new(script.to_vec());
        send(method, &server).unwrap();
        server.requests().iter().map(|head| key_of(head)).collect::<Vec<_>>()
    };
    let first = keys(Method::Post, &[BUSY, LATER, OK]);
    assert!(first[0].is_some() && first[0] == first[1] && first[1] == first[2], "{first:?}");
    assert_ne!(keys(Method::Post, &[OK])[0], first[0], "another request has another key");
    assert_eq!(keys(Method::Patch, &[BUSY, OK]), [None, None]);
}

#[test]
fn a_post_that_was_not_sent_is_sent_again() {
    WAITED.take();
    let err = client(&test_server::dead_url()).post("/v1/calls", json!({})).unwrap_err();
    assert_eq!(err.exit(), Exit::Unavailable);
    assert!(err.to_string().starts_with("cannot reach `http://127.0.0.1:"), "{err}");
    assert!(err.to_string().ends_with("`: connection refused"), "{err}");
    assert_eq!(WAITED.take().len(), 2);
}

#[test]
fn no_wait_is_longer_than_the_deadline() {
    let long = Behavior::Json(429, "retry-after: 31\r\n", r#"{"message":"later"}"#);
    case(Method::Get, &[long, OK], 1, &[], Err(Exit::Unavailable));
}

#[test]
fn a_404_to_a_second_delete_is_success() {
    case(Method::Delete, &[Behavior::Close, GONE], 2, &[400], Ok(204));
    case(Method::Delete, &[DOWN, GONE], 2, &[400], Ok(204));
    case(Method::Delete, &[GONE], 1, &[], Err(Exit::No));
    // The first attempt had no effect, so the thing did not exist.
    case(Method::Delete, &[BUSY, GONE], 2, &[7000], Err(Exit::No));
}

#[test]
fn a_request_has_path_query_headers_and_body() {
    let server = TestServer::new(vec![Behavior::Json(
        202,
        "date: Sun, 22 Nov 2026 06:00:28 GMT\r\n",
        r#"{"n":1.10}"#,
    )]);
    let request = Request::new(Method::Post, url_path(&["v1", "runs", "a/../b"]).unwrap())
        .query("page[size]", "5")
        .header("idempotency-key", "k-1")
        .body(json!({"to": "+15550100"}));
    let response = client(&server.url()).send(&request).unwrap();
    assert_eq!(response.date().unwrap().to_string(), "2026-11-22T06:00:28Z");
    assert_eq!(response.json().to_string(), r#"{"n":1.10}"#);
    let request = server.requests().remove(0);
    assert!(
        request.starts_with("POST /v1/runs/a%2F..%2Fb?page%5Bsize%5D=5 HTTP/1.1\r\n"),
        "{request}"
    );
    for wanted in [&format!("authorization: Bearer {KEY}\r\n"), "idempotency-key: k-1\r\n"] {
        assert!(request.contains(wanted), "{request}");
    }
    assert!(request.ends_with(r#"{"to":"+15550100"}"#), "{request}");
}

#[test]
fn what_lost_attempts_may_have_done_is_said() {
    let server = TestServer::new(vec![Behavior::Close, BUSY, BUSY]);
    let err = send(Method::Delete, &server).unwrap_err();
    assert!(
        err.to_string().contains("no certain answer, and then: server refused DELETE"),
        "{err}"
    );
    assert!(err.hint().unwrap().contains("does no harm"), "{err}");
    let server = TestServer::new(vec![GONE]);
    let err = send(Method::Delete, &server).unwrap_err();
    assert!(err.hint().unwrap().contains("may have deleted it"), "{:?}", err.hint());
    let server = TestServer::new(vec![GONE]);
    let err = send(Method::Patch, &server).unwrap_err();
    assert!(!err.hint().unwrap().contains("deleted"), "{:?}", err.hint());
}

#[test]
fn a_success_without_its_body_is_none() {
    let refused = r#"{"success":false,"error":{"code":"quota_exceeded","message":"Daily limit"}}"#;
    for (status, body, problem) in [
        (200, "", "with an empty body"),
        (200, " \r\n", "with an empty body"),
        (202, "null", "with `null`"),
        (200, refused, "with `\"success\": false`: Daily limit, quota_exceeded"),
        (201, r#"{"success":false}"#, "with `\"success\": false`: no reason given"),
        (200, "<html><title>Airport</title>", "with an HTML page \"Airport\""),
    ] {
        for method in [Method::Get, Method::Post, Method::Patch, Method::Delete] {
            let server = TestServer::new(vec![Behavior::Json(status, "", body), OK]);
            let result = send(method, &server);
            if method == Method::Delete && matches!(body.trim(), "" | "null") {
                assert!(result.unwrap().json().is_null(), "{body}");
                continue;
            }
            let err = result.unwrap_err();
            let read = method == Method::Get;
            assert_eq!(
                err.exit(),
                if read { Exit::Unavailable } else { Exit::Unconfirmed },
                "{err}"
            );
            assert!(err.to_string().contains(problem), "{err}");
            assert_eq!(server.requests().len(), 1, "{method} {body}");
        }
    }
    for status in [201, 202, 204] {
        let bytes = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        let server = TestServer::new(vec![Behavior::Bytes(bytes.leak())]);
        send(Method::Delete, &server).unwrap();
    }
}

#[test]
fn a_missing_body_is_null_and_a_missing_id_an_error() {
    let server = TestServer::new(vec![
        Behavior::Bytes("HTTP/1.1 204 No Content\r\n\r\n"),
        Behavior::Json(200, "", "{}"),
    ]);
    let client = client(&server.url());
    assert_eq!(client.delete("/v1/things").unwrap().json(), &Value::Null);
    let response = client.post("/v1/calls", json!({})).unwrap();
    let err = response.text("call_id").unwrap_err();
    assert_eq!(err.exit(), Exit::Unconfirmed);
    assert_eq!(err.to_string(), "server answered POST /v1/calls without `call_id` (HTTP 200)");
}

#[test]
fn a_redirect_is_an_error_with_its_target() {
    let head = "HTTP/1.1 301 Moved\r\nlocation: https://me:pw@www.clawdtalk.com/v1/me?k=1\r\ncontent-length: 0\r\n\r\n";
    let err = send(Method::Get, &TestServer::new(vec![Behavior::Bytes(head)])).unwrap_err();
    assert_eq!(err.exit(), Exit::NotConfigured);
    assert_eq!(
        err.to_string(),
        "server redirects GET /v1/things to `https://www.clawdtalk.com/v1/me`, which is not followed (HTTP 301)"
    );
}

#[test]
fn a_key_in_a_response_is_redacted() {
    let behavior = Behavior::Json(
        401,
        "",
        r#"{"error":{"code":"unauthorized","message":"bad key cc_live_0123456789abcdef"}}"#,
    );
    let err = send(Method::Get, &TestServer::new(vec![behavior])).unwrap_err();
    assert_eq!(
        err.to_string(),
        "server refused GET /v1/things: bad key *** (HTTP 401, unauthorized)"
    );
    assert!(!format!("{err:?}").contains(KEY), "{err:?}");
    assert!(err.hint().unwrap().contains("run `setup`"));
}

#[test]
fn the_service_time_follows_the_date_of_its_responses() {
    let dated = Behavior::Json(200, "date: Mon, 01 Jan 2001 00:00:00 GMT\r\n", "{}");
    let server = TestServer::new(vec![OK, dated]);
    let (client, there) =
        (client(&server.url()), jiff::Timestamp::from_second(978_307_200).unwrap());
    let other = client.clone();
    let is_near = |at: jiff::Timestamp| {
        let far = client.service_time().duration_since(at).abs();
        far < jiff::SignedDuration::from_mins(1)
    };
    assert!(is_near(jiff::Timestamp::now()));
    other.get("/v1/things", &[]).unwrap();
    assert!(is_near(jiff::Timestamp::now()));
    other.get("/v1/things", &[]).unwrap();
    assert!(is_near(there));
}
