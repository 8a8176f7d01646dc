//! Texts by the thousand, as `connect run` handles them: what they cost is bounded, and the owner does not wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::{
    AgentReply, Child, Sandbox, Signal, SimulatedGateway, SimulatedService, event, wait_until,
};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(20);
const ANN: &str = "+15551112222";
const COUNTED: &str = "skill/.connect.texts.json";

fn open(config: &Value) -> (SimulatedService, SimulatedGateway, Sandbox, Child) {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.adjust(config);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    (service, gateway, sandbox, client)
}

/// As many turns as there were of texts.
fn n_turns(gateway: &SimulatedGateway) -> usize {
    gateway.turns().iter().filter(|turn| turn.message.contains("\n| ")).count()
}

/// The client has handled everything that was sent before.
fn wait_handled(service: &SimulatedService, client: &Child, id: &str) {
    service.send(&json!({"type": "event", "event": "sms.received", "body": id}));
    client.wait_line(SOON, |line| line.contains("without a sender's number"));
}

#[test]
fn thousands_of_texts_neither_hold_up_the_owner_nor_cost_more_than_an_hours_budget() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    let friend = "+15552223333";
    sandbox.write(
        "skill/.texted_numbers.json",
        &json!({"format": 1, "numbers": {friend: {"at": "2026-01-01T00:00:00Z"}}}).to_string(),
    );
    // Turns of texts hang until the owner was answered, so that the flood lasts as long.
    let owner_answered = Arc::new(AtomicBool::new(false));
    let may_end = Arc::clone(&owner_answered);
    gateway.reply_with(move |turn| {
        if turn.message.contains("\n| ") {
            wait_until(SOON, || may_end.load(Ordering::Relaxed));
        }
        AgentReply::from("You have two meetings.")
    });
    service.flood(400, |n| event::sms_received(ANN, &format!("hi {n}"), &format!("one{n}")));
    let from = |n: usize| format!("+1555{:07}", 3_000_000 + n);
    service.flood(3_000, |n| event::sms_received(&from(n), "hi", &format!("many{n}")));
    service.send(&event::call_started("own", "inbound"));
    service.send(&event::deep_tool_request("own", "o1", "What is on my calendar?"));
    service.send(&event::sms_received(friend, "Yes, eight is fine", "friend"));
    service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == "o1");
    let answered_at = Instant::now();
    assert_eq!(service.texted(), []);
    owner_answered.store(true, Ordering::Relaxed);
    let owners = |gateway: &SimulatedGateway| {
        let turns = gateway.turns();
        turns.into_iter().find(|turn| turn.message.contains("calendar")).unwrap()
    };
    let replied_at = owners(&gateway).ended.unwrap();
    assert!(answered_at.saturating_duration_since(replied_at) < Duration::from_secs(2));
    // Somebody we wrote to has a budget apart.
    wait_until(SOON, || service.texted().iter().any(|(to, _)| to == friend));
    wait_until(SOON, || service.texted().len() == 61);
    wait_handled(&service, &client, "first");
    let of_one = |to: &str| service.texted().iter().filter(|(number, _)| number == to).count();
    assert_eq!((of_one(ANN), n_turns(&gateway)), (10, 61));
    assert!(sandbox.read("skill/.connect.log").contains("`sms.per_hour`"));
    assert_eq!(sandbox.mode(COUNTED), 0o600);
    // The next process counts on.
    client.stop(Signal::KILL, SOON);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    service.flood(200, |n| event::sms_received(&from(n), "hi", &format!("next{n}")));
    service.send(&event::sms_received(friend, "Or nine", "friend2"));
    client.wait_line(SOON, |line| line.contains("text:friend2: reply sent"));
    assert_eq!((n_turns(&gateway), service.texted().len()), (62, 62));
    drop(client);
    // An hour later there is room again.
    service.advance(Duration::from_secs(3_601));
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 3);
    service.send(&event::sms_received(ANN, "hi", "later"));
    client.wait_line(SOON, |line| line.contains("text:later: reply sent"));
}

#[test]
fn a_text_counts_when_it_is_accepted_whatever_comes_of_it() {
    let (service, gateway, sandbox, client) = open(&json!({"sms": {"per_hour": 12}}));
    gateway.reply_with(|_| AgentReply::Nothing);
    service.flood(100, |n| event::sms_received(ANN, "hi", &format!("m{n}")));
    // HELP is answered by text without a turn, and counts all the same.
    service.flood(50, |n| {
        event::sms_received(&format!("+1555{:07}", 3_000_000 + n), "HELP", &format!("h{n}"))
    });
    wait_handled(&service, &client, "all");
    wait_until(SOON, || service.texted().len() == 2);
    wait_until(SOON, || n_turns(&gateway) == 10);
    let counted = sandbox.json(COUNTED);
    assert_eq!(counted["turns"].as_array().map(Vec::len), Some(12));
    // What cannot be a limit is refused when the client starts.
    client.stop(Signal::TERM, SOON);
    for limit in [json!("many"), json!(-1), json!(1.5)] {
        sandbox.adjust(&json!({"sms": {"per_hour": limit}}));
        sandbox.run(CONNECT, ["run"]).fails(3).stderr_has("sms.per_hour");
    }
}

#[test]
fn numbers_that_cost_more_than_a_text_get_neither_turn_nor_reply() {
    let (service, gateway, _sandbox, client) = open(&json!({}));
    let numbers = [
        "+19005551234",
        "+870773912345",
        "+881612345678",
        "+88213001234",
        "+88312345678",
        "+979112345678",
        "+999123456789",
        "+2101234567",
        "+449098790000",
    ];
    for (n, from) in numbers.iter().enumerate() {
        service.send(&event::sms_received(from, "hi", &format!("m{n}")));
        service.send(&event::sms_received(from, "HELP", &format!("h{n}")));
    }
    // To be left alone is everybody's right.
    service.send(&event::sms_received(numbers[0], "STOP", "stop"));
    client.wait_line(SOON, |line| line.contains("text:stop: "));
    service.send(&event::sms_received(ANN, "hi", "last"));
    client.wait_line(SOON, |line| line.contains("text:last: reply sent"));
    assert_eq!((n_turns(&gateway), service.texted().len()), (1, 1));
}

/// With the least of workers, texts that hang leave the line to the owner.
#[test]
fn turns_of_texts_have_a_quarter_of_the_workers() {
    let (service, gateway, _sandbox, client) = open(&json!({"max_turns": 8}));
    gateway.hold();
    for n in 0..30 {
        let from = format!("+1555{:07}", 3_000_000 + n);
        service.send(&event::sms_received(&from, "hi", &format!("m{n}")));
    }
    gateway.wait_turn(SOON, 2);
    for n in 0..6 {
        service.send(&event::deep_tool_request("own", &format!("o{n}"), "What is on?"));
    }
    gateway.wait_turn(SOON, 8);
    wait_handled(&service, &client, "all");
    assert_eq!((n_turns(&gateway), gateway.turns().len()), (2, 8));
    gateway.release();
    wait_until(SOON, || service.texted().len() == 30);
}
