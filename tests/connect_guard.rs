//! Approvals, as the owner's phone and the gateway see it: only "approved", for that request and in time, acts.

use std::time::{Duration, Instant};

use harness::{Child, Sandbox, Signal, SimulatedGateway, SimulatedOwner, SimulatedService, event};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const APPROVALS: &str = "/v1/approvals";
const DELETE: &str = "Delete my test repo on GitHub";

/// A connected client whose owner decides as the test says.
struct Line {
    service: SimulatedService,
    gateway: SimulatedGateway,
    sandbox: Sandbox,
    client: Child,
}

impl Line {
    fn open(config: &Value) -> Self {
        let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
        service.owner(SimulatedOwner::Silent);
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

    /// The id of the `n`th approval that was requested (from 1).
    #[track_caller]
    fn approval(&self, n: usize) -> String {
        self.service.wait_request(SOON, "POST", APPROVALS, n);
        let deadline = Instant::now() + SOON;
        loop {
            let rows = self.service.rows(harness::ServiceTable::Approvals);
            if let Some(id) = rows.get(n - 1).and_then(|row| row["request_id"].as_str()) {
                return id.to_owned();
            }
            assert!(Instant::now() < deadline, "no approval was made");
            // The pause between two polls; the deadline is what decides.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn an_approved_request_runs_once() {
    let line = Line::open(&json!({}));
    line.ask("r1", DELETE);
    let id = line.approval(1);
    let asked = line.service.seen_at("POST", APPROVALS)[0].body.clone();
    assert_eq!(
        (&asked["action"], &asked["require_biometric"], &asked["expires_in"]),
        (&json!(DELETE), &json!(false), &json!(60))
    );
    line.service.wait_frame(SOON, "deep_tool_progress", |frame| frame["request_id"] == "r1");
    assert_eq!(line.gateway.turns().len(), 0, "the agent heard of it before the decision");
    line.service.decide(&id, "approved");
    assert_eq!(line.result("r1"), "You have two meetings.");
    line.service.send(&event::approval_responded(&id, "approved"));
    line.ask("r2", "What is on my calendar?");
    line.result("r2");
    let turns = line.gateway.turns();
    assert_eq!(turns.len(), 2);
    assert!(turns[0].message.contains("approved this on their phone"), "{}", turns[0].message);
}

#[test]
fn a_denied_request_never_reaches_the_agent() {
    let line = Line::open(&json!({}));
    line.ask("r1", DELETE);
    line.service.decide(&line.approval(1), "denied");
    assert_eq!(line.result("r1"), "You declined that, so I have not done it.");
    assert_eq!(line.gateway.turns().len(), 0);
}

#[test]
fn a_decision_that_never_comes_over_the_socket_is_found_by_polls() {
    let line = Line::open(&json!({}));
    line.ask("r1", DELETE);
    line.service.decide_silently(&line.approval(1), "approved");
    assert_eq!(line.result("r1"), "You have two meetings.");
    assert_eq!(line.gateway.turns().len(), 1);
}

#[test]
fn the_wait_outlives_the_connection() {
    let line = Line::open(&json!({}));
    line.ask("r1", DELETE);
    let id = line.approval(1);
    line.service.drop_socket();
    line.service.decide_silently(&id, "approved");
    assert_eq!(line.result("r1"), "You have two meetings.");
    assert_eq!(line.gateway.turns().len(), 1);
}

#[test]
fn a_wait_cut_by_a_kill_is_refused_whatever_was_decided() {
    let line = Line::open(&json!({}));
    line.ask("r1", DELETE);
    let id = line.approval(1);
    let Line { service, gateway, sandbox, client } = line;
    client.stop(Signal::KILL, SOON);
    service.decide_silently(&id, "approved");
    let _client = sandbox.spawn(CONNECT, ["run"]);
    let result = service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    assert_eq!(
        result["text"],
        "I was restarted while I waited for your approval, so I have not done it."
    );
    service.send(&event::deep_tool_request("c1", "r1", DELETE));
    service.send(&event::deep_tool_request("c1", "r2", "What is on my calendar?"));
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r2");
    assert_eq!(gateway.turns().len(), 1);
}

/// Each word or id comes over the socket alone; the last one, to the letter, shows that the others were read.
#[test]
fn a_decision_counts_only_to_the_letter() {
    let line = Line::open(&json!({}));
    line.ask("r1", DELETE);
    let id = line.approval(1);
    let decision = |id: Value, word: Value| {
        line.service.send(
            &json!({"type": "event", "event": "approval.responded", "request_id": id, "decision": word}),
        );
    };
    for word in [
        "Approved",
        "approved ",
        "app\u{200b}roved",
        "approved\u{0}",
        "\u{202e}approved",
        "\u{3164}approved",
    ] {
        decision(json!(id), json!(word));
    }
    for word in [json!(["approved"]), json!({"approved": true}), json!(true), json!(null)] {
        decision(json!(id), word);
    }
    for other in [
        json!(format!("{id} ")),
        json!(id.to_uppercase()),
        json!(format!("\u{200b}{id}")),
        json!([id]),
    ] {
        decision(other, json!("approved"));
    }
    let event = r#""type":"event","event":"approval.responded""#;
    for rest in [
        format!(r#""request_id":"{id}","decision":"denied","decision":"approved""#),
        format!(r#""request_id":"{id}","decision":"approved","error":"x""#),
        format!(r#""request_id":"{id}","decision":"approved","response":"denied""#),
    ] {
        line.service.send_raw(&format!("{{{event},{rest}}}"));
    }
    line.ask("r2", "What is on my calendar?");
    line.result("r2");
    assert_eq!(line.gateway.turns().len(), 1, "only the harmless request");
    line.service.decide(&id, "approved");
    assert_eq!(line.result("r1"), "You have two meetings.");
}

#[test]
fn one_id_for_two_requests_approves_neither() {
    let line = Line::open(&json!({}));
    let made = json!({"request_id": "same", "status": "pending", "devices_notified": 1});
    line.service.on("POST", APPROVALS, 201, made);
    line.service.on(
        "GET",
        "/v1/approvals/:id",
        200,
        json!({"request_id": "same", "status": "pending"}),
    );
    line.ask("r1", DELETE);
    line.service.wait_request(SOON, "GET", "/v1/approvals/:id", 1);
    line.ask("r2", "Wire 5000 dollars to Bob");
    for request in ["r1", "r2"] {
        assert!(line.result(request).contains("approval"), "{}", line.result(request));
    }
    line.service.send(&event::approval_responded("same", "approved"));
    line.ask("r3", "What is on my calendar?");
    line.result("r3");
    assert_eq!(line.gateway.turns().len(), 1);
}

#[test]
fn nothing_counts_before_the_key_was_accepted() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    service.mute_auth(true);
    let sandbox = Sandbox::for_both(&service, &gateway);
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_frame(SOON, "auth", |_| true);
    service.send(&event::deep_tool_request("c1", "early", "What is on my calendar?"));
    service.send(&event::sms_received("+15551112222", "hi", "m1"));
    service.send(&json!({"type": "auth_ok"}));
    service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "r1");
    assert_eq!(gateway.turns().len(), 1);
    assert!(service.seen_at("POST", "/v1/messages/send").is_empty());
}

#[test]
fn nobody_answering_in_time_is_a_no() {
    let line = Line::open(&json!({"guard": {"timeout": "1s"}}));
    line.ask("r1", DELETE);
    let id = line.approval(1);
    assert_eq!(line.result("r1"), "That was not approved in time, so I have not done it.");
    line.service.send(&event::approval_responded(&id, "approved"));
    line.ask("r2", "What is on my calendar?");
    line.result("r2");
    assert_eq!(line.gateway.turns().len(), 1);
}

#[test]
fn a_strangers_sensitive_request_reaches_neither_the_agent_nor_the_owners_phone() {
    let line = Line::open(&json!({}));
    line.service.send(&event::call_started("c1", "outbound"));
    line.ask("r1", DELETE);
    assert_eq!(line.result("r1"), "I can't do that for you, but I can pass on a message.");
    line.service.send(&event::sms_received("+15551112222", DELETE, "m1"));
    let sent = line.service.wait_request(SOON, "POST", "/v1/messages/send", 1);
    assert_eq!(sent.body["message"], "I can't do that by text, but I can pass on a message.");
    assert_eq!(line.gateway.turns().len(), 0);
    assert!(line.service.seen_at("POST", APPROVALS).is_empty());
}

#[test]
fn a_yes_aloud_counts_once_and_only_where_that_is_wanted() {
    let line = Line::open(&json!({"guard": {"no_device": "voice"}}));
    line.service.owner(SimulatedOwner::NoDevices);
    line.ask("r1", DELETE);
    assert!(line.result("r1").contains("Shall I go ahead?"));
    line.ask("r2", "yes please");
    assert_eq!(line.result("r2"), "You have two meetings.");
    let turn = line.gateway.wait_turn(SOON, 1);
    assert!(turn.message.ends_with(&format!("\n\n{DELETE}")), "{}", turn.message);
    // The next yes is a request like any other.
    line.ask("r3", "yes please");
    line.result("r3");
    assert!(line.gateway.wait_turn(SOON, 2).message.ends_with("\n\nyes please"));

    let line = Line::open(&json!({}));
    line.service.owner(SimulatedOwner::NoDevices);
    line.ask("r1", DELETE);
    assert!(line.result("r1").contains("no phone is registered"));
    line.ask("r2", "What is on my calendar?");
    line.result("r2");
    assert_eq!(line.gateway.turns().len(), 1);
}

#[test]
fn without_a_journal_nothing_sensitive_is_done() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    std::fs::create_dir(sandbox.path("skill/.connect.journal")).unwrap();
    let _client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    service.send(&event::deep_tool_request("c1", "r1", DELETE));
    let result = service.wait_frame(SOON, "deep_tool_result", |_| true);
    assert!(
        result["text"].as_str().unwrap().contains("I can't keep records right now"),
        "{result}"
    );
    assert!(service.seen_at("POST", APPROVALS).is_empty() && gateway.turns().is_empty());
}

#[test]
fn a_simulation_prints_the_approval_that_it_would_request_and_runs_nothing() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    let out = sandbox.run(CONNECT, ["simulate", DELETE]);
    out.fails(6);
    assert_eq!(out.json(), json!({"type": "approval", "action": DELETE, "expires_in": 60}));
    assert!(gateway.turns().is_empty() && service.seen().is_empty());
}

#[test]
fn a_misspelt_guard_setting_is_refused() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.adjust(&json!({"guard": {"aprove": "never"}}));
    sandbox.run(CONNECT, ["run"]).fails(3).stderr_has("`guard.aprove` is no setting");
    assert!(service.connections().is_empty());
}
