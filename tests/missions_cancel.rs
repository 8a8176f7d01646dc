//! Missions that are ended by a command: `missions cancel`, `fail` and `complete`, and what `next` says before.

#[path = "missions/fixture.rs"]
mod fixture;

use std::time::Duration;

use fixture::{Fixture, TO};
use harness::{RequestFault, ServiceTable};
use serde_json::{Value, json};

const EVENT: &str = "/v1/assistants/:id/events/:e";

fn n_pending(fixture: &Fixture) -> usize {
    fixture
        .service
        .rows(ServiceTable::Scheduled)
        .iter()
        .filter(|row| row["status"] == "pending")
        .count()
}

#[test]
fn a_mission_that_is_cancelled_in_time_calls_nobody() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    fixture.call("08", &[]);
    let document = fixture.ok(&["cancel", "m"]);
    assert_eq!(document["cancelled"].as_array().map(Vec::len), Some(2), "{document:#}");
    assert_eq!(
        (&document["status"], &document["may_still_happen"]),
        (&json!("cancelled"), &json!([]))
    );
    assert_eq!((n_pending(&fixture), fixture.run_status()), (0, json!("cancelled")));
    fixture.tick_after(20);
    assert_eq!((fixture.service.dialled(), fixture.notified()), (vec![], vec![]));
    // Cancelled again, nothing changes; and nothing new is scheduled for it.
    assert_eq!(fixture.ok(&["cancel", "m"])["may_still_happen"], json!([]));
    let line = ["schedule-call", "--mission", "m", &format!("{TO}07"), "in 9m"];
    fixture.run(&line).fails(2).stderr_has("has ended (cancelled)");
}

#[test]
fn a_mission_without_a_run_at_the_service_is_named() {
    let fixture = Fixture::new();
    fixture.ok(&["save-memory", "noted", "k", "v", "--create"]);
    for command in [&["cancel", "noted"][..], &["fail", "noted", "why"]] {
        fixture
            .run(command)
            .fails(2)
            .silent()
            .stderr_has("mission `noted` has no run at the service");
    }
}

#[test]
fn what_may_still_happen_is_listed() {
    let fixture = Fixture::new();
    let soon = fixture.call("07", &[]);
    fixture.service.advance(Duration::from_secs(4 * 60 + 10));
    let late = fixture.call("08", &[]);
    let out = fixture.run(&["cancel", "m"]);
    let document = out.fails(8).stderr_has("too near").json();
    assert_eq!(document["may_still_happen"][0]["event_id"], soon, "{document:#}");
    assert_eq!(document["cancelled"][0]["event_id"], late);
    assert_eq!(fixture.run_status(), "cancelled");
}

#[test]
fn a_call_under_way_is_not_cancelled_by_deleting_its_record() {
    let fixture = Fixture::new();
    let id = fixture.call("05", &[]);
    fixture.service.advance(Duration::from_secs(6 * 60));
    let document = fixture.run(&["cancel", "m"]).fails(8).stderr_has("in_progress").json();
    assert_eq!(document["may_still_happen"][0]["event_id"], id);
    assert_eq!(
        fixture.row(ServiceTable::Scheduled, 0)["status"],
        "in_progress",
        "its record is left alone"
    );
}

#[test]
fn a_deletion_that_failed_is_listed_and_repeated_by_the_next_tick() {
    let fixture = Fixture::new();
    let id = fixture.call("07", &[]);
    fixture.service.clock().periods(20);
    fixture.service.fail_always("DELETE", EVENT, RequestFault::Status(500));
    let out = fixture.run(&["cancel", "m"]);
    assert_eq!(out.fails(8).json()["may_still_happen"][0]["event_id"], id);
    fixture.service.heal();
    fixture.tick_after(1);
    fixture.tick_after(20);
    assert_eq!((fixture.service.dialled(), fixture.run_status()), (vec![], json!("cancelled")));
}

#[test]
fn what_another_program_may_be_scheduling_is_listed() {
    let fixture = Fixture::new();
    fixture.service.clock().periods(20);
    fixture.service.fail("POST", "/v1/assistants/:id/events", RequestFault::Cut, 1);
    let line = ["schedule-call", "--mission", "m", &format!("{TO}07"), "in 9m"];
    fixture.run(&line).fails(8);
    let document = fixture.run(&["cancel", "m"]).fails(8).json();
    assert_eq!(document["may_still_happen"][0]["to"], format!("{TO}07"), "{document:#}");
}

#[test]
fn a_failed_mission_is_recorded_everywhere_and_what_is_scheduled_is_deleted() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    let state = fixture.state();
    let (m, r) = (state["mission_id"].as_str().unwrap(), state["run_id"].as_str().unwrap());
    fixture.ok(&["update-step", m, r, "calls", "in_progress"]);
    let document = fixture.ok(&["fail", "m", "All numbers are wrong"]);
    assert_eq!(
        (&document["step"], &document["settled"]),
        (&json!("calls"), &json!(true)),
        "{document:#}"
    );
    assert_eq!(
        (fixture.step_status("calls"), fixture.run_status()),
        (json!("failed"), json!("failed"))
    );
    assert!(fixture.log().contains(&"error Failed: All numbers are wrong".to_owned()));
    let memory = fixture.state()["memory"].clone();
    let error = json!({"error": "All numbers are wrong", "recoverable": false});
    assert_eq!(memory["error_calls"], error);
    let result =
        json!({"status": "failed", "reason": "All numbers are wrong", "failed_step": "calls"});
    assert_eq!(memory["result"], result);
    assert_eq!((n_pending(&fixture), fixture.state()["status"].clone()), (0, json!("failed")));
    assert_eq!(fixture.notified(), Vec::<String>::new(), "it was ended by hand");
    assert_eq!(fixture.ok(&["fail", "m", "Again"])["reason"], "All numbers are wrong");
    fixture.run(&["fail", "n", "x"]).fails(2).stderr_has("`m`");
}

#[test]
fn an_end_that_was_interrupted_is_finished_by_a_tick() {
    let fixture = Fixture::new();
    fixture.service.clock().periods(20);
    fixture.service.fail_always("PATCH", "/v1/missions/:m/runs/:r", RequestFault::Status(503));
    fixture.run(&["fail", "m", "No use"]).fails(8).stderr_has("mission/run");
    assert_eq!(fixture.run_status(), "running");
    fixture.service.heal();
    assert_eq!(fixture.tick()["settled"], true);
    assert_eq!(fixture.run_status(), "failed");
}

#[test]
fn completing_by_hand_warns_of_what_is_still_scheduled() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    fixture.run(&["complete", "m", "Done early"]).ok().stderr_has("`missions cancel m`");
    assert_eq!((n_pending(&fixture), fixture.run_status()), (1, json!("succeeded")));
    assert_eq!(fixture.tick_after(1), Value::Null, "a mission that was completed is left alone");
    assert_eq!(fixture.ok(&["cancel", "m"])["cancelled"].as_array().map(Vec::len), Some(1));
    assert_eq!((n_pending(&fixture), fixture.run_status()), (0, json!("succeeded")));
}

#[test]
fn next_says_what_the_mission_needs_as_a_command_line() {
    let fixture = Fixture::new();
    let state = fixture.state();
    let (m, r) = (state["mission_id"].as_str().unwrap(), state["run_id"].as_str().unwrap());
    let next = || fixture.ok(&["next", "m"])["command"].clone();
    assert_eq!(next(), format!("missions update-step {m} {r} calls in_progress"));
    fixture.call("07", &[]);
    assert_eq!(next(), "missions cron add m");
    let document = fixture.ok(&["next", "m"]);
    assert_eq!(document["decision"], "wait");
    fixture.ok(&["update-step", m, r, "calls", "failed"]);
    fixture.ok(&["cancel", "m"]);
    let over = fixture.ok(&["next", "m"]);
    assert_eq!(
        (&over["decision"], &over["status"], &over["command"]),
        (&json!("over"), &json!("cancelled"), &Value::Null)
    );
}

#[test]
fn a_gateway_that_is_down_is_notified_later_and_the_mission_ends_without_it() {
    let fixture = Fixture::new();
    // Nobody listens on the port of `discard`.
    fixture.sandbox.adjust(&json!({"gateway_url": "http://127.0.0.1:9"}));
    fixture.call("02", &[]);
    fixture.service.advance(Duration::from_secs(8 * 60));
    let report =
        fixture.run(&["tick"]).fails(4).stderr_has("not notified").json()["missions"][0].clone();
    assert_eq!((fixture.run_status(), &report["settled"]), (json!("failed"), &json!(false)));
    fixture.sandbox.adjust(&json!({"gateway_url": fixture.gateway.url()}));
    assert_eq!(fixture.tick_after(6)["settled"], true);
    assert_eq!(fixture.notified().len(), 1);
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_nothing_is_done() {
    let fixture = Fixture::new();
    let id = fixture.call("02", &["--recipient", "automated"]);
    let path = "skill/.missions_state.json";
    for (pointer, named) in [("/m/lifecycle", "`lifecycle`"), (&*format!("/m/events/{id}"), &*id)] {
        let whole = fixture.sandbox.read(path);
        let mut broken: Value = serde_json::from_str(&whole).unwrap();
        broken["m"]["lifecycle"] = json!({});
        *broken.pointer_mut(pointer).unwrap() = json!("broken");
        fixture.sandbox.write(path, &broken.to_string());
        let n_requests = fixture.service.seen().len();
        for command in [&["tick"][..], &["next", "m"], &["cancel", "m"], &["fail", "m", "x"]] {
            fixture.run(command).fails(2).stderr_has(named);
        }
        assert_eq!(fixture.service.seen().len(), n_requests);
        assert_eq!(fixture.sandbox.json(path)["m"]["events"], broken["m"]["events"]);
        fixture.sandbox.write(path, &whole);
    }
}
