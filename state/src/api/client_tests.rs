//! The client on real sockets: what is sent again and what never is, and what people are told.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Waits;
use super::{Answer, Client, Error, Request, Service, path};
use crate::exit::Exit;
use crate::http::Method;
use crate::secret::Secret;
use crate::wire::{self, Peer, Says};

const KEY: &str = "cc_live_0123456789abcdef";
const OK: Says = Says::Json(200, "", r#"{"id":"m1"}"#);
const DOWN: Says = Says::Json(500, "", r#"{"error":{"code":"internal","message":"boom"}}"#);
const BUSY: Says = Says::Json(429, "retry-after: 7\r\n", r#"{"error":"slow down"}"#);
const LATER: Says =
    Says::Json(503, "retry-after: 1\r\n", r#"{"error":{"code":"unavailable","message":"later"}}"#);
const GONE: Says = Says::Json(404, "", r#"{"error":{"code":"not_found","message":"no such run"}}"#);

thread_local! {
    // Each test has a thread of its own, and so its own list of waits.
    static WAITED: RefCell<Vec<Duration>> = const { RefCell::new(Vec::new()) };
}

fn client(url: &str) -> Client {
    let service = Service::new(url, Secret::new(KEY)).unwrap();
    let sleep = |wait| WAITED.with_borrow_mut(|waited| waited.push(wait));
    let waits = Waits { sleep, random: || 1.0 };
    Client::new(&service, Duration::from_secs(30)).with_waits(waits).silent()
}

fn ask(method: Method, peer: &Peer) -> Result<Answer, Error> {
    client(&peer.url()).send(&Request::new(method, "/v1/things"))
}

/// How often a request was sent, how long was waited, and what came of it.
#[track_caller]
fn case(method: Method, script: &[Says], n_sent: usize, waits: &[u64], wanted: Result<u16, Exit>) {
    WAITED.take();
    let peer = Peer::new(script.to_vec());
    let came = ask(method, &peer).map(|answer| answer.status()).map_err(|err| err.exit());
    assert_eq!(came, wanted, "{method} {script:?}");
    assert_eq!(peer.seen().len(), n_sent, "{method} {script:?}");
    let waits: Vec<_> = waits.iter().copied().map(Duration::from_millis).collect();
    assert_eq!(WAITED.take(), waits, "{method} {script:?}");
}

#[test]
fn what_can_be_repeated_is_tried_three_times() {
    for method in [Method::Get, Method::Patch, Method::Delete] {
        case(method, &[DOWN, Says::Close, OK], 3, &[400, 800], Ok(200));
        case(method, &[DOWN, DOWN, DOWN, OK], 3, &[400, 800], Err(Exit::Unavailable));
        case(method, &[BUSY, OK], 2, &[7000], Ok(200));
        case(method, &[Says::Close; 3], 3, &[400, 800], Err(Exit::Unavailable));
        case(method, &[Says::Json(400, "", "{}"), OK], 1, &[], Err(Exit::No));
    }
    case(Method::Get, &[GONE, OK], 1, &[], Err(Exit::No));
    case(Method::Get, &[Says::Json(200, "", "<html>"), OK], 1, &[], Err(Exit::Unavailable));
}

#[test]
fn a_post_that_left_is_never_repeated() {
    for says in [
        Says::Close,
        Says::Bytes("HTTP/1.1 201 Created\r\ncontent-length: 90\r\n\r\n{\"id"),
        Says::Json(200, "", "<html>fine</html>"),
        Says::Json(502, "", r#"{"error":"bad gateway"}"#),
        Says::Json(504, "", "<html><title>504</title></html>"),
        Says::Json(500, "", "Internal Server Error"),
        Says::Json(
            500,
            "",
            r#"{"error":{"code":"internal","message":"Telnyx API error (504): x"}}"#,
        ),
    ] {
        case(Method::Post, &[says, OK], 1, &[], Err(Exit::Unknown));
    }
    case(Method::Post, &[DOWN, OK], 1, &[], Err(Exit::Unknown));
    case(Method::Post, &[Says::Json(503, "", "{}"), OK], 1, &[], Err(Exit::Unknown));
    case(
        Method::Post,
        &[Says::Json(503, "retry-after: 1\r\n", "{}"), OK],
        1,
        &[],
        Err(Exit::Unknown),
    );
}

#[test]
fn a_redirect_proves_nothing_unless_it_says_that_the_address_is_another() {
    let to = |location: &str| {
        let head = format!("HTTP/1.1 308 X\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n");
        let peer = Peer::new(vec![Says::Bytes(head.leak())]);
        ask(Method::Post, &peer).unwrap_err().exit()
    };
    for other in ["https://clawdtalk.com/v1/things", "http://www.clawdtalk.com/v1/things?x=1"] {
        assert_eq!(to(other), Exit::NotConfigured, "{other}");
    }
    let elsewhere =
        ["/v1/things", "/v1/things2", "https://clawdtalk.com/login", "ftp://x/v1/things"];
    for unclear in elsewhere {
        assert_eq!(to(unclear), Exit::Unknown, "{unclear}");
    }
}

#[test]
fn a_post_goes_again_when_the_service_says_that_it_did_nothing() {
    case(Method::Post, &[BUSY, OK], 2, &[7000], Ok(200));
    case(Method::Post, &[Says::Json(429, "", ""), OK], 2, &[400], Ok(200));
    case(Method::Post, &[LATER, OK], 2, &[1000], Ok(200));
    let upstream = r#"{"error":{"code":"internal","message":"Telnyx API error (429): slow"}}"#;
    case(Method::Post, &[Says::Json(500, "", upstream), OK], 2, &[400], Ok(200));
    case(Method::Post, &[BUSY, BUSY, BUSY, OK], 3, &[7000, 7000], Err(Exit::Unavailable));
}

#[test]
fn all_tries_of_a_post_have_one_key_and_no_other_request_has_any() {
    let key_of = |head: &str| {
        let line = head.lines().find(|line| line.starts_with("idempotency-key: "));
        line.map(str::to_owned)
    };
    let keys = |method, script: &[Says]| {
        let peer = Peer::new(script.to_vec());
        ask(method, &peer).unwrap();
        peer.seen().iter().map(|head| key_of(head)).collect::<Vec<_>>()
    };
    let first = keys(Method::Post, &[BUSY, LATER, OK]);
    assert!(first[0].is_some() && first[0] == first[1] && first[1] == first[2], "{first:?}");
    assert_ne!(keys(Method::Post, &[OK])[0], first[0], "another request has another key");
    assert_eq!(keys(Method::Patch, &[BUSY, OK]), [None, None]);
}

#[test]
fn a_post_goes_again_when_it_never_left() {
    WAITED.take();
    let err = client(&wire::dead_url()).post("/v1/calls", json!({})).unwrap_err();
    assert_eq!(err.exit(), Exit::Unavailable);
    assert!(err.to_string().starts_with("cannot reach `http://127.0.0.1:"), "{err}");
    assert!(err.to_string().ends_with("`: connection refused"), "{err}");
    assert_eq!(WAITED.take().len(), 2);
}

#[test]
fn a_wait_beyond_the_deadline_is_not_begun() {
    let long = Says::Json(429, "retry-after: 31\r\n", r#"{"message":"later"}"#);
    case(Method::Get, &[long, OK], 1, &[], Err(Exit::Unavailable));
}

#[test]
fn gone_after_a_repeated_delete_is_success() {
    case(Method::Delete, &[Says::Close, GONE], 2, &[400], Ok(204));
    case(Method::Delete, &[DOWN, GONE], 2, &[400], Ok(204));
    case(Method::Delete, &[GONE], 1, &[], Err(Exit::No));
    // Told to come back: the first try did nothing, so it was not there.
    case(Method::Delete, &[BUSY, GONE], 2, &[7000], Err(Exit::No));
}

#[test]
fn a_request_is_whole() {
    let peer = Peer::new(vec![Says::Json(
        202,
        "date: Sun, 22 Nov 2026 06:00:28 GMT\r\n",
        r#"{"n":1.10}"#,
    )]);
    let request = Request::new(Method::Post, path(&["v1", "runs", "a/../b"]).unwrap())
        .query("page[size]", "5")
        .header("idempotency-key", "k-1")
        .body(json!({"to": "+15550100"}));
    let answer = client(&peer.url()).send(&request).unwrap();
    assert_eq!(answer.date().unwrap().to_string(), "2026-11-22T06:00:28Z");
    assert_eq!(answer.json().to_string(), r#"{"n":1.10}"#);
    let seen = peer.seen().remove(0);
    assert!(seen.starts_with("POST /v1/runs/a%2F..%2Fb?page%5Bsize%5D=5 HTTP/1.1\r\n"), "{seen}");
    for wanted in [&format!("authorization: Bearer {KEY}\r\n"), "idempotency-key: k-1\r\n"] {
        assert!(seen.contains(wanted), "{seen}");
    }
    assert!(seen.ends_with(r#"{"to":"+15550100"}"#), "{seen}");
}

#[test]
fn no_body_is_null_and_sent_needs_an_id() {
    let peer =
        Peer::new(vec![Says::Bytes("HTTP/1.1 204 No Content\r\n\r\n"), Says::Json(200, "", "{}")]);
    let client = client(&peer.url());
    assert_eq!(client.delete("/v1/things").unwrap().json(), &Value::Null);
    let answer = client.post("/v1/calls", json!({})).unwrap();
    let err = answer.text("call_id").unwrap_err();
    assert_eq!(err.exit(), Exit::Unknown);
    assert_eq!(err.to_string(), "server answered POST /v1/calls without `call_id` (HTTP 200)");
}

#[test]
fn a_redirect_is_told() {
    let head = "HTTP/1.1 301 Moved\r\nlocation: https://me:pw@www.clawdtalk.com/v1/me?k=1\r\ncontent-length: 0\r\n\r\n";
    let err = ask(Method::Get, &Peer::new(vec![Says::Bytes(head)])).unwrap_err();
    assert_eq!(err.exit(), Exit::NotConfigured);
    assert_eq!(
        err.to_string(),
        "server redirects GET /v1/things to `https://www.clawdtalk.com/v1/me`, which is not followed (HTTP 301)"
    );
}

#[test]
fn a_key_that_is_echoed_is_not_told() {
    let says = Says::Json(
        401,
        "",
        r#"{"error":{"code":"unauthorized","message":"bad key cc_live_0123456789abcdef"}}"#,
    );
    let err = ask(Method::Get, &Peer::new(vec![says])).unwrap_err();
    assert_eq!(
        err.to_string(),
        "server refused GET /v1/things: bad key *** (HTTP 401, unauthorized)"
    );
    assert!(!format!("{err:?}").contains(KEY), "{err:?}");
    assert!(err.hint().unwrap().contains("run `setup`"));
}

#[test]
fn the_services_clock_counts_once_it_has_told_another_time() {
    let dated = Says::Json(200, "date: Mon, 01 Jan 2001 00:00:00 GMT\r\n", "{}");
    let peer = Peer::new(vec![OK, dated]);
    let (client, there) = (client(&peer.url()), jiff::Timestamp::from_second(978_307_200).unwrap());
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
