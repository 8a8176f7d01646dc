//! Runs of a real gateway (`runs.json`: OpenClaw 2026.9.6, its answer in time and the rows of its history), and rows as
//! other providers of models may write them.

use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_oneof, proptest};
use serde_json::{Value, json};

use super::{FinishedRun, read};
use crate::gateway::TurnOutcome;

/// A row of the run `r1`.
fn row(role: &str, content: &Value, more: &Value) -> Value {
    let mut row = json!({"role": role, "content": content, "__openclaw": {"runId": "r1"}});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn says(text: &str, stop: &str) -> Value {
    row("assistant", &json!([{"type": "text", "text": text}]), &json!({"stopReason": stop}))
}

/// The agent writes a thought, then calls the `message` tool with these arguments.
fn gives(arguments: &Value) -> Value {
    let call = json!({"type": "toolCall", "id": "k1", "name": "message", "arguments": arguments});
    let thought = json!({"type": "text", "text": "Dana is in Rome."});
    row("assistant", &json!([thought, call]), &json!({"stopReason": "toolUse"}))
}

fn result(id: &str, is_error: bool) -> Value {
    row("toolResult", &json!("done"), &json!({"toolCallId": id, "isError": is_error}))
}

/// The run has ended with this reply.
#[track_caller]
fn replies(messages: &[Value], wanted: &str) {
    let outcome = TurnOutcome::Reply(wanted.to_owned());
    assert_eq!(
        read(messages, "r1"),
        Some(FinishedRun { outcome, is_certain: true }),
        "{messages:?}"
    );
}

#[track_caller]
fn silent(messages: &[Value]) {
    let outcome = TurnOutcome::NoReply;
    assert_eq!(
        read(messages, "r1"),
        Some(FinishedRun { outcome, is_certain: true }),
        "{messages:?}"
    );
}

#[track_caller]
fn failed(messages: &[Value]) {
    let ended = read(messages, "r1").map(|ended| ended.outcome);
    assert!(matches!(ended, Some(TurnOutcome::Failed { .. })), "{ended:?} {messages:?}");
}

#[track_caller]
fn goes_on(messages: &[Value]) {
    assert_eq!(read(messages, "r1"), None, "{messages:?}");
}

#[test]
fn the_reply_is_the_same_as_the_gateways_and_is_not_found_before_the_run_ends() {
    let runs: Value = serde_json::from_str(include_str!("runs.json")).unwrap();
    for (name, run) in runs.as_object().unwrap() {
        let (id, rows) = (run["run"].as_str().unwrap(), run["messages"].as_array().unwrap());
        let outcome = read(rows, id).map(|ended| ended.outcome);
        match run["status"].as_str().unwrap() {
            "accepted" => assert_eq!(outcome, None, "{name}"),
            "error" => assert!(matches!(outcome, Some(TurnOutcome::Failed { .. })), "{name}"),
            _ => {
                let reply = run["reply"].as_str().unwrap().to_owned();
                assert_eq!(outcome, Some(TurnOutcome::Reply(reply)), "{name}");
            }
        }
        for n_rows in 0..rows.len() {
            let early = read(&rows[..n_rows], id).map(|ended| ended.outcome);
            assert!(early.is_none() || early == outcome, "{name} after {n_rows} rows: {early:?}");
        }
    }
}

#[test]
fn the_reply_is_the_text_that_ends_the_run() {
    for stop in ["stop", "end_turn", "endTurn", "length", "max_tokens", "STOP"] {
        replies(&[says("Let me check.", "toolUse"), says("Two.", stop)], "Two.");
    }
    for stop in ["toolUse", "tool_use", "tool_calls", "pause_turn", "new_word", ""] {
        goes_on(&[says("Let me check.", stop)]);
        goes_on(&[says("Two.", "stop"), says("And more.", stop)]);
    }
    for stop in ["error", "aborted", "cancelled", "content_filter"] {
        failed(&[says("Dana is in", stop)]);
    }
    let blocks = json!([{"type": "thinking", "thinking": "Rome"}, {"type": "text", "text": "Two."},
        {"type": "reasoning", "text": "Rome"}, {"type": "text", "text": "At nine and at noon."},
        {"text": "Rome", "thought": true}, {"type": "text", "text": "Rome", "thought": true}]);
    replies(
        &[row("assistant", &blocks, &json!({"stopReason": "stop"}))],
        "Two.\nAt nine and at noon.",
    );
    silent(&[says("NO_REPLY", "stop")]);
    silent(&[row("assistant", &json!([]), &json!({"stopReason": "stop"}))]);
}

#[test]
fn a_text_without_a_stop_reason_counts_only_in_a_plain_row() {
    let text = json!([{"type": "text", "text": "Two."}]);
    replies(&[row("assistant", &text, &json!({}))], "Two.");
    replies(&[row("assistant", &json!("Two."), &json!({"stopReason": null}))], "Two.");
    for more in [
        json!({"openclawStreamFallback": {"source": "segment"}}),
        json!({"errorMessage": "overloaded"}),
        json!({"partial": true}),
        json!({"stopReason": 7}),
    ] {
        goes_on(&[row("assistant", &text, &more)]);
    }
    goes_on(&[row("assistant", &json!([]), &json!({}))]);
}

#[test]
fn rows_of_others_are_no_reply() {
    let text = json!([{"type": "text", "text": "Two."}]);
    goes_on(&[row(
        "assistant",
        &json!("what?"),
        &json!({"provenance": {"kind": "inter_session"}}),
    )]);
    goes_on(&[row("assistant", &json!("what?"), &json!({"idempotencyKey": "r1:user"}))]);
    for role in ["user", "toolResult", "system", "custom"] {
        goes_on(&[row(role, &text, &json!({"stopReason": "stop"}))]);
    }
    let mut other = says("Three.", "stop");
    other["__openclaw"]["runId"] = json!("r2");
    goes_on(&[other.clone()]);
    goes_on(&[json!({"role": "assistant", "content": "no run named", "stopReason": "stop"})]);
    goes_on(&[]);
    replies(&[says("Two.", "stop"), other.clone()], "Two.");
    goes_on(&[says("Let me check.", "toolUse"), other]);
}

#[test]
fn a_call_of_a_tool_in_any_shape_is_no_answer() {
    let thought = json!({"type": "text", "text": "Dana is in Rome."});
    for kind in ["toolCall", "tool_call", "tool_use", "toolUse", "functionCall", "server_tool_use"]
    {
        let parts = json!([thought, {"type": kind, "name": "exec", "arguments": {}}]);
        for content in [parts.clone(), json!(parts.to_string())] {
            for stop in ["toolUse", "stop", "end_turn"] {
                goes_on(&[row("assistant", &content, &json!({"stopReason": stop}))]);
            }
            goes_on(&[row("assistant", &content, &json!({}))]);
        }
    }
    let call =
        json!({"id": "k", "type": "function", "function": {"name": "exec", "arguments": "{}"}});
    for (key, value) in [
        ("tool_calls", json!([call])),
        ("toolCalls", json!([call])),
        ("tool_calls", json!(json!([call]).to_string())),
        ("tool_calls", json!("exec")),
        ("function_call", json!({"name": "exec", "arguments": "{}"})),
        ("functionCall", json!({"name": "exec"})),
    ] {
        for stop in [json!("stop"), json!(null)] {
            let more = json!({"stopReason": stop, key: value});
            goes_on(&[row("assistant", &json!("Dana is in Rome."), &more)]);
        }
    }
    for nothing in [json!([]), json!(null)] {
        let more = json!({"stopReason": "stop", "tool_calls": nothing});
        replies(&[row("assistant", &json!("Two."), &more)], "Two.");
    }
}

#[test]
fn what_was_handed_to_the_message_tool_is_the_answer() {
    let answer = json!({"action": "send", "message": "I cannot say."});
    for last in [says("I told them no: Dana is in Rome.", "stop"), says("NO_REPLY", "stop")] {
        replies(&[gives(&answer), result("k1", false), last.clone()], "I cannot say.");
        replies(&[gives(&answer), last], "I cannot say.");
    }
    // The tool was carried out: whatever comes after is private.
    replies(&[gives(&answer), result("k1", false)], "I cannot say.");
    goes_on(&[gives(&answer)]);
    // Nothing says so yet, and nothing is to come.
    let last = json!({"action": "send", "message": "I cannot say.", "final": true});
    let outcome = TurnOutcome::Reply("I cannot say.".to_owned());
    assert_eq!(read(&[gives(&last)], "r1"), Some(FinishedRun { outcome, is_certain: false }));
    // A string holds the arguments, as some makers have it.
    let call =
        json!({"id": "k1", "function": {"name": "message", "arguments": answer.to_string()}});
    let calls = row("assistant", &json!("Dana is in Rome."), &json!({"tool_calls": [call]}));
    replies(&[calls, says("NO_REPLY", "stop")], "I cannot say.");
}

#[test]
fn what_did_not_reach_this_conversation_is_no_answer_to_it() {
    let answer = json!({"action": "send", "message": "I cannot say.", "final": true});
    goes_on(&[gives(&answer), result("k1", true)]);
    replies(&[gives(&answer), result("k1", true), says("Later.", "stop")], "Later.");
    let denied = json!([{"type": "text", "text": "{\"status\": \"error\", \"error\": \"Denied by user.\"}"}]);
    let denied = row("toolResult", &denied, &json!({"toolCallId": "k1", "isError": false}));
    replies(&[gives(&answer), denied, says("Later.", "stop")], "Later.");
    for elsewhere in ["target", "to", "channel", "recipient", "sessionKey"] {
        let mut call = answer.clone();
        call[elsewhere] = json!("bob");
        goes_on(&[gives(&call)]);
        replies(&[gives(&call), result("k1", false), says("Bob knows.", "stop")], "Bob knows.");
        silent(&[gives(&call), result("k1", false), says("NO_REPLY", "stop")]);
    }
    let react = json!({"action": "react", "message": "👍", "final": true});
    replies(&[gives(&react), says("Done.", "stop")], "Done.");
}

#[test]
fn a_word_of_progress_is_the_answer_only_where_there_is_no_other() {
    let progress = json!({"action": "send", "message": "One moment.", "final": false});
    goes_on(&[gives(&progress), result("k1", false)]);
    replies(&[gives(&progress), result("k1", false), says("Two.", "stop")], "Two.");
    replies(&[gives(&progress), result("k1", false), says("NO_REPLY", "stop")], "One moment.");
}

#[test]
fn several_texts_are_joined_in_their_order() {
    let mut second = gives(&json!({"action": "send", "message": "And I will ask."}));
    second["content"][1]["id"] = json!("k2");
    let first = gives(&json!({"action": "send", "message": "I cannot say."}));
    let rows = [first, result("k1", false), second, result("k2", false), says("Told.", "stop")];
    replies(&rows, "I cannot say.\n\nAnd I will ask.");
}

/// Rows of all kinds, each with a thought that nobody may hear.
fn any_row() -> impl Strategy<Value = Value> {
    let stop = prop_oneof![Just("stop"), Just("toolUse"), Just("error"), Just("odd")];
    let kind = prop_oneof![Just("toolCall"), Just("thinking"), Just("reasoning"), Just("tool_use")];
    (stop, kind, any::<bool>(), any::<bool>()).prop_map(|(stop, kind, is_own, fallback)| {
        let thought = json!({"type": "text", "text": "SECRET"});
        let part = json!({"type": kind, "thinking": "SECRET", "text": "SECRET", "name": "exec"});
        let is_call = kind.starts_with("tool");
        let parts = if is_call { json!([thought, part]) } else { json!([part]) };
        let mut row = row(
            if is_own { "assistant" } else { "toolResult" },
            &parts,
            &json!({"stopReason": stop}),
        );
        if fallback && is_call {
            row["openclawStreamFallback"] = json!({});
        }
        row
    })
}

proptest! {
    #[test]
    fn no_thought_is_ever_a_reply(rows in prop::collection::vec(any_row(), 0..6)) {
        let outcome = read(&rows, "r1").map(|ended| ended.outcome);
        prop_assert!(!matches!(&outcome, Some(TurnOutcome::Reply(text)) if text.contains("SECRET")), "{outcome:?}");
    }
}
