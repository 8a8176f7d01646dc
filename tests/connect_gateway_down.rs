//! Texts and reports of calls that come while the gateway is down, as `connect run` handles them: they wait, and run once.

use std::time::Duration;

use harness::{
    Child, OWNER, Sandbox, Signal, SimulatedGateway, SimulatedService, event, wait_until,
};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(20);
const ANN: &str = "+15551112222";
const BEN: &str = "+15551113333";
const HOUR: Duration = Duration::from_secs(3_600);

/// A client whose gateway is down.
struct Line {
    service: SimulatedService,
    sandbox: Sandbox,
    gateway_port: u16,
    client: Option<Child>,
    n_connected: usize,
}

impl Line {
    fn open(config: &Value) -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        service.clock().periods(16);
        let sandbox = Sandbox::for_both(&service, &gateway);
        sandbox.adjust(config);
        let gateway_port = gateway.port();
        drop(gateway);
        let mut line = Self { service, sandbox, gateway_port, client: None, n_connected: 0 };
        line.start();
        line
    }

    fn start(&mut self) {
        self.client = Some(self.sandbox.spawn(CONNECT, ["run"]));
        self.n_connected += 1;
        self.service.wait_authenticated(SOON, self.n_connected);
    }

    fn restart(&mut self, signal: Signal) {
        let client = self.client.take().expect("a client runs between two restarts");
        client.stop(signal, SOON);
        self.start();
    }

    fn gateway_returns(&self) -> SimulatedGateway {
        SimulatedGateway::on_port(self.gateway_port)
    }

    fn text(&self, from: &str, body: &str, id: &str) {
        self.service.send(&event::sms_received(from, body, id));
    }

    #[track_caller]
    fn wait_log(&self, part: &str) {
        wait_until(SOON, || self.sandbox.read("skill/.connect.log").contains(part));
    }

    fn status(&self) -> Value {
        self.sandbox.run(CONNECT, ["status"]).json()
    }

    #[track_caller]
    fn wait_waiting(&self, texts: usize, notices: usize) {
        let wanted = json!({"texts": texts, "notices": notices});
        wait_until(SOON, || self.status()["waiting_for_gateway"] == wanted);
    }
}

/// How often each of these words was in a turn.
fn in_turns(gateway: &SimulatedGateway, words: &[&str]) -> Vec<usize> {
    let turns = gateway.turns();
    words
        .iter()
        .map(|words| turns.iter().filter(|turn| turn.message.contains(words)).count())
        .collect()
}

fn call_ended() -> Value {
    json!({"type": "event", "event": "call.ended", "call_id": "c0", "direction": "outbound",
        "outcome": "voicemail", "to_number": "+15551234567", "voicemail_message": "call me back"})
}

#[test]
fn what_nobody_holds_the_line_for_waits_over_kills_and_restarts_and_runs_once() {
    let mut line = Line::open(&json!({}));
    let all = |line: &Line| {
        line.text(ANN, "When do you open on Sunday?", "m1");
        line.text(OWNER, "Remember the milk", "m2");
        line.text(BEN, "Is the flat still free?", "m3");
        line.service.send(&call_ended());
    };
    all(&line);
    line.wait_waiting(3, 1);
    let status = line.status();
    assert_eq!(
        (&status["healthy"], &status["gateway"]["reachable"]),
        (&json!(true), &json!(false))
    );
    // Somebody holds the line for this one, and is told at once.
    line.service.send(&event::call_started("c1", "inbound"));
    line.service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    let result = line.service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert!(result["text"].as_str().unwrap().contains("nothing has happened"), "{result}");
    // A mission's text is for `missions`, whatever the gateway does.
    line.service.send(&json!({"type": "event", "event": "mission.sms_received", "from": ANN,
        "text": "Yes, nine is fine", "message_id": 7}));
    line.wait_log("stored for `missions`");
    line.restart(Signal::KILL);
    all(&line);
    line.wait_waiting(3, 1);
    // The reason is known without an attempt of theirs.
    wait_until(SOON, || line.status()["gateway"]["problem"].as_str().is_some());
    line.text(BEN, "STOP", "m4");
    line.wait_log("text:m4: ");
    line.restart(Signal::TERM);
    line.wait_waiting(3, 1);
    let gateway = line.gateway_returns();
    line.wait_log("text:m1: reply sent");
    line.wait_log("text:m2: reply sent");
    line.wait_log("text:m3: not answered");
    line.wait_log("ended:c0: passed to the agent");
    line.wait_waiting(0, 0);
    all(&line);
    line.restart(Signal::KILL);
    all(&line);
    line.text(ANN, "And on Monday?", "m5");
    line.wait_log("text:m5: reply sent");
    let words = ["open on Sunday", "the milk", "flat still", "call me back", "on Monday"];
    assert_eq!(in_turns(&gateway, &words), [1, 1, 0, 1, 1]);
    let mut texted: Vec<String> = line.service.texted().into_iter().map(|(to, _)| to).collect();
    texted.sort();
    let mut wanted = [ANN, ANN, OWNER].map(str::to_owned);
    wanted.sort();
    assert_eq!(texted, wanted);
    let counted = line.sandbox.json("skill/.connect.texts.json");
    assert_eq!(counted["turns"].as_array().map(Vec::len), Some(4), "{counted}");
}

#[test]
fn texts_wait_for_a_day_and_reports_for_an_hour() {
    let mut line = Line::open(&json!({}));
    line.text(ANN, "When do you open?", "m1");
    line.service.send(&call_ended());
    line.wait_waiting(1, 1);
    line.service.advance(HOUR + Duration::from_secs(60));
    line.restart(Signal::KILL);
    line.wait_waiting(1, 0);
    line.text(BEN, "And you?", "m2");
    line.wait_waiting(2, 0);
    line.service.advance(HOUR * 23);
    line.restart(Signal::TERM);
    line.wait_waiting(1, 0);
    let gateway = line.gateway_returns();
    line.wait_log("text:m2: reply sent");
    assert_eq!(in_turns(&gateway, &["When do you open?", "And you?", "call me"]), [0, 1, 0]);
}

/// What was counted hours ago counts again when it becomes a turn.
#[test]
fn what_waited_takes_no_more_than_an_hours_budget() {
    let mut line = Line::open(&json!({"sms": {"per_hour": 1}}));
    line.text(ANN, "When do you open?", "m1");
    line.wait_waiting(1, 0);
    line.service.advance(HOUR * 2);
    line.restart(Signal::KILL);
    line.text(BEN, "And you?", "m2");
    line.wait_waiting(2, 0);
    let gateway = line.gateway_returns();
    line.wait_log("text:m2: reply sent");
    line.wait_waiting(1, 0);
    line.service.advance(HOUR);
    line.restart(Signal::TERM);
    line.wait_log("text:m1: reply sent");
    line.wait_waiting(0, 0);
    assert_eq!(in_turns(&gateway, &["When do you open?", "And you?"]), [1, 1]);
}

/// With one worker, a stop leaves what waits for it to the next process.
#[test]
fn a_stop_leaves_texts_that_wait_for_a_worker_to_the_next_start() {
    let mut line = Line::open(&json!({"max_turns": 1}));
    let gateway = line.gateway_returns();
    gateway.hold();
    line.text(ANN, "When do you open?", "m1");
    gateway.wait_turn(SOON, 1);
    line.text(BEN, "And you?", "m2");
    line.service.send(&call_ended());
    line.wait_log("ended:c0: accepted");
    gateway.delay(Duration::ZERO);
    let client = line.client.take().unwrap();
    let stopping = std::thread::spawn(move || client.stop(Signal::TERM, SOON));
    line.wait_log("text:m2: left to the next start");
    line.wait_log("ended:c0: left to the next start");
    gateway.release();
    stopping.join().unwrap();
    line.start();
    line.wait_log("text:m2: reply sent");
    line.wait_log("ended:c0: passed to the agent");
    assert_eq!(in_turns(&gateway, &["When do you open?", "And you?", "call me back"]), [1, 1, 1]);
    assert_eq!(line.service.texted().len(), 2);
}
