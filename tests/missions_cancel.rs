//! The ends that somebody brings about: `missions cancel`, `fail` and `complete`, and what `next` says before.

#[path = "missions/stage.rs"]
mod stage;

use std::time::Duration;

use harness::{RequestFault, ServiceTable};
use serde_json::{Value, json};
use stage::{Stage, TO};

const EVENT: &str = "/v1/assistants/:id/events/:e";

fn n_pending(stage: &Stage) -> usize {
    stage
        .service
        .rows(ServiceTable::Scheduled)
        .iter()
        .filter(|row| row["status"] == "pending")
        .count()
}

#[test]
fn a_mission_that_is_called_off_in_time_dials_nobody() {
    let stage = Stage::new();
    stage.call("07", &[]);
    stage.call("08", &[]);
    let document = stage.ok(&["cancel", "m"]);
    assert_eq!(document["cancelled"].as_array().map(Vec::len), Some(2), "{document:#}");
    assert_eq!(
        (&document["status"], &document["may_still_happen"]),
        (&json!("cancelled"), &json!([]))
    );
    assert_eq!((n_pending(&stage), stage.run_status()), (0, json!("cancelled")));
    stage.tick_after(20);
    assert_eq!((stage.service.dialled(), stage.told()), (vec![], vec![]));
    // Again, it is as done as before; and nothing new is scheduled for it.
    assert_eq!(stage.ok(&["cancel", "m"])["may_still_happen"], json!([]));
    let line = ["schedule-call", "--mission", "m", &format!("{TO}07"), "in 9m"];
    stage.run(&line).fails(2).stderr_has("has ended (cancelled)");
}

#[test]
fn a_mission_that_the_service_never_heard_of_is_named() {
    let stage = Stage::new();
    stage.ok(&["save-memory", "noted", "k", "v", "--create"]);
    for command in [&["cancel", "noted"][..], &["fail", "noted", "why"]] {
        stage
            .run(command)
            .fails(2)
            .silent()
            .stderr_has("mission `noted` has no run at the service");
    }
}

#[test]
fn what_may_still_happen_is_listed() {
    let stage = Stage::new();
    let soon = stage.call("07", &[]);
    stage.service.advance(Duration::from_secs(4 * 60 + 10));
    let late = stage.call("08", &[]);
    let out = stage.run(&["cancel", "m"]);
    let document = out.fails(8).stderr_has("too near").json();
    assert_eq!(document["may_still_happen"][0]["event_id"], soon, "{document:#}");
    assert_eq!(document["cancelled"][0]["event_id"], late);
    assert_eq!(stage.run_status(), "cancelled");
}

#[test]
fn a_call_under_way_is_not_called_off_by_deleting_its_record() {
    let stage = Stage::new();
    let id = stage.call("05", &[]);
    stage.service.advance(Duration::from_secs(6 * 60));
    let document = stage.run(&["cancel", "m"]).fails(8).stderr_has("in_progress").json();
    assert_eq!(document["may_still_happen"][0]["event_id"], id);
    assert_eq!(
        stage.row(ServiceTable::Scheduled, 0)["status"],
        "in_progress",
        "its record is left alone"
    );
}

#[test]
fn a_deletion_that_failed_is_listed_and_made_up_for_by_the_next_tick() {
    let stage = Stage::new();
    let id = stage.call("07", &[]);
    stage.service.clock().periods(20);
    stage.service.fail_always("DELETE", EVENT, RequestFault::Status(500));
    let out = stage.run(&["cancel", "m"]);
    assert_eq!(out.fails(8).json()["may_still_happen"][0]["event_id"], id);
    stage.service.heal();
    stage.tick_after(1);
    stage.tick_after(20);
    assert_eq!((stage.service.dialled(), stage.run_status()), (vec![], json!("cancelled")));
}

#[test]
fn what_another_program_may_be_scheduling_is_listed() {
    let stage = Stage::new();
    stage.service.clock().periods(20);
    stage.service.fail("POST", "/v1/assistants/:id/events", RequestFault::Cut, 1);
    let line = ["schedule-call", "--mission", "m", &format!("{TO}07"), "in 9m"];
    stage.run(&line).fails(8);
    let document = stage.run(&["cancel", "m"]).fails(8).json();
    assert_eq!(document["may_still_happen"][0]["to"], format!("{TO}07"), "{document:#}");
}

#[test]
fn a_mission_that_fails_takes_the_six_steps_and_what_waits_with_it() {
    let stage = Stage::new();
    stage.call("07", &[]);
    let kept = stage.state();
    let (m, r) = (kept["mission_id"].as_str().unwrap(), kept["run_id"].as_str().unwrap());
    stage.ok(&["update-step", m, r, "calls", "in_progress"]);
    let document = stage.ok(&["fail", "m", "All numbers are wrong"]);
    assert_eq!(
        (&document["step"], &document["settled"]),
        (&json!("calls"), &json!(true)),
        "{document:#}"
    );
    assert_eq!(
        (stage.step_status("calls"), stage.run_status()),
        (json!("failed"), json!("failed"))
    );
    assert!(stage.log().contains(&"error Failed: All numbers are wrong".to_owned()));
    let memory = stage.state()["memory"].clone();
    let error = json!({"error": "All numbers are wrong", "recoverable": false});
    assert_eq!(memory["error_calls"], error);
    let result =
        json!({"status": "failed", "reason": "All numbers are wrong", "failed_step": "calls"});
    assert_eq!(memory["result"], result);
    assert_eq!((n_pending(&stage), stage.state()["status"].clone()), (0, json!("failed")));
    assert_eq!(stage.told(), Vec::<String>::new(), "who ended it knows");
    assert_eq!(stage.ok(&["fail", "m", "Again"])["reason"], "All numbers are wrong");
    stage.run(&["fail", "n", "x"]).fails(2).stderr_has("`m`");
}

#[test]
fn an_end_that_was_interrupted_is_finished_by_a_tick() {
    let stage = Stage::new();
    stage.service.clock().periods(20);
    stage.service.fail_always("PATCH", "/v1/missions/:m/runs/:r", RequestFault::Status(503));
    stage.run(&["fail", "m", "No use"]).fails(4).stderr_has("mission/run");
    assert_eq!(stage.run_status(), "running");
    stage.service.heal();
    assert_eq!(stage.tick()["settled"], true);
    assert_eq!(stage.run_status(), "failed");
}

#[test]
fn completing_by_hand_warns_of_what_is_still_scheduled() {
    let stage = Stage::new();
    stage.call("07", &[]);
    stage.run(&["complete", "m", "Done early"]).ok().stderr_has("`missions cancel m`");
    assert_eq!((n_pending(&stage), stage.run_status()), (1, json!("succeeded")));
    assert_eq!(stage.tick_after(1), Value::Null, "a mission that was completed is left alone");
    assert_eq!(stage.ok(&["cancel", "m"])["cancelled"].as_array().map(Vec::len), Some(1));
    assert_eq!((n_pending(&stage), stage.run_status()), (0, json!("succeeded")));
}

#[test]
fn next_says_what_the_mission_needs_as_a_command_line() {
    let stage = Stage::new();
    let kept = stage.state();
    let (m, r) = (kept["mission_id"].as_str().unwrap(), kept["run_id"].as_str().unwrap());
    let next = || stage.ok(&["next", "m"])["command"].clone();
    assert_eq!(next(), format!("missions update-step {m} {r} calls in_progress"));
    stage.call("07", &[]);
    assert_eq!(next(), "missions cron add m");
    let document = stage.ok(&["next", "m"]);
    assert_eq!(document["decision"], "wait");
    stage.ok(&["update-step", m, r, "calls", "failed"]);
    stage.ok(&["cancel", "m"]);
    let over = stage.ok(&["next", "m"]);
    assert_eq!(
        (&over["decision"], &over["status"], &over["command"]),
        (&json!("over"), &json!("cancelled"), &Value::Null)
    );
}

#[test]
fn a_gateway_that_is_down_is_told_later_and_holds_nothing_up_for_ever() {
    let stage = Stage::new();
    // Nobody listens on the port of `discard`.
    stage.sandbox.adjust(&json!({"gateway_url": "http://127.0.0.1:9"}));
    stage.call("02", &[]);
    stage.service.advance(Duration::from_secs(8 * 60));
    let report = stage.run(&["tick"]).fails(4).stderr_has("not told").json()["missions"][0].clone();
    assert_eq!((stage.run_status(), &report["settled"]), (json!("failed"), &json!(false)));
    stage.sandbox.adjust(&json!({"gateway_url": stage.gateway.url()}));
    assert_eq!(stage.tick_after(6)["settled"], true);
    assert_eq!(stage.told().len(), 1);
}

#[test]
fn what_the_state_keeps_and_cannot_be_read_is_named_and_nothing_is_done() {
    let stage = Stage::new();
    let id = stage.call("02", &["--recipient", "automated"]);
    let path = "skill/.missions_state.json";
    for (pointer, named) in [("/m/lifecycle", "`lifecycle`"), (&*format!("/m/events/{id}"), &*id)] {
        let whole = stage.sandbox.read(path);
        let mut broken: Value = serde_json::from_str(&whole).unwrap();
        broken["m"]["lifecycle"] = json!({});
        *broken.pointer_mut(pointer).unwrap() = json!("broken");
        stage.sandbox.write(path, &broken.to_string());
        let asked = stage.service.seen().len();
        for command in [&["tick"][..], &["next", "m"], &["cancel", "m"], &["fail", "m", "x"]] {
            stage.run(command).fails(2).stderr_has(named);
        }
        assert_eq!(stage.service.seen().len(), asked);
        assert_eq!(stage.sandbox.json(path)["m"]["events"], broken["m"]["events"]);
        stage.sandbox.write(path, &whole);
    }
}
