//! `missions tick`, from the first poll to the end of a mission, against the simulator.

#[path = "missions/fixture.rs"]
mod fixture;

use std::time::Duration;

use fixture::{Fixture, MISSIONS, TO};
use harness::{
    NUMBER, Sandbox, ServiceSettings, ServiceTable, Signal, SimulatedService, large_mission,
};
use serde_json::{Value, json};

#[test]
fn a_whole_mission_ends_by_a_tick() {
    let steps = r#"[{"step_id":"setup","description":"Create SMS agent","sequence":1},
        {"step_id":"sms","description":"Schedule SMS","sequence":2},
        {"step_id":"verify","description":"Verify delivery","sequence":3}]"#;
    let fixture = Fixture::with(ServiceSettings::default(), steps);
    let state = fixture.state();
    let id = |key: &str| state[key].as_str().unwrap().to_owned();
    let (m, r, a) = (id("mission_id"), id("run_id"), id("assistant_id"));
    let to = format!("{TO}13");
    fixture.ok(&["update-step", &m, &r, "setup", "completed"]);
    fixture.ok(&["update-step", &m, &r, "sms", "in_progress"]);
    let text = "What do you call a bear with no teeth? A gummy bear!";
    let event = fixture.ok(&["schedule-sms", &a, &to, NUMBER, "in 2m", text, &m, &r, "sms"]);
    fixture.ok(&["update-step", &m, &r, "sms", "completed"]);
    fixture.ok(&["update-step", &m, &r, "verify", "in_progress"]);
    let early = fixture.tick();
    assert_eq!((&early["decision"], &early["looked"]), (&json!("wait"), &json!(0)), "{early:#}");
    assert_eq!(fixture.run_status(), "running");

    let ended = fixture.tick_after(5);
    assert_eq!(ended["ended"][0]["event_id"], event["id"], "{ended:#}");
    assert_eq!((&ended["decision"], &ended["settled"]), (&json!("over"), &json!(true)));
    assert_eq!(
        (fixture.step_status("verify"), fixture.run_status()),
        (json!("completed"), json!("succeeded"))
    );
    let log = fixture.log();
    assert!(log.contains(&format!("custom SMS to {to}: succeeded")), "{log:?}");
    assert!(log.iter().any(|line| line.starts_with("step_completed Completed: Verify delivery")));
    let state = fixture.state();
    assert_eq!(state["status"], "succeeded");
    assert_eq!(state["memory"]["result"]["status"], "succeeded");
    assert_eq!(state["events"][event["id"].as_str().unwrap()]["status"], "completed");
    let notified = fixture.notified();
    assert_eq!(notified.len(), 1, "{notified:?}");
    assert!(
        notified[0].contains("mission `m`") && notified[0].contains("succeeded"),
        "{notified:?}"
    );
    // A mission that has ended causes no more requests.
    let asked = fixture.service.seen().len();
    assert_eq!(fixture.tick_after(60), Value::Null);
    assert_eq!(fixture.service.seen().len(), asked);
}

/// A call to the number with these digits has this outcome, and its step and the mission end like this.
#[track_caller]
fn ends(digits: &str, outcome: &str, step: &str, run: &str) {
    let fixture = Fixture::new();
    fixture.call(digits, &[]);
    let mut report = fixture.tick_after(8);
    // Insights come some seconds after a conversation.
    for _ in 0..3 {
        if report["settled"] != true {
            report = fixture.tick_after(1);
        }
    }
    let event = &fixture.row(ServiceTable::Scheduled, 0);
    assert_eq!(report["settled"], true, "{report:#}\n{event:#}");
    assert_eq!((fixture.step_status("calls"), fixture.run_status()), (json!(step), json!(run)));
    let log = fixture.log();
    let wanted = format!("custom Call to {TO}{digits}: {outcome}");
    assert!(log.contains(&wanted), "{wanted} is not in {log:#?}");
    assert_eq!(fixture.service.dialled().len(), 1);
    assert_eq!(fixture.state()["status"], run);
    if run == "failed" {
        let memory = &fixture.state()["memory"];
        assert_eq!(memory["error_calls"]["recoverable"], false);
        assert_eq!(memory["result"]["failed_step"], "calls");
        assert!(log.iter().any(|line| line.starts_with("error Failed: ")), "{log:?}");
    }
}

#[test]
fn an_answered_call_completes_its_step_and_the_mission() {
    ends("07", "succeeded", "completed", "succeeded");
}

#[test]
fn a_busy_line_fails_the_step_where_there_are_no_retries() {
    ends("01", "busy", "failed", "failed");
}

#[test]
fn a_call_that_rings_out_fails_the_step() {
    ends("02", "no answer", "failed", "failed");
}

#[test]
fn a_call_that_cannot_be_carried_fails_the_step() {
    ends("04", "failed", "failed", "failed");
}

#[test]
fn a_cancelled_call_fails_the_step() {
    ends("06", "canceled", "failed", "failed");
}

#[test]
fn a_call_that_never_ends_is_given_up_after_two_hours() {
    let fixture = Fixture::new();
    fixture.call("05", &["--recipient", "automated"]);
    let waiting = fixture.tick_after(8);
    assert_eq!(waiting["decision"], "wait", "{waiting:#}");
    assert_eq!(fixture.tick_after(100)["decision"], "wait");
    let report = fixture.tick_after(20);
    assert_eq!(report["ended"][0]["outcome"], "no end was ever reported", "{report:#}");
    assert_eq!((fixture.run_status(), fixture.service.dialled().len()), (json!("failed"), 1));
}

#[test]
fn an_event_that_was_deleted_at_the_service_is_gone() {
    let fixture = Fixture::new();
    let id = fixture.call("07", &["--recipient", "automated"]);
    let assistant = fixture.state()["assistant_id"].as_str().unwrap().to_owned();
    let before = fixture.sandbox.read("skill/.missions_state.json");
    fixture.ok(&["cancel-scheduled-event", &assistant, &id]);
    // As if another program had done it: nothing of it is stored here.
    fixture.sandbox.write("skill/.missions_state.json", &before);
    let report = fixture.tick_after(8);
    assert_eq!(report["ended"][0]["outcome"], "deleted at the service", "{report:#}");
    assert_eq!((fixture.run_status(), fixture.service.dialled().len()), (json!("failed"), 0));
}

#[test]
fn insights_are_stored_before_the_mission_ends() {
    let fixture = Fixture::new();
    let id = fixture.call("07", &[]);
    // The call takes 35 seconds, and its insights come seven seconds later: a poll between the two.
    fixture.service.advance(Duration::from_secs(5 * 60 + 38));
    let mission = fixture.state()["mission_id"].as_str().unwrap().to_owned();
    let more = json!({"from": NUMBER, "to": format!("{TO}07")});
    let frame = harness::event::mission("call_completed", &mission, Some("calls"), &more);
    let notice = json!({"at": "", "event": frame["event"], "frame": frame});
    fixture.sandbox.write("skill/.mission_events.jsonl", &format!("{notice}\n"));
    let report = fixture.tick();
    assert_eq!(report["decision"], "wait", "{report:#}");
    assert_eq!(
        fixture.sandbox.read("skill/.mission_events.jsonl"),
        "",
        "the pushed event is used up"
    );
    assert_eq!(
        (fixture.step_status("calls"), fixture.run_status()),
        (json!("completed"), json!("running"))
    );
    assert_eq!(
        fixture.notified(),
        Vec::<String>::new(),
        "no notification before the insights are there"
    );
    fixture.service.advance(Duration::from_secs(12));
    let report = fixture.tick();
    assert_eq!(report["settled"], true, "{report:#}");
    assert!(fixture.state()["events"][&id]["insights"]["got"].as_str().unwrap().contains("$40"));
    assert!(
        fixture.log().iter().any(|line| line.contains("Insights of the call")),
        "{:?}",
        fixture.log()
    );
}

#[test]
fn insights_that_never_come_hold_nothing_up_for_long() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    let insights = "/v1/missions/conversations/:c/insights";
    fixture.service.on("GET", insights, 200, json!({"data": []}));
    assert_eq!(fixture.tick_after(8)["decision"], "wait");
    assert_eq!(fixture.tick_after(3)["decision"], "wait");
    assert_eq!(fixture.tick_after(3)["settled"], true);
    assert_eq!(fixture.run_status(), "succeeded");
}

#[test]
fn a_thousand_calls_cost_one_list_for_each_assistant() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    large_mission::add_calls(&service, &sandbox, MISSIONS, 1_000, 3);
    let before = service.seen().len();
    let report = sandbox.run(MISSIONS, ["tick"]).ok().json()["missions"][0].clone();
    assert_eq!((&report["looked"], &report["ended"]), (&json!(1000), &json!([])));
    let asked: Vec<_> = service.seen().split_off(before);
    let lists = asked.iter().filter(|one| one.path.ends_with("/events")).count();
    // That a list is over shows by its next page alone.
    assert_eq!((lists, asked.len()), (6, 8), "three lists, the run and its plan: {asked:#?}");
    // Until the next is due there are no requests.
    sandbox.run(MISSIONS, ["tick"]).ok();
    assert_eq!(service.seen().len(), before + 8);
}

#[test]
fn watching_ticks_until_the_mission_has_ended() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    // Ten minutes in a second.
    fixture.service.speed(600);
    let lines = fixture.run(&["watch", "m"]).ok().json_lines();
    let last = lines.last().unwrap();
    assert_eq!(last["missions"][0]["settled"], true, "{lines:#?}");
    assert_eq!((fixture.run_status(), fixture.service.dialled().len()), (json!("succeeded"), 1));
}

#[test]
fn on_a_terminal_watching_shows_where_each_call_stands_over_and_over() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    fixture.service.speed(600);
    let (watch, _keyboard) = fixture.sandbox.prepare(MISSIONS, ["watch", "m"]).on_screen();
    let shown = watch.finish(Duration::from_secs(60));
    assert_eq!(shown.code(), 0, "{shown}");
    let pictures: Vec<&str> = shown.err().split("\u{1b}[2A\u{1b}[J").collect();
    assert!(pictures.len() > 2, "it moves: {shown}");
    let (first, last) = (pictures[0], pictures[pictures.len() - 1]);
    assert!(first.starts_with("m: running") && first.contains("look in"), "{shown}");
    assert!(last.starts_with("m: succeeded") && last.contains("try 1"), "{shown}");
    let number = format!("{TO}07");
    assert!(!shown.err().contains(&number) && first.contains("+1332***07"), "{shown}");
}

#[test]
fn a_watch_that_is_interrupted_leaves_the_mission_as_it_is() {
    let fixture = Fixture::new();
    fixture.call("07", &[]);
    fixture.service.advance(Duration::from_secs(8 * 60));
    let mut watch = fixture.sandbox.spawn(MISSIONS, ["watch", "m"]);
    fixture.service.wait_request(Duration::from_secs(10), "GET", "/v1/missions/:m/runs/:r/plan", 1);
    watch.signal(Signal::INT);
    let out = watch.finish(Duration::from_secs(10));
    assert!([0, 6].contains(&out.code()), "{out}");
    fixture.tick_after(1);
    fixture.tick_after(10);
    assert_eq!(fixture.run_status(), "succeeded");
}
