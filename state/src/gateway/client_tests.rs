//! The client on real sockets: which requests it sends, which it sends again, and what it remembers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    CallVariant, FinishedRun, GatewayClient, GatewayEndpoint, Interface, SessionKey,
    SessionsSendAccess, TurnKind, TurnOutcome,
};
use crate::http::test_server::{self, Behavior, TestServer};
use crate::text::secret::Secret;

const NEW: Behavior =
    Behavior::Json(200, "", r#"{"ok":true,"status":"started","version":"2026.9.6"}"#);
const OLD: Behavior = Behavior::Json(404, "", "Not Found");
const REPLY: Behavior =
    Behavior::Json(200, "", r#"{"ok":true,"result":{"details":{"status":"ok","reply":"Two."}}}"#);
const FORBIDDEN: Behavior = Behavior::Json(
    200,
    "",
    r#"{"ok":true,"result":{"details":{"status":"forbidden","error":"tree"}}}"#,
);
const ITSELF: Behavior = Behavior::Json(
    200,
    "",
    r#"{"ok":true,"result":{"details":{"status":"error","error":"sessions_send cannot target the calling session"}}}"#,
);
const CHAT: Behavior =
    Behavior::Json(200, "", r#"{"choices":[{"message":{"content":"By chat."}}]}"#);
const BAD_TOKEN: Behavior =
    Behavior::Json(401, "", r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#);
const DRAINING: Behavior = Behavior::Json(
    503,
    "retry-after: 0\r\n",
    r#"{"error":{"message":"restarting","code":"gateway_unavailable"}}"#,
);

const WITHIN: Duration = Duration::from_secs(10);

fn endpoint(url: &str, interface: Interface) -> GatewayEndpoint {
    GatewayEndpoint::new(url, Some(Secret::new("gateway-token")), "main")
        .unwrap()
        .with_interface(interface)
}

fn client(server: &TestServer, interface: Interface) -> GatewayClient {
    GatewayClient::new(endpoint(&server.url(), interface))
}

fn reply(text: &str) -> TurnOutcome {
    TurnOutcome::Reply(text.to_owned())
}

/// What was sent: the path, the caller's session of the body, if any.
fn sent(server: &TestServer) -> Vec<String> {
    let short = |request: &String| {
        let path = request.split(' ').nth(1).unwrap();
        match body(request).get("sessionKey").and_then(Value::as_str) {
            Some(caller) => format!("{path} {caller}"),
            None => path.to_owned(),
        }
    };
    server.requests().iter().map(short).collect()
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}

/// One owner's turn by `sessions_send`, and the requests it took.
#[track_caller]
fn case(script: &[Behavior], outcome: &TurnOutcome, wanted: &[&str]) -> GatewayClient {
    let server = TestServer::new(script.to_vec());
    let client = client(&server, Interface::SessionsSend);
    assert_eq!(
        &client.run_turn(&TurnKind::OwnerVoice, "What is on?", WITHIN),
        outcome,
        "{script:?}"
    );
    assert_eq!(sent(&server), wanted, "{script:?}");
    client
}

const WITH_CALLER: &str = "/tools/invoke agent:main:direct:clawdtalk";
const WITHOUT_CALLER: &str = "/tools/invoke";

#[test]
fn the_variant_that_works_is_found_and_remembered() {
    let works = case(&[NEW, REPLY], &reply("Two."), &["/startupz", WITH_CALLER]);
    assert_eq!(works.working_variant(), Some(CallVariant::WithCaller));
    let works = case(&[OLD, REPLY], &reply("Two."), &["/startupz", WITHOUT_CALLER]);
    assert_eq!(works.working_variant(), Some(CallVariant::WithoutCaller));
    let works =
        case(&[NEW, FORBIDDEN, REPLY], &reply("Two."), &["/startupz", WITH_CALLER, WITHOUT_CALLER]);
    assert_eq!(works.working_variant(), Some(CallVariant::WithoutCaller));
    let works =
        case(&[OLD, ITSELF, REPLY], &reply("Two."), &["/startupz", WITHOUT_CALLER, WITH_CALLER]);
    assert_eq!(works.working_variant(), Some(CallVariant::WithCaller));
    let refused = TurnOutcome::Refused { words: "tree".to_owned() };
    let works =
        case(&[OLD, ITSELF, FORBIDDEN], &refused, &["/startupz", WITHOUT_CALLER, WITH_CALLER]);
    assert_eq!(works.working_variant(), None);
}

#[test]
fn a_remembered_variant_is_used_until_it_is_refused() {
    let server = TestServer::new(vec![REPLY, REPLY, ITSELF, REPLY, REPLY]);
    let client = client(&server, Interface::SessionsSend);
    client.set_working_variant(CallVariant::WithoutCaller);
    for _ in 0..4 {
        assert_eq!(client.clone().run_turn(&TurnKind::Sms, "hi", WITHIN), reply("Two."));
    }
    assert_eq!(
        sent(&server),
        [WITHOUT_CALLER, WITHOUT_CALLER, WITHOUT_CALLER, WITH_CALLER, WITH_CALLER]
    );
}

#[test]
fn nothing_else_is_sent_twice() {
    let unreadable = Behavior::Json(200, "", "<html>");
    let failed = Behavior::Json(500, "", "Internal Server Error");
    let cut = Behavior::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"ok\"");
    for behavior in [Behavior::Close, cut, unreadable, failed, Behavior::Json(502, "", "")] {
        let server = TestServer::new(vec![OLD, behavior, REPLY]);
        let outcome =
            client(&server, Interface::SessionsSend).run_turn(&TurnKind::OwnerVoice, "pay", WITHIN);
        assert!(matches!(outcome, TurnOutcome::Unconfirmed { .. }), "{behavior:?} {outcome:?}");
        assert_eq!(sent(&server), ["/startupz", WITHOUT_CALLER], "{behavior:?}");
    }
}

#[test]
fn a_turn_ends_with_its_deadline() {
    let server = TestServer::new(vec![OLD, Behavior::Silence]);
    let start = Instant::now();
    let outcome = client(&server, Interface::SessionsSend).run_turn(
        &TurnKind::Sms,
        "hi",
        Duration::from_millis(500),
    );
    assert!(matches!(outcome, TurnOutcome::Unconfirmed { .. }), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_gateway_that_is_down_is_unreachable() {
    let client = GatewayClient::new(endpoint(&test_server::dead_url(), Interface::Auto));
    let outcome = client.run_turn(&TurnKind::OwnerVoice, "hi", WITHIN);
    assert_eq!(
        outcome,
        TurnOutcome::Unreachable { why: "connection refused".to_owned(), fix: None }
    );
}

#[test]
fn each_kind_of_turn_has_its_own_session_and_wait() {
    let session = SessionKey::parse_for_agent("main", "agent:main:walkie").unwrap();
    for (turn, session, seconds) in [
        (TurnKind::OwnerVoice, "agent:main:main", 90),
        (TurnKind::StrangerVoice, "agent:main:main", 90),
        (TurnKind::Walkie(None), "agent:main:main", 90),
        (TurnKind::Walkie(Some(session)), "agent:main:walkie", 90),
        (TurnKind::Sms, "agent:main:main", 60),
        (TurnKind::Notification, "agent:main:main", 0),
    ] {
        let server = TestServer::new(vec![REPLY]);
        let client = client(&server, Interface::SessionsSend);
        client.set_working_variant(CallVariant::WithCaller);
        client.run_turn(&turn, "hi", WITHIN);
        let request = server.requests().remove(0);
        assert!(request.contains("authorization: Bearer gateway-token\r\n"), "{request}");
        let wanted = json!({
            "tool": "sessions_send", "sessionKey": "agent:main:direct:clawdtalk",
            "args": {"sessionKey": session, "message": "hi", "timeoutSeconds": seconds},
        });
        assert_eq!(body(&request), wanted, "{turn:?}");
    }
}

#[test]
fn a_notification_proves_nothing_of_the_variant() {
    let server = TestServer::new(vec![NEW, ITSELF, REPLY]);
    let client = client(&server, Interface::SessionsSend);
    client.run_turn(&TurnKind::Notification, "call ended", WITHIN);
    assert_eq!(client.working_variant(), None);
}

#[test]
fn the_owners_turns_use_the_chat_endpoint_if_it_is_on() {
    let server = TestServer::new(vec![CHAT]);
    let outcome = client(&server, Interface::Auto).run_turn(&TurnKind::Walkie(None), "hi", WITHIN);
    assert_eq!(outcome, reply("By chat."));
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /v1/chat/completions "), "{request}");
    for product in ["openclaw", "clawdbot"] {
        assert!(
            request.contains(&format!("x-{product}-session-key: agent:main:main\r\n")),
            "{request}"
        );
    }
    assert_eq!(body(&request)["messages"], json!([{"role": "user", "content": "hi"}]));
}

#[test]
fn a_chat_endpoint_that_is_off_is_tried_once() {
    let server = TestServer::new(vec![OLD, NEW, REPLY, REPLY]);
    let client = client(&server, Interface::Auto);
    for _ in 0..2 {
        assert_eq!(client.run_turn(&TurnKind::OwnerVoice, "hi", WITHIN), reply("Two."));
    }
    assert_eq!(sent(&server), ["/v1/chat/completions", "/startupz", WITH_CALLER, WITH_CALLER]);
}

#[test]
fn an_unconfirmed_chat_is_not_repeated_by_the_other_interface() {
    let server = TestServer::new(vec![Behavior::Close, REPLY]);
    let outcome = client(&server, Interface::Auto).run_turn(&TurnKind::OwnerVoice, "pay", WITHIN);
    assert!(matches!(outcome, TurnOutcome::Unconfirmed { .. }), "{outcome:?}");
    assert_eq!(sent(&server), ["/v1/chat/completions"]);
}

#[test]
fn turns_of_strangers_never_use_the_chat_endpoint() {
    for turn in [TurnKind::StrangerVoice, TurnKind::Sms, TurnKind::Notification] {
        let server = TestServer::new(vec![REPLY]);
        let client = client(&server, Interface::Chat);
        client.set_working_variant(CallVariant::WithoutCaller);
        assert_eq!(client.run_turn(&turn, "hi", WITHIN), reply("Two."));
        assert_eq!(sent(&server), [WITHOUT_CALLER], "{turn:?}");
    }
    let server = TestServer::new(vec![OLD]);
    let owner = client(&server, Interface::Chat).run_turn(&TurnKind::OwnerVoice, "hi", WITHIN);
    assert_eq!(owner, TurnOutcome::ChatDisabled);
}

#[test]
fn a_token_that_changed_is_read_again_once() {
    let turn = |token: &'static str, script: &[Behavior]| {
        let server = TestServer::new(script.to_vec());
        let endpoint = endpoint(&server.url(), Interface::SessionsSend)
            .with_token_source(Arc::new(move || Some(Secret::new(token))));
        let client = GatewayClient::new(endpoint);
        client.set_working_variant(CallVariant::WithoutCaller);
        (client.run_turn(&TurnKind::Sms, "hi", WITHIN), server.requests())
    };
    let (outcome, requests) = turn("another-token", &[BAD_TOKEN, REPLY]);
    assert_eq!(outcome, reply("Two."));
    assert!(requests[1].contains("Bearer another-token\r\n"), "{requests:?}");
    let (outcome, requests) = turn("another-token", &[BAD_TOKEN, BAD_TOKEN, REPLY]);
    assert_eq!((outcome, requests.len()), (TurnOutcome::BadToken, 2));
    let (outcome, requests) = turn("gateway-token", &[BAD_TOKEN, REPLY]);
    assert_eq!((outcome, requests.len()), (TurnOutcome::BadToken, 1));
}

#[test]
fn a_gateway_that_moved_is_found_where_its_configuration_says() {
    let new = TestServer::new(vec![REPLY, REPLY]);
    let moved_to = new.url();
    let endpoint = endpoint(&test_server::dead_url(), Interface::SessionsSend)
        .with_token_source(Arc::new(|| Some(Secret::new("new-token"))))
        .with_address_source(Arc::new(move || Some(moved_to.clone())));
    let client = GatewayClient::new(endpoint);
    client.set_working_variant(CallVariant::WithoutCaller);
    for _ in 0..2 {
        assert_eq!(client.run_turn(&TurnKind::Sms, "hi", WITHIN), reply("Two."));
    }
    assert_eq!(client.base(), new.url());
    assert!(new.requests().iter().all(|request| request.contains("Bearer new-token\r\n")));
}

#[test]
fn a_gateway_that_stays_away_is_not_looked_for_again_and_again() {
    let gone = test_server::dead_url();
    let there = gone.clone();
    let endpoint = endpoint(&gone, Interface::SessionsSend)
        .with_address_source(Arc::new(move || Some(there.clone())));
    let client = GatewayClient::new(endpoint);
    let outcome = client.run_turn(&TurnKind::Sms, "hi", WITHIN);
    assert!(matches!(outcome, TurnOutcome::Unreachable { .. }), "{outcome:?}");
}

#[test]
fn a_draining_gateway_is_waited_for_within_the_deadline() {
    let server = TestServer::new(vec![DRAINING, REPLY]);
    let waiting = client(&server, Interface::SessionsSend);
    waiting.set_working_variant(CallVariant::WithoutCaller);
    assert_eq!(waiting.run_turn(&TurnKind::Sms, "hi", WITHIN), reply("Two."));
    assert_eq!(sent(&server), [WITHOUT_CALLER, WITHOUT_CALLER]);

    let late = Behavior::Json(503, "retry-after: 60\r\n", "{}");
    let server = TestServer::new(vec![late, REPLY]);
    let waiting = client(&server, Interface::SessionsSend);
    waiting.set_working_variant(CallVariant::WithoutCaller);
    let busy = TurnOutcome::Busy { retry_after: Some(Duration::from_secs(60)) };
    assert_eq!(waiting.run_turn(&TurnKind::Sms, "hi", WITHIN), busy);
    assert_eq!(sent(&server), [WITHOUT_CALLER]);
}

#[test]
fn a_turn_does_not_begin_minutes_later() {
    let server = TestServer::new(vec![Behavior::Json(503, "Retry-After: 61\r\n", "{}"), REPLY]);
    let waiting = client(&server, Interface::SessionsSend);
    waiting.set_working_variant(CallVariant::WithoutCaller);
    let busy = TurnOutcome::Busy { retry_after: Some(Duration::from_secs(61)) };
    assert_eq!(waiting.run_turn(&TurnKind::OwnerVoice, "hi", Duration::from_secs(600)), busy);
    assert_eq!(sent(&server), [WITHOUT_CALLER]);
}

#[test]
fn a_token_in_an_answer_is_redacted() {
    let behavior = Behavior::Json(403, "", r#"{"error":{"message":"no to gateway-token"}}"#);
    let refused = TurnOutcome::Refused { words: "no to *** (HTTP 403)".to_owned() };
    case(&[OLD, behavior], &refused, &["/startupz", WITHOUT_CALLER]);
}

#[test]
fn a_late_reply_is_found_in_the_history() {
    let history = Behavior::Json(
        200,
        "",
        r#"{"ok":true,"result":{"details":{"messages":[{"role":"assistant","content":[{"type":"text","text":"Two."}],"__openclaw":{"runId":"r1"}}]}}}"#,
    );
    let server = TestServer::new(vec![history, history, BAD_TOKEN]);
    let client = client(&server, Interface::Auto);
    let ended = FinishedRun { outcome: TurnOutcome::Reply("Two.".to_owned()), is_certain: true };
    assert_eq!(client.finished_runs(&["r2", "r1"]), [("r1", ended)]);
    assert_eq!(client.finished_runs(&["r2"]), []);
    assert_eq!(client.finished_runs(&["r1"]), []);
    assert_eq!(server.requests().len(), 3, "one request for all");
    let args = &body(&server.requests()[0])["args"];
    assert_eq!(
        (&args["sessionKey"], &args["includeTools"]),
        (&"agent:main:main".into(), &true.into())
    );
}

const MESSAGE_REQUIRED: Behavior = Behavior::Json(
    400,
    "",
    r#"{"ok":false,"error":{"type":"tool_error","message":"message required"}}"#,
);
const AGENTS: Behavior = Behavior::Json(
    200,
    "",
    r#"{"ok":true,"result":{"details":{"agents":[{"id":"main","configured":true}]}}}"#,
);

#[test]
fn a_probe_starts_no_turn() {
    let server = TestServer::new(vec![
        NEW,
        MESSAGE_REQUIRED,
        AGENTS,
        Behavior::Json(405, "", "Method Not Allowed"),
    ]);
    let probe = client(&server, Interface::Auto).probe(WITHIN);
    assert_eq!(probe.version.as_deref(), Some("2026.9.6"));
    assert_eq!((probe.sessions_send, probe.chat), (SessionsSendAccess::Yes, Some(true)));
    assert_eq!(probe.agents.as_deref(), Some(&["main".to_owned()][..]));
    for request in &server.requests() {
        assert!(!request.contains("message"), "{request}");
    }
}

#[test]
fn a_probe_shows_what_is_missing() {
    let probe = |script| client(&TestServer::new(script), Interface::Auto).probe(WITHIN);
    let denied = r#"{"ok":false,"error":{"type":"not_found","message":"Tool not available: x"}}"#;
    let old = probe(vec![OLD, Behavior::Json(404, "", denied), AGENTS, OLD]);
    assert_eq!(
        (old.version, old.sessions_send, old.chat),
        (None, SessionsSendAccess::No, Some(false))
    );
    let token = probe(vec![OLD, BAD_TOKEN, OLD]);
    assert_eq!((token.sessions_send, token.agents), (SessionsSendAccess::BadToken, None));
    let down =
        GatewayClient::new(endpoint(&test_server::dead_url(), Interface::Auto)).probe(WITHIN);
    assert!(down.reachable.is_err() && down.chat.is_none());
}

#[test]
fn a_probe_knows_whether_the_agent_exists() {
    let itself =
        r#"{"ok":true,"result":{"details":{"agents":[{"id":"main","configured":false}]}}}"#;
    let others = r#"{"ok":true,"result":{"details":{"agents":[{"id":"jarvis"}]}}}"#;
    let failed = Behavior::Json(500, "", "Internal Server Error");
    for (script, wanted) in [
        (vec![NEW, MESSAGE_REQUIRED, AGENTS], Some(true)),
        (vec![NEW, MESSAGE_REQUIRED, Behavior::Json(200, "", itself)], Some(false)),
        (vec![NEW, MESSAGE_REQUIRED, failed, Behavior::Json(200, "", others)], Some(false)),
        (vec![NEW, MESSAGE_REQUIRED, failed, failed], None),
    ] {
        let probe = client(&TestServer::new(script), Interface::Auto).probe(WITHIN);
        assert_eq!(probe.knows("main"), wanted);
    }
}
