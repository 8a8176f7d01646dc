//! Who opts out while a mission goes on: what is scheduled for them is withdrawn, and the mission says why.

#[path = "missions/fixture.rs"]
mod fixture;

use std::time::Duration;

use fixture::{Fixture, TO};
use harness::{RequestFault, ServiceTable, wait_until};
use serde_json::{Value, json};

fn statuses(fixture: &Fixture) -> Vec<Value> {
    let rows = fixture.service.rows(ServiceTable::Scheduled);
    rows.iter().map(|row| row["status"].clone()).collect()
}

#[test]
fn dnc_add_withdraws_at_once_in_missions_and_outside_them() {
    let fixture = Fixture::new();
    let to = format!("{TO}07");
    let inside = fixture.call("07", &["--any-time"]);
    let assistant = fixture.state()["assistant_id"].as_str().unwrap().to_owned();
    let from = fixture.row(ServiceTable::Scheduled, 0)["from_number"].as_str().unwrap().to_owned();
    let line = ["schedule-sms", &assistant, &to, &from, "in 2h", "Hello"];
    let outside = fixture.ok(&line)["id"].as_str().unwrap().to_owned();
    fixture.call("08", &["--any-time"]);
    // A list shows what is new a moment later.
    let listed = || fixture.run(&["list-events-assistant", &assistant]).out().contains(&outside);
    wait_until(Duration::from_secs(10), listed);
    // What cannot be done is said; the number is on the list all the same.
    let delete = format!("/v1/assistants/{assistant}/events/{outside}");
    fixture.service.fail_always("DELETE", &delete, RequestFault::Status(403));
    let out = fixture.run(&["dnc", "add", &to]);
    out.ok().stderr_has(&format!("{outside} to {to} stays scheduled"));
    let added = out.json();
    assert_eq!(
        (&added["withdrawn"], &added["not_withdrawn"]),
        (&json!([inside]), &json!([outside]))
    );
    assert_eq!(statuses(&fixture), ["deleted", "pending", "pending"]);
    fixture.service.heal();
    let again = fixture.ok(&["dnc", "add", &to]);
    assert_eq!((&again["changed"], &again["withdrawn"]), (&json!(false), &json!([outside])));
    assert_eq!(statuses(&fixture), ["deleted", "deleted", "pending"]);
}

#[test]
fn a_mission_sees_that_its_recipient_opted_out() {
    let fixture = Fixture::new();
    let to = format!("{TO}07");
    fixture.call("07", &["--any-time", "--recipient", "automated"]);
    let list = json!({
        "format": 1, "numbers": {&to: "2026-01-01T00:00:00Z"},
        "details": {&to: {"why": "opt-out", "covers": "texts and calls"}},
    });
    fixture.sandbox.write("skill/.do_not_call.json", &list.to_string());
    fixture.tick();
    assert_eq!(statuses(&fixture), ["deleted"]);
    let log = fixture.log().join("\n");
    assert!(log.contains(&format!("Call to {to}: opted out")), "{log}");
    assert_eq!(
        (fixture.run_status(), fixture.step_status("calls")),
        (json!("failed"), json!("failed"))
    );
    assert!(fixture.notified().join("\n").contains("opted out"), "{:?}", fixture.notified());
}

/// Nobody who texted STOP is called again, also where no client ran when they did.
#[test]
fn a_tick_reads_what_was_texted_before_it_schedules_anything() {
    let fixture = Fixture::new();
    let to = format!("{TO}02");
    fixture.call("02", &["--recipient", "automated"]);
    let row = json!({"id": "m1", "direction": "inbound", "from": to, "to": "+15550000000",
        "body": "Stop calling me", "status": "received", "created_at": "2025-01-01T00:00:00Z"});
    fixture.service.seed(ServiceTable::Messages, "m1", "", row);
    fixture.tick_after(8);
    assert_eq!((fixture.service.dialled().len(), statuses(&fixture).len()), (1, 1));
    let details = fixture.ok(&["dnc", "list"])["details"][&to].clone();
    assert_eq!(details, json!({"why": "opt-out", "covers": "texts and calls"}));
}

/// By hand as by a tick: however old the text is, and with one request more.
#[test]
fn scheduling_by_hand_reads_what_was_texted_before() {
    let fixture = Fixture::new();
    let to = format!("{TO}02");
    fixture.call("07", &["--any-time"]);
    let n_before = fixture.service.seen().len();
    fixture.call("07", &["--any-time", "--again"]);
    let seen = fixture.service.seen();
    let n_lists = seen[n_before..].iter().filter(|one| one.is("GET", "/v1/messages")).count();
    assert_eq!(n_lists, 1);
    let row = json!({"id": "m1", "direction": "inbound", "from": to, "to": "+15550000000",
        "body": "STOP", "status": "received", "created_at": "2025-01-01T00:00:00Z"});
    fixture.service.seed(ServiceTable::Messages, "m1", "", row);
    let call = ["schedule-call", "--mission", "m", &to, "in 5m", "--any-time"];
    let text = ["schedule-sms", "--mission", "m", &to, "in 5m", "Hello"];
    for line in [&call[..], &text] {
        fixture.run(line).fails(1).silent().stderr_has("opted out");
    }
    fixture.service.fail_always("GET", "/v1/messages", RequestFault::Status(503));
    let line =
        ["--deadline", "1", "schedule-sms", "--mission", "m", &format!("{TO}03"), "in 5m", "Hello"];
    fixture.run(&line).fails(4).silent();
    // A service that has no such list has nobody who opted out in it.
    fixture.service.heal();
    for (status, answer) in [(404, json!({})), (200, json!({"events": []}))] {
        fixture.service.on("GET", "/v1/messages", status, answer);
        let again = [&line[2..], &["--again"]].concat();
        fixture.run(&again).ok().stderr_has("was not read for opt-outs");
    }
    assert_eq!(statuses(&fixture).len(), 4);
}

/// While it cannot be known who opted out, nothing is scheduled.
#[test]
fn a_tick_that_cannot_read_what_was_texted_schedules_nothing() {
    let fixture = Fixture::new();
    fixture.call("02", &["--recipient", "automated"]);
    fixture.service.clock().periods(100);
    fixture.service.fail_always("GET", "/v1/messages", RequestFault::Status(503));
    fixture.service.advance(Duration::from_secs(8 * 60));
    fixture.run(&["tick"]);
    assert_eq!(statuses(&fixture).len(), 1);
    fixture.service.heal();
    fixture.tick();
    assert_eq!(statuses(&fixture).len(), 2);
}

/// CANCEL, END and QUIT opt out, and answer what was asked: the run's log has the word, also where the mission is over.
#[test]
fn a_word_that_opts_out_and_answers_a_text_stands_in_the_log() {
    for (ends_before, text, is_reply) in [
        (false, "Is eight fine?", true),
        (true, "Is eight fine?", true),
        (false, "See you.", false),
    ] {
        let fixture = Fixture::new();
        let to = format!("{TO}07");
        fixture.ok(&["schedule-sms", "--mission", "m", &to, "in 2m", text, "--step", "calls"]);
        fixture.service.advance(Duration::from_secs(6 * 60));
        if ends_before {
            fixture.tick();
            assert_eq!(fixture.run_status(), json!("succeeded"));
        }
        let at = fixture.service.clock().now();
        let list = json!({
            "format": 1, "numbers": {&to: at},
            "details": {&to: {"why": "opt-out", "covers": "texts", "reply": "CANCEL"}},
        });
        fixture.sandbox.write("skill/.do_not_call.json", &list.to_string());
        for _ in 0..2 {
            fixture.tick();
        }
        let log = fixture.log();
        let n_replies = log.iter().filter(|one| one.contains(&format!("Reply of {to}: CANCEL")));
        assert_eq!(n_replies.count(), usize::from(is_reply), "{log:?}");
    }
}
