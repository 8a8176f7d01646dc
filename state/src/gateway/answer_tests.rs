//! Answers as three real gateways gave them (`captures.json`), and others that no gateway gives.

use std::time::Duration;

use proptest::prelude::{any, prop, prop_assert, proptest};
use serde_json::Value;

use super::{TurnInterface, parse_answer};
use crate::gateway::TurnOutcome;

fn reply(text: &str) -> TurnOutcome {
    TurnOutcome::Reply(text.to_owned())
}

fn accepted(run_id: &str) -> TurnOutcome {
    TurnOutcome::Accepted { run_id: Some(run_id.to_owned()) }
}

fn failed(words: &str) -> TurnOutcome {
    TurnOutcome::Failed { words: words.to_owned() }
}

fn refused(words: &str) -> TurnOutcome {
    TurnOutcome::Refused { words: words.to_owned() }
}

fn wrong_variant(words: &str) -> TurnOutcome {
    TurnOutcome::WrongVariant { words: words.to_owned() }
}

fn unconfirmed(why: &str) -> TurnOutcome {
    TurnOutcome::Unconfirmed { why: why.to_owned() }
}

#[track_caller]
fn captured(name: &str, interface: TurnInterface, wanted: &TurnOutcome) {
    let captures: Value = serde_json::from_str(include_str!("captures.json")).unwrap();
    let capture = &captures[name];
    let status = u16::try_from(capture["status"].as_u64().unwrap()).unwrap();
    let body = capture["body"].as_str().unwrap();
    assert_eq!(&parse_answer(interface, status, None, body.as_bytes()), wanted, "{name}");
}

#[track_caller]
fn tool(name: &str, wanted: &TurnOutcome) {
    captured(name, TurnInterface::ToolsInvoke, wanted);
}

#[track_caller]
fn case(interface: TurnInterface, status: u16, body: &str, wanted: &TurnOutcome) {
    assert_eq!(&parse_answer(interface, status, None, body.as_bytes()), wanted, "{status} {body}");
}

#[track_caller]
fn details(details: &str, wanted: &TurnOutcome) {
    case(
        TurnInterface::ToolsInvoke,
        200,
        &format!(r#"{{"ok":true,"result":{{"details":{details}}}}}"#),
        wanted,
    );
}

#[test]
fn replies_of_three_versions() {
    tool("a8-success-working-form", &reply("stub reply: hello"));
    tool("clawdbot-a1-send-main", &reply("stub reply: hello"));
    tool("s2-SAYNOREPLY", &TurnOutcome::NoReply);
    tool("s2-SAYEMPTY", &TurnOutcome::NoReply);
    for name in ["p1-chat", "oc7-p1-chat", "clawdbot-p1-chat"] {
        captured(
            name,
            TurnInterface::ChatCompletions,
            &reply("stub reply: hello via chat completions"),
        );
    }
}

#[test]
fn a_turn_that_goes_on_is_known_by_its_run() {
    tool("b1-fire-and-forget-self", &accepted("7aeaa66b-fc25-4421-84e8-997ac1e9ae74"));
    tool("c1-turn-outlasts-timeout", &accepted("29fc4f65-2889-44ee-bcfd-992a1df37a4f"));
    tool("oc7-c-timeout", &accepted("a3d7ba1f-358c-4afc-9e65-035fe2fef82d"));
    tool("clawdbot-c-timeout", &accepted("c012abd2-d285-4c50-adec-e83e79bab4b3"));
    tool("clawdbot-b-faf", &accepted("74915402-a913-4eef-87d6-a6fb8465e60e"));
}

#[test]
fn a_failed_turn_is_never_a_reply() {
    tool(
        "d1-llm-500",
        &failed(
            "⚠️ stub/stub-1 request failed (provider internal error, HTTP 500). This is usually temporary — try again shortly.",
        ),
    );
    tool(
        "d2-llm-401",
        &failed(
            "⚠️ stub/stub-1 request failed (authentication failed, HTTP 401). Re-authenticate the provider and try again.",
        ),
    );
    tool(
        "oc7-d-401",
        &failed(
            "FailoverError: LLM request failed: provider rejected the request schema or tool payload.",
        ),
    );
    let run_id = Some("8e078e8a-63b9-4835-853b-6daae1586e89".to_owned());
    tool("clawdbot-d-llm500", &TurnOutcome::Unanswered { run_id });
    captured(
        "p3-chat-fail",
        TurnInterface::ChatCompletions,
        &failed("400 stub failure (HTTP 400)"),
    );
    let upstream = r#"{"error":{"message":"upstream provider error","type":"api_error"}}"#;
    case(
        TurnInterface::ChatCompletions,
        502,
        upstream,
        &failed("upstream provider error (HTTP 502)"),
    );
}

#[test]
fn refusals_before_any_turn() {
    tool(
        "a1-send-main-no-toplevel-sessionKey",
        &wrong_variant(
            "sessions_send cannot target the calling session; use your own reply instead",
        ),
    );
    tool(
        "oc7-a3-caller-direct",
        &wrong_variant(
            "Session send visibility is restricted to the current session tree (tools.sessions.visibility=tree).",
        ),
    );
    tool(
        "clawdbot-g-nosuch",
        &wrong_variant(
            "Agent-to-agent messaging is disabled. Set tools.agentToAgent.enabled=true to allow cross-agent sends.",
        ),
    );
    tool("g1-unknown-agent", &refused("Unknown agent id \"nosuch\""));
    tool("g2-never-used-key", &refused("No session found: agent:main:neverused"));
    tool("i4-missing-args", &refused("message required (HTTP 400)"));
    tool("clawdbot-i-nomsg", &refused("message required (HTTP 400)"));
    tool("e1-not-in-allow", &TurnOutcome::ToolNotAllowed);
    tool("l9-cron-tool", &TurnOutcome::ToolNotAllowed);
    for name in ["f1-wrong-token", "f2-no-token", "clawdbot-f-wrong"] {
        tool(name, &TurnOutcome::BadToken);
        captured(name, TurnInterface::ChatCompletions, &TurnOutcome::BadToken);
    }
    captured("p0-chat-disabled", TurnInterface::ChatCompletions, &TurnOutcome::ChatDisabled);
    let proxied = r#"{"error":{"message":"Proxy client attribution is required.","type":"proxy_attribution_required"}}"#;
    case(
        TurnInterface::ToolsInvoke,
        403,
        proxied,
        &refused("Proxy client attribution is required. (HTTP 403)"),
    );
    let large = r#"{"error":{"message":"Payload too large","type":"invalid_request_error"}}"#;
    case(TurnInterface::ToolsInvoke, 413, large, &refused("Payload too large (HTTP 413)"));
    case(
        TurnInterface::ToolsInvoke,
        200,
        r#"{"ok":false,"error":{"type":"x","message":"no"}}"#,
        &refused("no (HTTP 200)"),
    );
}

#[test]
fn what_is_no_gateway_is_recognised() {
    let words = "there is no /tools/invoke: it is no OpenClaw gateway, or one before 2026.1.24";
    tool("clawdbot-j-", &refused(words));
    case(
        TurnInterface::ToolsInvoke,
        405,
        "Method Not Allowed",
        &refused("Method Not Allowed (HTTP 405)"),
    );
    case(TurnInterface::ToolsInvoke, 302, "<html>", &refused("HTTP 302"));
}

#[test]
fn a_busy_gateway_says_for_how_long() {
    let limited =
        r#"{"error":{"message":"Too many failed authentication attempts.","type":"rate_limited"}}"#;
    let wait = Some(Duration::from_secs(10));
    for (interface, status) in
        [(TurnInterface::ToolsInvoke, 429), (TurnInterface::ChatCompletions, 503)]
    {
        let busy = TurnOutcome::Busy { retry_after: wait };
        assert_eq!(parse_answer(interface, status, wait, limited.as_bytes()), busy);
    }
}

/// It listens some seconds before it takes turns; none was started then, unless it says so.
#[test]
fn a_gateway_that_starts_is_busy() {
    let wait = Some(Duration::from_millis(500));
    for method in ["sessions.create", "agent"] {
        let error =
            format!(r#""status":"error","error":"{method} unavailable during gateway startup""#);
        details(&format!("{{{error}}}"), &TurnOutcome::Busy { retry_after: wait });
        let words = format!("{method} unavailable during gateway startup");
        details(&format!(r#"{{{error},"sentBeforeError":true}}"#), &failed(&words));
    }
}

#[test]
fn an_answer_that_proves_nothing_is_unconfirmed() {
    case(
        TurnInterface::ToolsInvoke,
        500,
        "Internal Server Error",
        &unconfirmed("Internal Server Error (HTTP 500)"),
    );
    let failed = r#"{"ok":false,"error":{"type":"tool_error","message":"tool execution failed"}}"#;
    case(TurnInterface::ToolsInvoke, 500, failed, &unconfirmed("tool execution failed (HTTP 500)"));
    case(TurnInterface::ChatCompletions, 502, "<html>bad gateway</html>", &unconfirmed("HTTP 502"));
    case(TurnInterface::ToolsInvoke, 504, "", &unconfirmed("HTTP 504"));
    for body in ["", "<html>", "[]", "{}", r#"{"ok":true}"#, "null"] {
        case(
            TurnInterface::ToolsInvoke,
            200,
            body,
            &unconfirmed("the gateway's answer cannot be read (HTTP 200)"),
        );
    }
}

#[test]
fn details_count_before_text() {
    let both = r#"{"ok":true,"result":{"content":[{"type":"text","text":"{\"reply\":\"old\"}"}],"details":{"status":"ok","reply":"new"}}}"#;
    case(TurnInterface::ToolsInvoke, 200, both, &reply("new"));
    let json = r#"{"ok":true,"result":{"content":[{"type":"text","text":"{\"status\":\"error\",\"error\":\"no\"}"}]}}"#;
    case(TurnInterface::ToolsInvoke, 200, json, &failed("no"));
    let text =
        r#"{"ok":true,"result":{"content":[{"type":"text","text":"You have two meetings."}]}}"#;
    case(TurnInterface::ToolsInvoke, 200, text, &reply("You have two meetings."));
    let nothing = r#"{"ok":true,"result":{"content":[]}}"#;
    case(TurnInterface::ToolsInvoke, 200, nothing, &TurnOutcome::Unanswered { run_id: None });
}

#[test]
fn thoughts_are_no_reply() {
    let parts = r#"[{"type":"thinking","text":"Rome"},{"type":"text","text":"Two."},{"text":"Rome","thought":true}]"#;
    let chat = |message: &str, reason: &str| {
        format!(r#"{{"choices":[{{"message":{message},"finish_reason":"{reason}"}}]}}"#)
    };
    let message = format!(r#"{{"role":"assistant","content":{parts}}}"#);
    case(TurnInterface::ChatCompletions, 200, &chat(&message, "stop"), &reply("Two."));
    case(
        TurnInterface::ChatCompletions,
        200,
        &chat(r#"{"content":"Two.","tool_calls":[]}"#, "stop"),
        &reply("Two."),
    );
    for (message, reason) in [
        (r#"{"content":"Let me check."}"#, "tool_calls"),
        (r#"{"content":"Let me check.","tool_calls":[{"id":"k"}]}"#, "stop"),
        (r#"{"content":"Let me check.","function_call":{"name":"exec"}}"#, "stop"),
        (r#"{"content":[{"type":"text","text":"Let me check."},{"type":"toolCall"}]}"#, "stop"),
    ] {
        case(TurnInterface::ChatCompletions, 200, &chat(message, reason), &TurnOutcome::NoReply);
    }
    let tool = format!(r#"{{"ok":true,"result":{{"content":{parts}}}}}"#);
    case(TurnInterface::ToolsInvoke, 200, &tool, &reply("Two."));
}

#[test]
fn a_reply_counts_only_with_a_status_that_allows_it() {
    details(r#"{"status":"accepted","reply":"Two."}"#, &reply("Two."));
    details(
        r#"{"status":"ok","reply":null,"runId":""}"#,
        &TurnOutcome::Unanswered { run_id: None },
    );
    details(r#"{"status":"ok","reply":"HEARTBEAT_OK"}"#, &TurnOutcome::NoReply);
    details(r#"{"status":"ok","reply":"{\"tool\":\"exec\",\"args\":{}}"}"#, &TurnOutcome::NoReply);
    details(r#"{"status":"error","reply":"Done."}"#, &failed("no reason given"));
    details(r#"{"status":"error","error":"cut \ud83d"}"#, &failed("cut \u{fffd}"));
    // Once a turn ran, the same words are its failure and no reason to send anything again.
    details(
        r#"{"status":"error","error":"cannot target the calling session","sentBeforeError":true}"#,
        &failed("cannot target the calling session"),
    );
    details("{}", &TurnOutcome::Unanswered { run_id: None });
}

proptest! {
    #[test]
    fn never_panics(status in 100..600_u16, body in prop::collection::vec(any::<u8>(), 0..300)) {
        for interface in [TurnInterface::ToolsInvoke, TurnInterface::ChatCompletions] {
            let _ = parse_answer(interface, status, None, &body);
        }
    }

    #[test]
    fn only_a_2xx_is_a_reply(status in 300..600_u16, text in any::<String>()) {
        let body = serde_json::json!({"ok": true, "result": {"details": {"status": "ok", "reply": text}}});
        for interface in [TurnInterface::ToolsInvoke, TurnInterface::ChatCompletions] {
            let outcome = parse_answer(interface, status, None, body.to_string().as_bytes());
            prop_assert!(!matches!(outcome, TurnOutcome::Reply(_)), "{outcome:?}");
        }
    }
}
