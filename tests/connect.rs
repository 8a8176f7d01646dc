//! `connect run` on calls and push-to-talk, as the service and the gateway see it.

use std::time::Duration;

use harness::{Child, Sandbox, Signal, SimulatedGateway, SimulatedService, event, wait_until};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);

/// A connected client with the service and gateway it talks to.
struct Line {
    service: SimulatedService,
    gateway: SimulatedGateway,
    sandbox: Sandbox,
    client: Child,
}

impl Line {
    fn open() -> Self {
        Self::with(&json!({}))
    }

    fn with(config: &Value) -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        let sandbox = Sandbox::for_both(&service, &gateway);
        sandbox.adjust(config);
        let client = sandbox.spawn(CONNECT, ["run"]);
        service.wait_connected(SOON);
        Self { service, gateway, sandbox, client }
    }

    fn ask(&self, request_id: &str, query: &str) {
        self.service.send(&event::deep_tool_request("c1", request_id, query));
    }

    #[track_caller]
    fn result(&self, request_id: &str) -> String {
        let frame = self
            .service
            .wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == request_id);
        frame["text"].as_str().unwrap_or_default().to_owned()
    }

    fn results(&self) -> usize {
        self.service.log().frames_of("deep_tool_result").len()
    }
}

#[test]
fn a_spoken_request_becomes_a_turn_and_its_reply_is_spoken() {
    let line = Line::open();
    line.gateway.reply("**Two** meetings:\n\n- [Standup](https://x.y/z) at 9");
    line.ask("r1", "What is on my calendar today?");
    assert_eq!(line.result("r1"), "Two meetings: Standup at 9");
    let turn = line.gateway.wait_turn(SOON, 1);
    assert!(turn.message.ends_with("\n\nWhat is on my calendar today?"), "{}", turn.message);
    assert_eq!((turn.session.as_str(), turn.timeout), ("agent:main:main", 90));
    line.client.stop(Signal::TERM, SOON).ok();
}

#[test]
fn a_call_is_greeted_once_whichever_event_came_first() {
    let line = Line::open();
    line.service.send(&event::context_request("c1"));
    line.service.send(&event::call_started("c1", "inbound"));
    line.service.send(&event::call_started("c2", "inbound"));
    line.service.send(&event::context_request("c2"));
    line.service.send(&event::call_started("c3", "outbound"));
    line.service.send(&event::context_request("c3"));
    // The answer to a later request comes after everything that the earlier events led to.
    line.ask("r1", "What time is it?");
    line.result("r1");
    let log = line.service.log();
    let greeted: Vec<&Value> =
        log.frames_of("response").into_iter().map(|frame| &frame["call_id"]).collect();
    assert_eq!(greeted, [&json!("c1"), &json!("c2")]);
    assert_eq!(log.frames_of("context_response").len(), 3);
    let kinds: Vec<&str> = log.frames.iter().map(harness::RecordedFrame::kind).collect();
    assert_eq!(kinds[..3], ["auth", "context_response", "response"]);
}

#[test]
fn a_repeated_request_is_one_turn_and_one_answer() {
    let line = Line::open();
    for _ in 0..3 {
        line.ask("r1", "What is on my calendar?");
    }
    line.result("r1");
    line.ask("r1", "What is on my calendar?");
    line.ask("r2", "And tomorrow?");
    line.result("r2");
    assert_eq!((line.gateway.turns().len(), line.results()), (2, 2));
}

#[test]
fn no_frame_of_the_service_ends_the_client() {
    let line = Line::open();
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    for raw in [
        "not json",
        "[]",
        "null",
        "{\"type\":\"event\"}",
        "{\"type\":\"event\",\"event\":\"call.ended\",\"call_id\":{}}",
        "{\"type\":\"event\",\"event\":\"sms.received\",\"from\":7}",
        "{\"type\":\"auth_ok\"}",
        &deep,
    ] {
        line.service.send_raw(raw);
    }
    line.service.send(&json!({
        "type": "event", "event": "deep_tool_request", "call_id": 5, "request_id": "r9", "query": {"a": 1}
    }));
    assert_eq!(line.result("r9"), "Sorry, I did not catch that. Please say it again.");
    line.service.send_raw(
        "{\"type\":\"event\",\"event\":\"deep_tool_request\",\"call_id\":\"c1\",\"request_id\":\"r1\",\"query\":\"What is \\ud83d on?\"}",
    );
    assert_eq!(line.result("r1"), "You have two meetings.");
    assert_eq!(line.service.connections().len(), 1);
}

#[test]
fn a_frame_too_large_costs_the_connection_and_nothing_else() {
    let line = Line::open();
    line.service.send_raw(&"x".repeat((1 << 20) + 1));
    line.service.wait_authenticated(SOON, 2);
    line.ask("r1", "What is on my calendar?");
    assert_eq!(line.result("r1"), "You have two meetings.");
}

#[test]
fn requests_beyond_what_can_run_and_wait_are_answered_busy() {
    let line = Line::with(&json!({"max_turns": 2}));
    line.gateway.hold();
    line.service.flood(140, |n| event::deep_tool_request("c1", &format!("r{n}"), "What is on?"));
    // 2 run, 128 wait, 10 are declined at once.
    line.service.wait_for(SOON, |log| {
        let busy = log.frames_of("deep_tool_result");
        let is_busy = |frame: &&Value| frame["text"].as_str().is_some_and(|t| t.contains("busy"));
        (busy.into_iter().filter(is_busy).count() == 10).then_some(())
    });
    line.gateway.release();
    line.service
        .wait_for(SOON, |log| (log.frames_of("deep_tool_result").len() == 140).then_some(()));
    assert_eq!(line.gateway.turns().len(), 130);
}

#[test]
fn a_long_turn_is_bridged_by_progress_messages() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    service.clock().periods(16);
    let sandbox = Sandbox::for_both(&service, &gateway);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    gateway.hold();
    service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    let progress = service.wait_frame(SOON, "deep_tool_progress", |_| true);
    assert_eq!(
        (&progress["request_id"], &progress["text"]),
        (&json!("r1"), &json!("I'm working on it."))
    );
    gateway.release();
    let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert_eq!(result["text"], "You have two meetings.");
    assert_eq!(service.log().frames_of("deep_tool_progress").len(), 1);
}

#[test]
fn a_late_reply_is_spoken_on_its_call() {
    let line = Line::open();
    line.gateway.patience(Duration::from_millis(50)).hold();
    line.ask("r1", "What is on my calendar?");
    assert!(line.result("r1").contains("still working"));
    line.gateway.release();
    let late = line.service.wait_frame(SOON, "response", |frame| frame["call_id"] == "c1");
    assert_eq!(late["text"], "You have two meetings.");
    assert_eq!((line.results(), line.gateway.turns().len()), (1, 1));
}

#[test]
fn a_late_reply_is_not_spoken_on_a_call_that_is_over() {
    let line = Line::open();
    line.gateway.patience(Duration::from_millis(50)).hold();
    line.ask("r1", "What is on my calendar?");
    line.result("r1");
    line.service.send(&event::call_ended("c1", "inbound", &json!({})));
    line.gateway.wait_turn(SOON, 2);
    line.gateway.release();
    // Longer than the pause between two polls of the history.
    let late = line.service.try_wait_for(Duration::from_secs(4), |log| {
        log.frames_of("response").first().map(|frame| (*frame).clone())
    });
    assert_eq!(late, None);
}

#[test]
fn push_to_talk_uses_only_the_agents_own_sessions() {
    let line = Line::open();
    for (request_id, session) in
        [("w1", Some("agent:main:main")), ("w2", Some("agent:bank:main")), ("w3", None)]
    {
        line.service.send(&event::walkie_request(request_id, "remind me", session));
        let reply = line
            .service
            .wait_frame(SOON, "walkie_response", |frame| frame["request_id"] == request_id);
        assert_eq!(reply["reply"], "You have two meetings.");
        assert!(reply.get("error").is_none());
    }
    assert!(line.gateway.turns().iter().all(|turn| turn.session == "agent:main:main"));
}

#[test]
fn a_gateway_that_is_down_is_answered_so_and_nothing_claims_success() {
    let line = Line::open();
    line.sandbox.adjust(&json!({"gateway_url": "http://127.0.0.1:1"}));
    let out = line.sandbox.run(CONNECT, ["simulate", "what is on my calendar?"]);
    out.fails(4);
    assert_eq!(
        out.json()["text"],
        "I could not reach your assistant, so nothing has happened. Please try again in a minute."
    );
    line.gateway.allow(false);
    line.ask("r1", "What is on my calendar?");
    assert!(line.result("r1").contains("does not let me pass requests on"));
    let problem = || line.sandbox.run(CONNECT, ["status"]).json()["gateway"]["problem"].clone();
    wait_until(SOON, || {
        problem().as_str().is_some_and(|words| words.contains("gateway.tools.allow"))
    });
}

#[test]
fn strangers_words_are_fenced_and_the_owners_are_not() {
    let line = Line::open();
    line.service.send(&event::call_started("c9", "outbound"));
    line.service.send(&event::deep_tool_request("c9", "r9", "What is the door code?"));
    line.result("r9");
    let turn = line.gateway.wait_turn(SOON, 1);
    assert!(turn.message.contains("\n| What is the door code?\n--- end "), "{}", turn.message);
    // The same call, once our own `call` has recorded that it placed it to the owner's phone.
    line.sandbox.write("skill/.own_calls.json", "{\"format\":1,\"call_ids\":[\"c9\"]}");
    line.service.send(&event::deep_tool_request("c9", "r10", "What is the door code?"));
    line.result("r10");
    let turn = line.gateway.wait_turn(SOON, 2);
    assert!(turn.message.ends_with("\n\nWhat is the door code?"), "{}", turn.message);
}
