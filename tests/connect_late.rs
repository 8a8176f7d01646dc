//! Replies that come after the wait for them is over: what a run ended with is spoken or texted, and
//! nothing that the agent wrote before its end.

use std::time::Duration;

use harness::{Child, RecordedTurn, Sandbox, SimulatedGateway, SimulatedService, event};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const SEND: &str = "/v1/messages/send";

/// A client whose turns outlast their wait and never end by themselves: a test writes what the agent does.
struct Line {
    service: SimulatedService,
    gateway: SimulatedGateway,
    _sandbox: Sandbox,
    client: Child,
}

impl Line {
    fn open(periods: u32) -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        service.clock().periods(periods);
        gateway.patience(Duration::from_millis(50)).hold();
        let sandbox = Sandbox::for_both(&service, &gateway);
        let client = sandbox.spawn(CONNECT, ["run"]);
        service.wait_connected(SOON);
        Self { service, gateway, _sandbox: sandbox, client }
    }

    /// Sends a request on a call; gives its turn once "still running" was answered.
    #[track_caller]
    fn ask(&self, request_id: &str) -> RecordedTurn {
        self.service.send(&event::deep_tool_request("c1", request_id, "What is on my calendar?"));
        self.service
            .wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == request_id);
        let turns = self.gateway.turns();
        turns.last().expect("a result comes after its turn").clone()
    }

    #[track_caller]
    fn spoken(&self) -> Vec<String> {
        let log = self.service.log();
        let texts = log.frames_of("response").into_iter().map(|frame| frame["text"].as_str());
        texts.flatten().map(str::to_owned).collect()
    }

    #[track_caller]
    fn wait_spoken(&self, n: usize) -> String {
        let nth = |log: &harness::ServiceLog| {
            log.frames_of("response").get(n - 1).map(|it| (*it).clone())
        };
        self.service.wait_for(SOON, nth)["text"].as_str().unwrap_or_default().to_owned()
    }
}

fn row(content: &Value, stop: &str) -> Value {
    json!({"role": "assistant", "content": content, "stopReason": stop})
}

fn says(text: &str, stop: &str) -> Value {
    row(&json!([{"type": "text", "text": text}]), stop)
}

/// A thought of the agent, and the call of a tool that it leads to.
fn calls(tool: &str, arguments: &Value) -> Value {
    let call = json!({"type": "toolCall", "id": "k1", "name": tool, "arguments": arguments});
    row(&json!([{"type": "text", "text": "A secret: Dana is in Rome."}, call]), "toolUse")
}

/// The same as today's gateway shows it: the thought in a row of its own, without a reason.
fn split(tool: &str, arguments: &Value) -> [Value; 2] {
    let mut call = calls(tool, arguments);
    let thought = call["content"][0].clone();
    call["content"] = json!([call["content"][1]]);
    let fallback = json!({"source": "segment"});
    let before =
        json!({"role": "assistant", "content": [thought], "openclawStreamFallback": fallback});
    [before, call]
}

fn result(is_error: bool) -> Value {
    json!({"role": "toolResult", "toolCallId": "k1", "isError": is_error,
        "content": [{"type": "text", "text": "done"}]})
}

fn exec() -> Value {
    json!({"command": "calendar today"})
}

#[test]
fn a_caller_hears_what_the_run_ended_with_and_nothing_before() {
    let line = Line::open(16);
    let turn = line.ask("r1");
    let other = line.ask("r2");
    for row in [calls("exec", &exec()), result(false)] {
        line.gateway.write(&turn, &row);
        line.gateway.wait_history_polls(SOON);
    }
    for row in split("exec", &exec()) {
        line.gateway.write(&turn, &row);
        line.gateway.wait_history_polls(SOON);
    }
    line.gateway.write(&other, &calls("exec", &exec()));
    assert_eq!(line.spoken(), Vec::<String>::new());
    let blocks = json!([{"type": "thinking", "thinking": "Dana is in Rome."},
        {"type": "text", "text": "Two meetings."}, {"type": "text", "text": "At nine and at noon."}]);
    line.gateway.write(&turn, &row(&blocks, "stop"));
    assert_eq!(line.wait_spoken(1), "Two meetings. At nine and at noon.");
    // The run between them goes on, and fails in the end.
    line.gateway.wait_history_polls(SOON);
    line.gateway.write(&other, &says("A secret: Dana is", "error"));
    assert!(line.wait_spoken(2).contains("ran into an error"));
    assert_eq!(line.spoken().len(), 2);
    assert!(!line.client.stderr().contains("Rome") && !line.client.stderr().contains("Dana"));
}

#[test]
fn a_stranger_is_texted_the_answer_and_never_a_thought() {
    let line = Line::open(16);
    let answer = json!({"action": "send", "message": "I cannot say."});
    let last = json!({"action": "send", "message": "I cannot say.", "final": true});
    let bob = json!({"action": "send", "message": "Dana is away.", "target": "bob"});
    let copied = json!({"role": "assistant", "stopReason": "stop", "idempotencyKey": "r:message-tool:x:k1",
        "content": [{"type": "text", "text": "I cannot say."}]});
    let openai = json!({"role": "assistant", "content": "A secret: Dana is in Rome.", "stopReason": "tool_calls",
        "tool_calls": [{"id": "k1", "function": {"name": "message", "arguments": answer.to_string()}}]});
    let [thought, call] = split("message", &answer);
    let end = |text: &str| says(text, "stop");
    let cases: Vec<(Vec<Value>, Option<&str>)> = vec![
        (vec![calls("exec", &exec()), result(false), end("Two.")], Some("Two.")),
        (vec![calls("message", &last)], Some("I cannot say.")),
        (vec![thought, call, copied, end("Dana is in Rome.")], Some("I cannot say.")),
        (vec![calls("message", &answer), end("NO_REPLY")], Some("I cannot say.")),
        (vec![openai, result(false), end("Told: Dana is in Rome.")], Some("I cannot say.")),
        (vec![calls("message", &last), result(true), end("Later.")], Some("Later.")),
        (vec![calls("message", &bob), result(false), end("Bob knows.")], Some("Bob knows.")),
        (vec![end("Two."), calls("exec", &exec())], None),
        (vec![calls("message", &answer)], None),
        (vec![says("Dana is in Rome.", "pause_turn")], None),
        (vec![says("Dana is", "aborted")], None),
        (vec![end("NO_REPLY")], None),
    ];
    let number = |n: usize| format!("+1555111{n:04}");
    for n in 0..cases.len() {
        line.service.send(&event::sms_received(
            &number(n),
            &format!("What about {n}?"),
            &format!("m{n}"),
        ));
    }
    let turns = line
        .gateway
        .wait_for(SOON, |log| (log.turns.len() == cases.len()).then(|| log.turns.clone()));
    for (n, (rows, _)) in cases.iter().enumerate() {
        let query = format!("| What about {n}?\n");
        let turn =
            turns.iter().find(|turn| turn.message.contains(&query)).expect("each has its turn");
        for row in rows {
            line.gateway.write(turn, row);
        }
    }
    let n_replies = cases.iter().filter(|(_, reply)| reply.is_some()).count();
    line.service.wait_for(SOON, |log| (log.to("POST", SEND).len() >= n_replies).then_some(()));
    line.gateway.wait_history_polls(SOON);
    let texted = line.service.texted();
    for (n, (rows, wanted)) in cases.iter().enumerate() {
        let to = number(n);
        let texts: Vec<&str> = texted
            .iter()
            .filter(|(number, _)| *number == to)
            .map(|(_, text)| text.as_str())
            .collect();
        assert_eq!(texts, wanted.iter().copied().collect::<Vec<_>>(), "{rows:?}");
    }
}

#[test]
fn a_run_that_never_ends_is_polled_for_until_its_time_is_over() {
    let line = Line::open(200);
    line.service.send(&event::sms_received("+15551112222", "Are you there?", "m1"));
    let turn = line.gateway.wait_turn(SOON, 1);
    line.gateway.write(&turn, &calls("exec", &exec()));
    line.client.wait_line(SOON, |line| line.contains("text:m1: no late reply came"));
    line.gateway.write(&turn, &says("Two.", "stop"));
    assert_eq!(line.service.texted(), []);
}
