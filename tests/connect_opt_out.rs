//! Texts that opt out, opt in again or ask who this is, as `connect run` handles them.

use std::time::Duration;

use harness::{
    Child, NUMBER, OWNER, RequestFault, Sandbox, Signal, SimulatedGateway, SimulatedService, event,
    wait_until,
};
use serde_json::{Value, json};

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const SEND: &str = "/v1/messages/send";
const LIST: &str = "skill/.do_not_call.json";
const ANN: &str = "+15551112222";

fn open(config: &Value) -> (SimulatedService, SimulatedGateway, Sandbox, Child) {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    // Shorter periods, so that what waits for seconds is over sooner.
    service.clock().periods(20);
    let sandbox = Sandbox::for_both(&service, &gateway);
    sandbox.adjust(config);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    (service, gateway, sandbox, client)
}

fn listed(sandbox: &Sandbox, number: &str) -> Value {
    if !sandbox.has(LIST) {
        return Value::Null;
    }
    let list = sandbox.json(LIST);
    assert_eq!(list["numbers"][number].is_null(), list["details"][number].is_null());
    list["details"][number].clone()
}

fn opt_out(covers: &str) -> Value {
    json!({"why": "opt-out", "covers": covers})
}

#[test]
fn who_opts_out_is_on_the_list_and_no_turn_is_made_of_it() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    let words = [
        ("STOP", "texts and calls"),
        ("  «Stop»\n", "texts and calls"),
        ("ｓｔｏｐ 🛑", "texts and calls"),
        ("Unsubscribe.", "texts and calls"),
        ("ARRÊT", "texts and calls"),
        ("pls stop texting me!!", "texts and calls"),
        ("CANCEL", "texts"),
        ("\"End\"", "texts"),
        ("quit", "texts"),
    ];
    let number = |n: usize| format!("+1555111300{n}");
    for (n, (word, _)) in words.iter().enumerate() {
        service.send(&event::sms_received(&number(n), word, &format!("m{n}")));
    }
    for (n, (word, covers)) in words.iter().enumerate() {
        wait_until(SOON, || listed(&sandbox, &number(n)) == opt_out(covers));
        client.wait_line(SOON, |line| line.contains(&format!("text:m{n}: ")));
        assert!(sandbox.json(LIST)["numbers"][number(n)].is_string(), "{word}");
    }
    // An ordinary text that holds such a word is a turn, and comes to the agent after all of them.
    service.send(&event::sms_received(ANN, "when does the next bus stop here?", "last"));
    wait_until(SOON, || service.texted().len() == 1);
    assert_eq!(gateway.turns().len(), 1);
    assert_eq!(sandbox.mode(LIST), 0o600);
    assert!(!sandbox.read("skill/.connect.log").contains("+155511130"), "numbers are masked");
}

#[test]
fn start_lifts_what_an_opt_out_put_there_and_nothing_else_does() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    let by_hand = "+15551114444";
    let list = json!({"format": 1, "numbers": {by_hand: "2026-01-01T00:00:00Z"}});
    sandbox.write(LIST, &list.to_string());
    let text = |from: &str, body: &str, id: &str| {
        service.send(&event::sms_received(from, body, id));
    };
    text(ANN, "CANCEL", "m1");
    wait_until(SOON, || listed(&sandbox, ANN) == opt_out("texts"));
    // The wider one counts, whichever comes last.
    text(ANN, "STOP", "m2");
    wait_until(SOON, || listed(&sandbox, ANN) == opt_out("texts and calls"));
    text(ANN, "END", "m3");
    client.wait_line(SOON, |line| line.contains("text:m3: "));
    assert_eq!(listed(&sandbox, ANN), opt_out("texts and calls"));
    // YES answers a question; it is a turn, and what comes of it is not texted.
    text(ANN, "YES", "m4");
    client.wait_line(SOON, |line| line.contains("text:m4: reply not sent"));
    assert_eq!((gateway.turns().len(), service.texted()), (1, vec![]));
    text(ANN, "Start", "m5");
    client.wait_line(SOON, |line| line.contains("opted in again"));
    assert_eq!(listed(&sandbox, ANN), Value::Null);
    // The same text once more is a repeat, for the next process too.
    text(ANN, "STOP", "m2");
    text(by_hand, "UNSTOP", "m6");
    client.wait_line(SOON, |line| line.contains("text:m6: "));
    assert!(sandbox.json(LIST)["numbers"][by_hand].is_string());
    client.stop(Signal::KILL, SOON);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    text(ANN, "STOP", "m2");
    text(ANN, "Hello", "m7");
    client.wait_line(SOON, |line| line.contains("text:m7: reply sent"));
    assert_eq!((listed(&sandbox, ANN), gateway.turns().len()), (Value::Null, 2));
}

/// The right to be left alone depends neither on who may text here nor on how often somebody did.
#[test]
fn whoever_opts_out_is_heeded() {
    let (service, _gateway, sandbox, client) = open(&json!({"sms": {"allow": [ANN]}}));
    let other = "+15551113333";
    service.send(&event::sms_received(other, "STOP", "m1"));
    wait_until(SOON, || listed(&sandbox, other) == opt_out("texts and calls"));
    for n in 0..10 {
        service.send(&event::sms_received(ANN, "Hi", &format!("hi{n}")));
    }
    service.wait_request(SOON, "POST", SEND, 10);
    client.wait_line(SOON, |line| line.contains("reply sent"));
    service.send(&event::sms_received(ANN, "STOP", "m2"));
    wait_until(SOON, || listed(&sandbox, ANN) == opt_out("texts and calls"));
    // A reply to a mission's text comes as an event of the mission's.
    let text = json!({"from": "+15551115555", "to": NUMBER, "text": "Stop!", "message_id": "m3"});
    service.send(&event::mission("sms_received", "mis_1", None, &text));
    wait_until(SOON, || listed(&sandbox, "+15551115555") == opt_out("texts and calls"));
}

#[test]
fn the_owners_own_number_is_never_on_the_list() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    service.send(&event::sms_received(OWNER, "STOP", "m1"));
    client.wait_line(SOON, |line| line.contains("the owner's own"));
    service.send(&event::sms_received(ANN, "STOP", "m2"));
    wait_until(SOON, || listed(&sandbox, ANN) == opt_out("texts and calls"));
    assert_eq!(listed(&sandbox, OWNER), Value::Null);
    let told = gateway.wait_turn(SOON, 1);
    assert!(told.message.contains("The owner texted STOP"), "{}", told.message);
    assert_eq!(service.seen_at("GET", "/v1/me").len(), 1, "asked once");
    assert_eq!(service.texted(), []);
}

#[test]
fn while_the_owners_number_cannot_be_fetched_every_number_is_a_strangers() {
    let (service, _gateway, sandbox, _client) = open(&json!({}));
    service.fail_always("GET", "/v1/me", RequestFault::Status(503));
    service.send(&event::sms_received(OWNER, "STOP", "m1"));
    wait_until(SOON, || listed(&sandbox, OWNER) == opt_out("texts and calls"));
}

#[test]
fn help_is_answered_once_a_day_and_number_and_the_agent_is_notified() {
    let (service, gateway, sandbox, client) =
        open(&json!({"owner_name": "Dana", "agent_name": "Reef"}));
    service.send(&event::sms_received(ANN, "Help!", "m1"));
    service.send(&event::sms_received(ANN, "INFO", "m2"));
    service.send(&event::sms_received("+15551113333", "info?", "m3"));
    wait_until(SOON, || service.texted().len() == 2);
    client.wait_line(SOON, |line| line.contains("text:m2: ") && line.contains("within a day"));
    for (_, text) in service.texted() {
        assert!(text.contains("Reef") && text.contains("Dana") && text.contains("STOP"), "{text}");
    }
    let notice = gateway.wait_turn(SOON, 1);
    assert!(notice.message.contains("+1 (555) 111-2222 and +1 (555) 111-3333"), "{notice:?}");
    assert_eq!((notice.timeout, gateway.turns().len()), (0, 1));
    client.stop(Signal::KILL, SOON);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_authenticated(SOON, 2);
    service.send(&event::sms_received(ANN, "HELP", "m4"));
    client.wait_line(SOON, |line| line.contains("text:m4: ") && line.contains("within a day"));
    // A number that opted out is not answered, even to HELP.
    service.send(&event::sms_received("+15551115555", "STOP", "m5"));
    service.send(&event::sms_received("+15551115555", "HELP", "m6"));
    client.wait_line(SOON, |line| line.contains("text:m6: reply not sent"));
    assert_eq!(service.texted().len(), 2);
}

/// Until the list can be written, an opt-out holds for our own replies all the same, and the status reports it.
#[test]
fn an_opt_out_that_cannot_be_written_yet_holds_and_fails_the_status() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    sandbox.write(LIST, "{");
    service.send(&event::sms_received(ANN, "STOP", "m1"));
    client.wait_line(SOON, |line| line.contains("text:m1: the do-not-call list cannot be written"));
    let status = || sandbox.run(CONNECT, ["status"]);
    wait_until(SOON, || status().json()["opt_outs_unwritten"].is_string());
    assert_eq!(status().fails(1).json()["healthy"], false);
    // The list can be read again, and says nothing of the number.
    gateway.hold();
    service.send(&event::sms_received(ANN, "Are you there?", "m2"));
    gateway.wait_turn(SOON, 1);
    std::fs::remove_file(sandbox.path(LIST)).unwrap();
    gateway.release();
    client.wait_line(SOON, |line| line.contains("text:m2: reply not sent"));
    wait_until(SOON, || listed(&sandbox, ANN) == opt_out("texts and calls"));
    wait_until(SOON, || status().json()["opt_outs_unwritten"].is_null());
    assert_eq!((status().code(), service.texted()), (0, vec![]));
}

#[test]
fn an_opt_out_interrupted_by_a_kill_is_heeded_by_the_next_process_however_late() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    sandbox.write(LIST, "{");
    service.send(&event::sms_received(ANN, "STOP", "m1"));
    client.wait_line(SOON, |line| line.contains("list cannot be written"));
    client.stop(Signal::KILL, SOON);
    std::fs::remove_file(sandbox.path(LIST)).unwrap();
    service.advance(Duration::from_secs(3 * 3600));
    let _client = sandbox.spawn(CONNECT, ["run"]);
    wait_until(SOON, || listed(&sandbox, ANN) == opt_out("texts and calls"));
    assert_eq!((gateway.turns().len(), service.texted()), (0, vec![]));
}

#[test]
fn a_carriers_refusal_for_a_stop_message_is_an_opt_out() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    let errors = r#"{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}"#;
    let message = format!("Telnyx API error (400): {errors}");
    service.once("POST", SEND, 500, json!({"error": {"code": "internal", "message": message}}));
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    wait_until(SOON, || listed(&sandbox, ANN) == json!({"why": "carrier", "covers": "texts"}));
    service.send(&event::sms_received(ANN, "Hi again", "m2"));
    client.wait_line(SOON, |line| line.contains("text:m2: reply not sent"));
    assert_eq!((gateway.turns().len(), service.seen_at("POST", SEND).len()), (2, 1));
}

#[test]
fn the_owners_stop_ends_what_is_under_way() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    gateway.hold();
    service.send(&event::call_started("c1", "inbound"));
    service.send(&event::deep_tool_request("c1", "r1", "What is on my calendar?"));
    service.send(&event::sms_received(ANN, "Hi", "m1"));
    gateway.wait_turn(SOON, 2);
    service.send(&event::deep_tool_request("c1", "r2", "Delete my test repo on GitHub"));
    client.wait_line(SOON, |line| line.contains("deep:r2: approval requested"));
    service.send(&event::sms_received(OWNER, "STOP", "m2"));
    for id in ["r1", "r2"] {
        let answer =
            service.wait_frame(SOON, "deep_tool_result", |frame| frame["request_id"] == id);
        assert!(answer["text"].as_str().unwrap().contains("by text to stop"), "{answer}");
    }
    client.wait_line(SOON, |line| line.contains("the owner texted STOP: 3 requests ended"));
    // What is approved or replied after that changes nothing.
    let approvals = service.rows(harness::ServiceTable::Approvals);
    service.decide(approvals[0]["request_id"].as_str().unwrap(), "approved");
    gateway.release();
    service.send(&event::sms_received("+15551113333", "Hi", "m3"));
    client.wait_line(SOON, |line| line.contains("text:m3: reply sent"));
    let turns = gateway.turns();
    assert!(turns.iter().all(|turn| !turn.message.contains("Delete")), "{turns:?}");
    assert!(turns.iter().any(|turn| turn.message.contains("The owner texted STOP. 3 requests")));
    assert_eq!(service.texted().len(), 1);
    assert_eq!(listed(&sandbox, OWNER), Value::Null);
}

/// CANCEL may be meant for what we asked as well: the mission and the agent see it as the answer.
#[test]
fn a_word_that_answers_our_question_is_told_as_the_answer() {
    let (service, gateway, sandbox, client) = open(&json!({}));
    let now = jiff::Timestamp::now();
    let texted = |hours: i64, asks: bool| json!({"at": now - jiff::SignedDuration::from_hours(hours), "asks": asks});
    let number = |n: usize| format!("+1555111400{n}");
    let numbers = json!({
        number(0): texted(1, true), number(1): texted(47, true), number(2): texted(49, true),
        number(3): texted(1, false), number(4): texted(1, true),
    });
    let document = json!({"format": 1, "numbers": numbers});
    sandbox.write("skill/.texted_numbers.json", &document.to_string());
    let words = ["Cancel.", "quit", "CANCEL", "END", "STOP", "CANCEL"];
    for (n, word) in words.iter().enumerate() {
        service.send(&event::sms_received(&number(n), word, &format!("m{n}")));
        client.wait_line(SOON, |line| line.contains(&format!("text:m{n}: ")));
    }
    let replies: Vec<Value> =
        (0..words.len()).map(|n| listed(&sandbox, &number(n))["reply"].clone()).collect();
    assert_eq!(json!(replies), json!(["CANCEL", "QUIT", null, null, null, null]));
    gateway.wait_turn(SOON, 2);
    let turns = gateway.turns();
    assert!(turns.len() == 2 && turns.iter().all(|turn| turn.message.contains("answered ")));
}

/// Everything that is scheduled for them, whichever mission it belongs to or none.
#[test]
fn what_is_scheduled_for_who_opts_out_is_withdrawn() {
    let (service, _gateway, _sandbox, client) = open(&json!({}));
    let scheduled = |id: &str, to: &str, channel: &str| {
        let row = json!({"id": id, "to_number": to, "channel": channel, "status": "pending",
            "scheduled_at": "2099-01-01T15:00:00Z"});
        service.seed(harness::ServiceTable::Scheduled, id, "a1", row);
    };
    service.seed(harness::ServiceTable::Assistants, "a1", "", json!({"id": "a1", "name": "A"}));
    let other = "+15551113333";
    for (id, to, channel) in [
        ("call", ANN, "call"),
        ("text", ANN, "sms"),
        ("others", other, "sms"),
        ("oc", other, "call"),
    ] {
        scheduled(id, to, channel);
    }
    let left = || -> Vec<String> {
        let rows = service.rows(harness::ServiceTable::Scheduled);
        let left = rows.iter().filter(|row| row["status"] != "deleted");
        left.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    service.send(&event::sms_received(other, "CANCEL", "m1"));
    wait_until(SOON, || left() == ["call", "text", "oc"]);
    service.fail("GET", "/v1/assistants", RequestFault::Status(500), 1);
    service.send(&event::sms_received(ANN, "STOP", "m2"));
    wait_until(SOON, || left() == ["oc"]);
    client.wait_line(SOON, |line| line.contains("`text` to ") && line.contains("is withdrawn"));
}

/// What was texted while no client ran counts as well, however old it is, and once.
#[test]
fn opt_outs_in_the_list_of_messages_are_read_at_every_start() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    service.clock().periods(20);
    let sandbox = Sandbox::for_both(&service, &gateway);
    let number = |n: usize| format!("+1555111500{n}");
    let message = |id: &str, from: &str, body: &str, at: &str| {
        let row = json!({"id": id, "direction": "inbound", "from": from, "to": NUMBER, "body": body,
            "status": "received", "created_at": at});
        service.seed(harness::ServiceTable::Messages, id, "", row);
    };
    message("h0", &number(0), "STOP", "2025-01-01T00:00:00Z");
    message("h1", &number(1), "STOP", "2025-01-01T00:00:00Z");
    message("h2", &number(1), "Start", "2025-01-02T00:00:00Z");
    message("h3", &number(2), "quit", "2025-01-02T00:00:00Z");
    message("h4", OWNER, "STOP", "2025-01-02T00:00:00Z");
    message("h5", &number(3), "don't stop now", "2025-01-02T00:00:00Z");
    // More than a page of them.
    for n in 0..250 {
        message(&format!("f{n}"), "+15551116666", "Hello", "2025-01-03T00:00:00Z");
    }
    message("h6", &number(4), "STOP", "2025-01-04T00:00:00Z");
    let client = sandbox.spawn(CONNECT, ["run"]);
    wait_until(SOON, || listed(&sandbox, &number(4)) == opt_out("texts and calls"));
    let entries = || [0, 1, 2, 3].map(|n| listed(&sandbox, &number(n)));
    let (all, texts) = (opt_out("texts and calls"), opt_out("texts"));
    assert_eq!(entries(), [all, Value::Null, texts, Value::Null]);
    assert_eq!((listed(&sandbox, OWNER), gateway.turns().len()), (Value::Null, 0));
    client.stop(Signal::TERM, SOON);
    // The next start reads only what is new.
    let n_pages = || service.seen_at("GET", "/v1/messages").len();
    let before = n_pages();
    message("h7", &number(5), "STOP", "2025-02-04T00:00:00Z");
    let _client = sandbox.spawn(CONNECT, ["run"]);
    wait_until(SOON, || !listed(&sandbox, &number(5)).is_null());
    assert!(n_pages() - before <= 2, "{}", n_pages() - before);
}

#[test]
fn a_simulation_says_what_it_would_do_and_writes_nothing() {
    let (service, gateway) = (SimulatedService::start(), SimulatedGateway::start());
    let sandbox = Sandbox::for_both(&service, &gateway);
    for (word, printed) in [
        ("STOP", json!({"type": "opt_out", "number": ANN, "covers": "texts and calls"})),
        ("quit", json!({"type": "opt_out", "number": ANN, "covers": "texts"})),
        ("START", json!({"type": "opt_in", "number": ANN, "covers": null})),
    ] {
        let out = sandbox.run(CONNECT, ["simulate", "--sms", ANN, word]);
        assert_eq!(out.ok().json_lines(), [printed]);
    }
    let out = sandbox.run(CONNECT, ["simulate", "--sms", ANN, "HELP"]);
    let lines = out.ok().json_lines();
    assert_eq!((lines.len(), &lines[0]["type"]), (1, &json!("text")));
    assert!(!sandbox.has(LIST));
    assert_eq!((gateway.turns().len(), service.texted()), (1, vec![]));
}
