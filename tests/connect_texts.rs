//! Texts, call outcomes and mission events, as `connect run` handles them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{
    AgentReply, Child, RequestFault, Sandbox, Signal, SimulatedGateway, SimulatedService, event,
    wait_until,
};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const SEND: &str = "/v1/messages/send";
const ANN: &str = "+15551112222";

fn open(config: &Value) -> (SimulatedService, SimulatedGateway, Sandbox, Child) {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.adjust(config);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    (service, gateway, sandbox, client)
}

#[test]
fn a_text_is_answered_with_the_agents_words_once() {
    let (service, gateway, _sandbox, client) = open(&json!({}));
    for _ in 0..2 {
        service.send(&event::sms_received(ANN, "Are you there?", "m1"));
    }
    service.send(
        &json!({"type": "event", "event": "sms.received", "body": "who am I", "message_id": "m2"}),
    );
    let sent = service.wait_request(SOON, "POST", SEND, 1);
    assert_eq!(sent.body, json!({"to": ANN, "message": "You have two meetings."}));
    client.wait_line(SOON, |line| line.contains("without a sender's number"));
    let turn = gateway.wait_turn(SOON, 1);
    assert!(turn.message.contains("\n| Are you there?\n"), "{}", turn.message);
    assert_eq!((turn.timeout, gateway.turns().len()), (60, 1));
    wait_until(SOON, || service.texted().len() == 1);
}

#[test]
fn a_text_that_a_mission_waits_for_is_left_to_it() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    let awaited = json!({"mission": "party", "until": "2999-01-01T00:00:00Z"});
    let over = json!({"mission": "party", "until": "1999-01-01T00:00:00Z"});
    let numbers = json!({"format": 1, "numbers": {ANN: awaited, "+15551113333": over}});
    sandbox.write("skill/.awaited_replies.json", &numbers.to_string());
    service.send(&event::sms_received(ANN, "Yes, gladly", "m1"));
    client.wait_line(SOON, |line| line.contains("answers `party`"));
    service.send(&event::sms_received("+15551113333", "Are you there?", "m2"));
    let turn = gateway.wait_turn(SOON, 1);
    assert!(turn.message.contains("Are you there?"), "{}", turn.message);
    assert_eq!(gateway.turns().len(), 1);
}

#[test]
fn a_long_reply_is_cut_to_ten_parts() {
    let (service, gateway, _sandbox, _client) = open(&json!({}));
    gateway.reply(&"Обед в café. ".repeat(200));
    service.send(&event::sms_received(ANN, "Tell me", "m1"));
    let sent = service.wait_request(SOON, "POST", SEND, 1);
    let text = sent.body["message"].as_str().unwrap();
    assert!(text.ends_with("… (cut)"), "{text}");
    assert!(text.chars().count() <= 670 && text.chars().count() > 500, "{}", text.len());
}

#[test]
fn only_allowed_numbers_are_answered() {
    let (service, gateway, _sandbox, client) = open(&json!({"sms": {"allow": ["+15551113333"]}}));
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    client.wait_line(SOON, |line| line.contains("`sms.allow` does not name it"));
    service.send(&event::sms_received("+15551113333", "Hi", "m2"));
    let sent = service.wait_request(SOON, "POST", SEND, 1);
    assert_eq!((&sent.body["to"], gateway.turns().len()), (&json!("+15551113333"), 1));
}

#[test]
fn ten_turns_an_hour_and_number() {
    let (service, _gateway, _sandbox, client) = open(&json!({}));
    for n in 0..12 {
        service.send(&event::sms_received(ANN, "Hi", &format!("m{n}")));
    }
    client.wait_line(SOON, |line| line.contains("10 turns of this number"));
    service.wait_request(SOON, "POST", SEND, 10);
    service.send(&event::sms_received("+15551113333", "Hi", "other"));
    service.wait_for(SOON, |log| {
        log.to("POST", SEND).iter().any(|seen| seen.body["to"] == "+15551113333").then_some(())
    });
    wait_until(SOON, || service.texted().len() == 11);
    assert_eq!(service.texted().into_iter().filter(|(to, _)| to == ANN).count(), 10);
}

#[test]
fn a_number_on_the_do_not_call_list_gets_no_text() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    sandbox.write(
        "skill/.do_not_call.json",
        &json!({"format": 1, "numbers": {ANN: "2026-01-01T00:00:00Z"}}).to_string(),
    );
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    client.wait_line(SOON, |line| line.contains("do-not-call list"));
    gateway.wait_turn(SOON, 1);
    assert_eq!(service.texted(), []);
}

#[test]
fn a_text_whose_answer_was_lost_is_not_sent_again() {
    let (service, _gateway, sandbox, client) = open(&json!({}));
    service.fail("POST", SEND, RequestFault::Lost, 1);
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    client.wait_line(SOON, |line| line.contains("text:m1: reply unconfirmed"));
    client.stop(Signal::KILL, SOON);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    service.send(&event::sms_received("+15551113333", "Hi", "m2"));
    service.wait_for(SOON, |log| {
        log.to("POST", SEND).iter().any(|seen| seen.body["to"] == "+15551113333").then_some(())
    });
    assert_eq!(service.texted().into_iter().filter(|(to, _)| to == ANN).count(), 1);
}

/// Without its line in the journal it would be sent again after a crash.
#[test]
fn a_text_that_cannot_be_journaled_is_not_sent() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    let read = || sandbox.read("skill/.connect.journal");
    gateway.hold();
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    gateway.wait_turn(SOON, 1);
    // Room for the line of the reply, and not for the line that it is being sent.
    let reply =
        r#"{"at":1764000000000,"step":"answered","key":"text:m1","body":"You have two meetings."}"#;
    let limit = format!("--fsize={}:", read().len() + reply.len() + 10);
    sandbox.run("/usr/bin/prlimit", ["--pid", &client.pid().to_string(), &limit]).ok();
    gateway.release();
    client.wait_line(SOON, |line| line.contains("text:m1: reply not sent: the journal"));
    assert!(read().contains("answered") && !read().contains("posting"), "{}", read());
    assert_eq!(service.texted(), []);
}

#[test]
fn a_late_reply_to_a_text_is_sent_when_it_comes() {
    let (service, gateway, _sandbox, _client) = open(&json!({}));
    gateway.patience(Duration::from_millis(50)).hold();
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    gateway.wait_turn(SOON, 1);
    gateway.release();
    let sent = service.wait_request(SOON, "POST", SEND, 1);
    assert_eq!(sent.body["message"], "You have two meetings.");
    wait_until(SOON, || service.texted().len() == 1);
}

/// Two polling threads could each find the reply, and each have it texted.
#[test]
#[cfg(target_os = "linux")]
fn one_thread_polls_for_all_late_replies_also_after_a_call_has_ended() {
    let (service, gateway, _sandbox, client) = open(&json!({}));
    gateway.patience(Duration::from_millis(50)).hold();
    service.send(&event::deep_tool_request("c1", "r1", "What is on?"));
    client.wait_line(SOON, |line| line.contains("deep:r1: still running"));
    let n_pollers = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", client.pid())).unwrap().flatten();
        tasks
            .filter(|task| {
                let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
                name.trim() == "late"
            })
            .count()
    };
    wait_until(SOON, || n_pollers() == 1);
    // The one that is awaited is dropped while the thread sleeps.
    service.send(&event::call_ended("c1", "inbound", &json!({"duration_seconds": 61})));
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    client.wait_line(SOON, |line| line.contains("text:m1: still running"));
    assert_eq!(n_pollers(), 1);
    gateway.release();
    wait_until(SOON, || service.texted().len() == 1);
}

/// An accepted text is answered, however many other requests run and wait when its late reply comes.
#[test]
fn a_late_reply_to_a_text_is_sent_while_all_workers_are_busy() {
    let (service, gateway, _sandbox, client) = open(&json!({"max_turns": 1}));
    let is_rush_over = Arc::new(AtomicBool::new(false));
    let (is_over, is_full) = (Arc::clone(&is_rush_over), Arc::new(AtomicBool::new(false)));
    let may_reply = Arc::clone(&is_full);
    gateway.patience(Duration::from_millis(50)).reply_with(move |turn| {
        let awaited = if turn.message.contains("Hi") { &may_reply } else { &is_over };
        wait_until(SOON, || awaited.load(Ordering::Relaxed));
        AgentReply::from("You have two meetings.")
    });
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    client.wait_line(SOON, |line| line.contains("text:m1: still running"));
    gateway.patience(SOON);
    service.flood(130, |n| event::deep_tool_request("c1", &format!("r{n}"), "What is on?"));
    service.wait_frame(SOON, "deep_tool_result", |frame| {
        frame["text"].as_str().is_some_and(|text| text.contains("busy"))
    });
    is_full.store(true, Ordering::Relaxed);
    client.wait_line(SOON, |line| line.contains("text:m1: a late reply came"));
    is_rush_over.store(true, Ordering::Relaxed);
    let sent = service.wait_request(SOON, "POST", SEND, 1);
    assert_eq!(
        (&sent.body["to"], &sent.body["message"]),
        (&json!(ANN), &json!("You have two meetings."))
    );
}

#[test]
fn an_ended_call_is_summarised_once() {
    let (service, gateway, _sandbox, _client) = open(&json!({}));
    for _ in 0..2 {
        service.send(&event::call_ended(
            "c0",
            "outbound",
            &json!({"to_number": "+15551234567", "outcome": "voicemail", "voicemail_message": "Hi, call me back"}),
        ));
    }
    service.send(&event::call_ended(
        "c1",
        "inbound",
        &json!({"duration_seconds": 61, "reason": "user_hangup"}),
    ));
    let mut summaries: Vec<String> = (1..=2).map(|n| gateway.wait_turn(SOON, n).message).collect();
    summaries.sort();
    assert!(
        summaries[0].starts_with("[ClawdTalk] An inbound call was completed after 1m 1s."),
        "{}",
        summaries[0]
    );
    assert!(
        summaries[1].contains("went to voicemail")
            && summaries[1].contains("\n| Hi, call me back\n")
    );
    assert!(gateway.turns().iter().all(|turn| turn.timeout == 0));
    service.send(&event::deep_tool_request("c2", "r1", "What is on?"));
    service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(gateway.turns().len(), 3);
}

/// After a restart a request that is not done counts as interrupted.
#[test]
fn a_call_summary_that_the_gateway_accepted_is_done() {
    let (service, gateway, sandbox, _client) = open(&json!({}));
    service.send(&event::call_ended("c0", "inbound", &json!({"duration_seconds": 61})));
    gateway.wait_turn(SOON, 1);
    wait_until(SOON, || {
        sandbox.read("skill/.connect.journal").contains(r#""settled","key":"ended:c0""#)
    });
}

#[test]
fn there_is_no_call_summary_while_all_workers_are_busy_or_the_client_stops() {
    let (service, gateway, _sandbox, mut client) = open(&json!({"max_turns": 1}));
    gateway.hold();
    let ended = |call_id| event::call_ended(call_id, "inbound", &json!({"duration_seconds": 61}));
    service.flood(130, |n| event::deep_tool_request("c1", &format!("r{n}"), "What is on?"));
    service.send(&ended("c2"));
    client.wait_line(SOON, |line| line.contains("ended:c2: not passed to the agent: The line"));
    client.signal(Signal::TERM);
    client.wait_line(SOON, |line| line.contains("stopping: "));
    service.send(&ended("c3"));
    client
        .wait_line(SOON, |line| line.contains("ended:c3: not passed to the agent: I'm just being"));
    gateway.release();
    client.finish(SOON).code();
    assert_eq!(gateway.turns().len(), 1);
}

#[test]
fn mission_events_are_stored_for_missions() {
    let (service, _gateway, sandbox, client) = open(&json!({}));
    service.send(&event::mission("sms_received", "m1", Some("s1"), &json!({"text": "yes"})));
    client.wait_line(SOON, |line| line.contains("stored for `missions`"));
    let line: Value = serde_json::from_str(&sandbox.read("skill/.mission_events.jsonl")).unwrap();
    assert_eq!(
        (&line["event"], &line["frame"]["text"]),
        (&json!("mission.sms_received"), &json!("yes"))
    );
    assert_eq!(sandbox.mode("skill/.mission_events.jsonl"), 0o600);
}
