//! The client on real sockets: which requests go out, which are sent again, and what is remembered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Allowed, Api, Client, Ended, Form, Outcome, SessionKey, Target, Turn};
use crate::secret::Secret;
use crate::wire::{self, Peer, Says};

const NEW: Says = Says::Json(200, "", r#"{"ok":true,"status":"started","version":"2026.9.6"}"#);
const OLD: Says = Says::Json(404, "", "Not Found");
const REPLY: Says =
    Says::Json(200, "", r#"{"ok":true,"result":{"details":{"status":"ok","reply":"Two."}}}"#);
const FORBIDDEN: Says = Says::Json(
    200,
    "",
    r#"{"ok":true,"result":{"details":{"status":"forbidden","error":"tree"}}}"#,
);
const ITSELF: Says = Says::Json(
    200,
    "",
    r#"{"ok":true,"result":{"details":{"status":"error","error":"sessions_send cannot target the calling session"}}}"#,
);
const CHAT: Says = Says::Json(200, "", r#"{"choices":[{"message":{"content":"By chat."}}]}"#);
const BAD_TOKEN: Says =
    Says::Json(401, "", r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#);
const DRAINING: Says = Says::Json(
    503,
    "retry-after: 0\r\n",
    r#"{"error":{"message":"restarting","code":"gateway_unavailable"}}"#,
);

const WITHIN: Duration = Duration::from_secs(10);

fn target(url: &str, api: Api) -> Target {
    Target::new(url, Some(Secret::new("gateway-token")), "main").unwrap().with_api(api)
}

fn client(peer: &Peer, api: Api) -> Client {
    Client::new(target(&peer.url(), api))
}

fn reply(text: &str) -> Outcome {
    Outcome::Reply(text.to_owned())
}

/// What was sent: the path, the caller's session of the body, if any.
fn sent(peer: &Peer) -> Vec<String> {
    let short = |request: &String| {
        let path = request.split(' ').nth(1).unwrap();
        match body(request).get("sessionKey").and_then(Value::as_str) {
            Some(caller) => format!("{path} {caller}"),
            None => path.to_owned(),
        }
    };
    peer.seen().iter().map(short).collect()
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}

/// One owner's turn by `sessions_send`, and the requests it took.
#[track_caller]
fn case(script: &[Says], outcome: &Outcome, wanted: &[&str]) -> Client {
    let peer = Peer::new(script.to_vec());
    let client = client(&peer, Api::SessionsSend);
    assert_eq!(&client.turn(&Turn::OwnerVoice, "What is on?", WITHIN), outcome, "{script:?}");
    assert_eq!(sent(&peer), wanted, "{script:?}");
    client
}

const DIRECT: &str = "/tools/invoke agent:main:direct:clawdtalk";
const PLAIN: &str = "/tools/invoke";

#[test]
fn the_form_that_works_is_found_and_remembered() {
    let works = case(&[NEW, REPLY], &reply("Two."), &["/startupz", DIRECT]);
    assert_eq!(works.remembered(), Some(Form::Direct));
    let works = case(&[OLD, REPLY], &reply("Two."), &["/startupz", PLAIN]);
    assert_eq!(works.remembered(), Some(Form::Plain));
    let works = case(&[NEW, FORBIDDEN, REPLY], &reply("Two."), &["/startupz", DIRECT, PLAIN]);
    assert_eq!(works.remembered(), Some(Form::Plain));
    let works = case(&[OLD, ITSELF, REPLY], &reply("Two."), &["/startupz", PLAIN, DIRECT]);
    assert_eq!(works.remembered(), Some(Form::Direct));
    let refused = Outcome::Refused { words: "tree".to_owned() };
    let works = case(&[OLD, ITSELF, FORBIDDEN], &refused, &["/startupz", PLAIN, DIRECT]);
    assert_eq!(works.remembered(), None);
}

#[test]
fn what_is_remembered_is_used_until_it_is_refused() {
    let peer = Peer::new(vec![REPLY, REPLY, ITSELF, REPLY, REPLY]);
    let client = client(&peer, Api::SessionsSend);
    client.remember(Form::Plain);
    for _ in 0..4 {
        assert_eq!(client.clone().turn(&Turn::Sms, "hi", WITHIN), reply("Two."));
    }
    assert_eq!(sent(&peer), [PLAIN, PLAIN, PLAIN, DIRECT, DIRECT]);
}

#[test]
fn nothing_else_is_sent_twice() {
    let unreadable = Says::Json(200, "", "<html>");
    let failed = Says::Json(500, "", "Internal Server Error");
    let cut = Says::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"ok\"");
    for says in [Says::Close, cut, unreadable, failed, Says::Json(502, "", "")] {
        let peer = Peer::new(vec![OLD, says, REPLY]);
        let outcome = client(&peer, Api::SessionsSend).turn(&Turn::OwnerVoice, "pay", WITHIN);
        assert!(matches!(outcome, Outcome::MayBeRunning { .. }), "{says:?} {outcome:?}");
        assert_eq!(sent(&peer), ["/startupz", PLAIN], "{says:?}");
    }
}

#[test]
fn a_turn_ends_with_its_deadline() {
    let peer = Peer::new(vec![OLD, Says::Silence]);
    let start = Instant::now();
    let outcome =
        client(&peer, Api::SessionsSend).turn(&Turn::Sms, "hi", Duration::from_millis(500));
    assert!(matches!(outcome, Outcome::MayBeRunning { .. }), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_gateway_that_is_down_is_unreachable() {
    let client = Client::new(target(&wire::dead_url(), Api::Auto));
    let outcome = client.turn(&Turn::OwnerVoice, "hi", WITHIN);
    assert_eq!(outcome, Outcome::Unreachable { why: "connection refused".to_owned() });
}

#[test]
fn each_kind_of_turn_has_its_body() {
    let session = SessionKey::of_agent("main", "agent:main:walkie").unwrap();
    for (turn, session, seconds) in [
        (Turn::OwnerVoice, "agent:main:main", 90),
        (Turn::StrangerVoice, "agent:main:main", 90),
        (Turn::Walkie(None), "agent:main:main", 90),
        (Turn::Walkie(Some(session)), "agent:main:walkie", 90),
        (Turn::Sms, "agent:main:main", 60),
        (Turn::Report, "agent:main:main", 0),
    ] {
        let peer = Peer::new(vec![REPLY]);
        let client = client(&peer, Api::SessionsSend);
        client.remember(Form::Direct);
        client.turn(&turn, "hi", WITHIN);
        let seen = peer.seen().remove(0);
        assert!(seen.contains("authorization: Bearer gateway-token\r\n"), "{seen}");
        let wanted = json!({
            "tool": "sessions_send", "sessionKey": "agent:main:direct:clawdtalk",
            "args": {"sessionKey": session, "message": "hi", "timeoutSeconds": seconds},
        });
        assert_eq!(body(&seen), wanted, "{turn:?}");
    }
}

#[test]
fn a_report_teaches_nothing_about_the_form() {
    let peer = Peer::new(vec![NEW, ITSELF, REPLY]);
    let client = client(&peer, Api::SessionsSend);
    client.turn(&Turn::Report, "call ended", WITHIN);
    assert_eq!(client.remembered(), None);
}

#[test]
fn the_owner_goes_by_chat_where_it_is_on() {
    let peer = Peer::new(vec![CHAT]);
    let outcome = client(&peer, Api::Auto).turn(&Turn::Walkie(None), "hi", WITHIN);
    assert_eq!(outcome, reply("By chat."));
    let seen = peer.seen().remove(0);
    assert!(seen.starts_with("POST /v1/chat/completions "), "{seen}");
    for product in ["openclaw", "clawdbot"] {
        assert!(seen.contains(&format!("x-{product}-session-key: agent:main:main\r\n")), "{seen}");
    }
    assert_eq!(body(&seen)["messages"], json!([{"role": "user", "content": "hi"}]));
}

#[test]
fn chat_that_is_off_is_tried_once_and_then_left_alone() {
    let peer = Peer::new(vec![OLD, NEW, REPLY, REPLY]);
    let client = client(&peer, Api::Auto);
    for _ in 0..2 {
        assert_eq!(client.turn(&Turn::OwnerVoice, "hi", WITHIN), reply("Two."));
    }
    assert_eq!(sent(&peer), ["/v1/chat/completions", "/startupz", DIRECT, DIRECT]);
}

#[test]
fn a_lost_chat_is_not_repeated_by_the_other_interface() {
    let peer = Peer::new(vec![Says::Close, REPLY]);
    let outcome = client(&peer, Api::Auto).turn(&Turn::OwnerVoice, "pay", WITHIN);
    assert!(matches!(outcome, Outcome::MayBeRunning { .. }), "{outcome:?}");
    assert_eq!(sent(&peer), ["/v1/chat/completions"]);
}

#[test]
fn strangers_never_go_by_chat() {
    for turn in [Turn::StrangerVoice, Turn::Sms, Turn::Report] {
        let peer = Peer::new(vec![REPLY]);
        let client = client(&peer, Api::Chat);
        client.remember(Form::Plain);
        assert_eq!(client.turn(&turn, "hi", WITHIN), reply("Two."));
        assert_eq!(sent(&peer), [PLAIN], "{turn:?}");
    }
    let peer = Peer::new(vec![OLD]);
    let owner = client(&peer, Api::Chat).turn(&Turn::OwnerVoice, "hi", WITHIN);
    assert_eq!(owner, Outcome::ChatOff);
}

#[test]
fn a_token_that_changed_is_read_anew_once() {
    let turn = |token: &'static str, script: &[Says]| {
        let peer = Peer::new(script.to_vec());
        let target = target(&peer.url(), Api::SessionsSend)
            .with_reread(Arc::new(move || Some(Secret::new(token))));
        let client = Client::new(target);
        client.remember(Form::Plain);
        (client.turn(&Turn::Sms, "hi", WITHIN), peer.seen())
    };
    let (outcome, seen) = turn("another-token", &[BAD_TOKEN, REPLY]);
    assert_eq!(outcome, reply("Two."));
    assert!(seen[1].contains("Bearer another-token\r\n"), "{seen:?}");
    let (outcome, seen) = turn("another-token", &[BAD_TOKEN, BAD_TOKEN, REPLY]);
    assert_eq!((outcome, seen.len()), (Outcome::BadToken, 2));
    let (outcome, seen) = turn("gateway-token", &[BAD_TOKEN, REPLY]);
    assert_eq!((outcome, seen.len()), (Outcome::BadToken, 1));
}

#[test]
fn a_draining_gateway_is_waited_for_within_the_deadline() {
    let peer = Peer::new(vec![DRAINING, REPLY]);
    let waiting = client(&peer, Api::SessionsSend);
    waiting.remember(Form::Plain);
    assert_eq!(waiting.turn(&Turn::Sms, "hi", WITHIN), reply("Two."));
    assert_eq!(sent(&peer), [PLAIN, PLAIN]);

    let late = Says::Json(503, "retry-after: 60\r\n", "{}");
    let peer = Peer::new(vec![late, REPLY]);
    let waiting = client(&peer, Api::SessionsSend);
    waiting.remember(Form::Plain);
    let busy = Outcome::Busy { retry_after: Some(Duration::from_secs(60)) };
    assert_eq!(waiting.turn(&Turn::Sms, "hi", WITHIN), busy);
    assert_eq!(sent(&peer), [PLAIN]);
}

#[test]
fn a_turn_does_not_begin_minutes_after_it_was_asked_for() {
    let peer = Peer::new(vec![Says::Json(503, "Retry-After: 61\r\n", "{}"), REPLY]);
    let waiting = client(&peer, Api::SessionsSend);
    waiting.remember(Form::Plain);
    let busy = Outcome::Busy { retry_after: Some(Duration::from_secs(61)) };
    assert_eq!(waiting.turn(&Turn::OwnerVoice, "hi", Duration::from_secs(600)), busy);
    assert_eq!(sent(&peer), [PLAIN]);
}

#[test]
fn a_token_that_is_echoed_is_not_told() {
    let says = Says::Json(403, "", r#"{"error":{"message":"no to gateway-token"}}"#);
    let refused = Outcome::Refused { words: "no to *** (HTTP 403)".to_owned() };
    case(&[OLD, says], &refused, &["/startupz", PLAIN]);
}

#[test]
fn a_late_reply_is_found_in_the_history() {
    let history = Says::Json(
        200,
        "",
        r#"{"ok":true,"result":{"details":{"messages":[{"role":"assistant","content":[{"type":"text","text":"Two."}],"__openclaw":{"runId":"r1"}}]}}}"#,
    );
    let peer = Peer::new(vec![history, history, BAD_TOKEN]);
    let client = client(&peer, Api::Auto);
    let ended = Ended { outcome: Outcome::Reply("Two.".to_owned()), is_certain: true };
    assert_eq!(client.history(&["r2", "r1"]), [("r1", ended)]);
    assert_eq!(client.history(&["r2"]), []);
    assert_eq!(client.history(&["r1"]), []);
    assert_eq!(peer.seen().len(), 3, "one look for all");
    let args = &body(&peer.seen()[0])["args"];
    assert_eq!(
        (&args["sessionKey"], &args["includeTools"]),
        (&"agent:main:main".into(), &true.into())
    );
}

const ASKED: Says = Says::Json(
    400,
    "",
    r#"{"ok":false,"error":{"type":"tool_error","message":"message required"}}"#,
);
const AGENTS: Says = Says::Json(
    200,
    "",
    r#"{"ok":true,"result":{"details":{"agents":[{"id":"main","configured":true}]}}}"#,
);

#[test]
fn a_probe_starts_no_turn() {
    let peer = Peer::new(vec![NEW, ASKED, AGENTS, Says::Json(405, "", "Method Not Allowed")]);
    let probe = client(&peer, Api::Auto).probe(WITHIN);
    assert_eq!(probe.version.as_deref(), Some("2026.9.6"));
    assert_eq!((probe.sessions_send, probe.chat), (Allowed::Yes, Some(true)));
    assert_eq!(probe.agents.as_deref(), Some(&["main".to_owned()][..]));
    for request in &peer.seen() {
        assert!(!request.contains("message"), "{request}");
    }
}

#[test]
fn a_probe_tells_what_is_missing() {
    let probe = |script| client(&Peer::new(script), Api::Auto).probe(WITHIN);
    let denied = r#"{"ok":false,"error":{"type":"not_found","message":"Tool not available: x"}}"#;
    let old = probe(vec![OLD, Says::Json(404, "", denied), AGENTS, OLD]);
    assert_eq!((old.version, old.sessions_send, old.chat), (None, Allowed::No, Some(false)));
    let token = probe(vec![OLD, BAD_TOKEN, OLD]);
    assert_eq!((token.sessions_send, token.agents), (Allowed::BadToken, None));
    let down = Client::new(target(&wire::dead_url(), Api::Auto)).probe(WITHIN);
    assert!(down.reachable.is_err() && down.chat.is_none());
}

#[test]
fn a_probe_knows_whether_the_agent_exists() {
    let itself =
        r#"{"ok":true,"result":{"details":{"agents":[{"id":"main","configured":false}]}}}"#;
    let others = r#"{"ok":true,"result":{"details":{"agents":[{"id":"jarvis"}]}}}"#;
    let failed = Says::Json(500, "", "Internal Server Error");
    for (script, wanted) in [
        (vec![NEW, ASKED, AGENTS], Some(true)),
        (vec![NEW, ASKED, Says::Json(200, "", itself)], Some(false)),
        (vec![NEW, ASKED, failed, Says::Json(200, "", others)], Some(false)),
        (vec![NEW, ASKED, failed, failed], None),
    ] {
        let probe = client(&Peer::new(script), Api::Auto).probe(WITHIN);
        assert_eq!(probe.knows("main"), wanted);
    }
}
