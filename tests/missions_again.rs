//! Whom `missions tick` tries again, when, and that nobody is dialled twice, against the simulator.

#[path = "missions/stage.rs"]
mod stage;

use std::time::Duration;

use harness::{RequestFault, ServiceSettings, ServiceTable};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};
use stage::{MISSIONS, Stage, TO};

const EVENTS: &str = "/v1/assistants/:id/events";

/// When the newest event is to happen.
fn newest(stage: &Stage) -> Timestamp {
    let rows = stage.service.rows(ServiceTable::Scheduled);
    let at = rows.last().and_then(|row| row["scheduled_at"].as_str());
    at.and_then(|at| at.parse().ok()).expect("something was scheduled")
}

fn minutes_until(stage: &Stage, at: Timestamp) -> u64 {
    let seconds = at.duration_since(stage.service.clock().now()).as_secs();
    u64::try_from(seconds).expect("it is still to come").div_ceil(60)
}

/// Ticks until the mission is settled, each time three minutes after the newest event.
fn play(stage: &Stage) -> Value {
    let mut report = stage.tick_after(8);
    for _ in 0..10 {
        if report["settled"] == true {
            return report;
        }
        let wait = minutes_until(stage, newest(stage).max(stage.service.clock().now()));
        report = stage.tick_after(wait + 3);
    }
    panic!("the mission does not end: {report:#}");
}

#[test]
fn an_automated_line_is_tried_three_times_more_within_minutes() {
    let stage = Stage::new();
    let first = stage.call("02", &["--recipient", "automated"]);
    let report = stage.tick_after(8);
    assert_eq!(report["retries"].as_array().map(Vec::len), Some(1), "{report:#}");
    let wait = minutes_until(&stage, newest(&stage));
    assert!((4..=15).contains(&wait), "{wait} minutes");
    play(&stage);
    assert_eq!(stage.service.dialled().len(), 4);
    assert_eq!(
        (stage.step_status("calls"), stage.run_status()),
        (json!("failed"), json!("failed"))
    );
    let ends = stage.log().iter().filter(|line| line.ends_with(": no answer")).count();
    assert_eq!((ends, stage.told().len()), (4, 1), "{:?}", stage.log());
    assert_eq!(stage.row(ServiceTable::Scheduled, 3)["step_id"], "calls");
    let kept = stage.state();
    let events = kept["events"].as_object().unwrap();
    let retries: Vec<_> = events.values().filter(|event| event["retry_of"] == *first).collect();
    let numbers: Vec<_> = retries.iter().map(|event| event["attempt"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
    assert_eq!(kept["memory"]["scheduled_events"].as_array().map(Vec::len), Some(4));
    let reason = kept["memory"]["result"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("no answer after 4 attempts"), "{reason}");
}

/// The machine's clock is wrong: what the service says of the time decides when the phone rings again.
#[test]
fn a_wrong_clock_changes_nothing_of_when_somebody_is_tried_again() {
    for wrong in ["+1h", "-1h"] {
        let stage = Stage::new();
        stage.call("02", &["--recipient", "automated"]);
        stage.service.advance(Duration::from_secs(70 * 60));
        let out = stage.sandbox.prepare(MISSIONS, ["tick"]).skewed(wrong).run();
        let report = out.ok().json()["missions"][0].clone();
        assert_eq!(report["retries"].as_array().map(Vec::len), Some(1), "{report:#}");
        // It failed an hour ago, so that nothing but the notice is waited for; or it was seen just now.
        let wait = minutes_until(&stage, newest(&stage));
        assert!((1..=15).contains(&wait), "{wrong}: {wait} minutes");
    }
}

/// A call that goes on is given up after two hours, not after one on a clock that is an hour ahead.
#[test]
fn a_wrong_clock_gives_up_no_call_that_goes_on() {
    let stage = Stage::new();
    stage.call("05", &["--recipient", "automated"]);
    stage.service.advance(Duration::from_secs(70 * 60));
    let out = stage.sandbox.prepare(MISSIONS, ["tick"]).skewed("+1h").run();
    let report = out.ok().json()["missions"][0].clone();
    assert_eq!((&report["looked"], &report["ended"]), (&json!(1), &json!([])), "{report:#}");
    assert_eq!(stage.run_status(), "running");
    let report = stage.tick_after(60);
    assert_eq!(report["ended"][0]["outcome"], "no end was ever reported", "{report:#}");
}

#[test]
fn a_service_place_is_left_alone_at_its_peak() {
    let stage = Stage::new();
    // Noon in New York: half an hour to two hours later, outside half past eleven to half past one.
    stage.call("01", &["--recipient", "service"]);
    stage.tick_after(8);
    let local = newest(&stage).to_zoned(TimeZone::get("America/New_York").unwrap());
    assert!((13, 30) <= (local.hour(), local.minute()) && local.hour() < 15, "{local}");
}

#[test]
fn a_professional_is_tried_on_the_next_business_day() {
    let stage = Stage::new();
    stage.call("02", &["--recipient", "professional"]);
    stage.tick_after(8);
    let zone = TimeZone::get("America/New_York").unwrap();
    let local = newest(&stage).to_zoned(zone.clone());
    let tomorrow = stage.service.clock().now().to_zoned(zone).date() + 1.day();
    assert_eq!((local.date(), local.hour()), (tomorrow, 9));
}

#[test]
fn a_number_that_must_not_be_called_any_more_is_not_tried_again() {
    let stage = Stage::new();
    stage.call("02", &["--recipient", "automated"]);
    stage.tick_after(8);
    stage.ok(&["dnc", "add", &format!("{TO}02")]);
    // The second try that waits is withdrawn, and no third is made.
    let report = stage.tick();
    assert!(report["done"].to_string().contains("withdraw/"), "{report:#}");
    play(&stage);
    assert_eq!((stage.service.dialled().len(), stage.run_status()), (1, json!("failed")));
}

/// `connect` puts a number on the list; no mission is told of it.
#[test]
fn what_waits_for_who_opts_out_meanwhile_is_withdrawn_by_the_next_tick() {
    let stage = Stage::new();
    let to = format!("{TO}07");
    for command in ["schedule-call", "schedule-sms"] {
        let line = [command, "--mission", "m", &to, "in 3h", "--step", "calls"];
        let words = if command == "schedule-sms" { &["Hello"][..] } else { &["--any-time"] };
        stage.ok(&[&line[..5], words, &line[5..]].concat());
    }
    stage.tick();
    let opts_out = |covers: &str| {
        let list = json!({
            "format": 1, "numbers": {&to: "2026-01-01T00:00:00Z"},
            "details": {&to: {"why": "opt-out", "covers": covers}},
        });
        stage.sandbox.write("skill/.do_not_call.json", &list.to_string());
    };
    let n_waiting = || {
        let rows = stage.service.rows(ServiceTable::Scheduled);
        rows.iter().filter(|row| row["status"] == "pending").count()
    };
    for (covers, n_left) in [("texts", 1), ("texts and calls", 0)] {
        opts_out(covers);
        let report = stage.tick();
        assert!(report["done"].to_string().contains("withdraw/"), "{report:#}");
        assert_eq!((n_waiting(), stage.tick()), (n_left, Value::Null), "{covers}");
    }
    stage.service.advance(Duration::from_secs(4 * 3600));
    assert_eq!((stage.service.dialled(), stage.service.texted()), (vec![], vec![]));
}

#[test]
fn who_the_carrier_says_opted_out_gets_no_more_texts() {
    let stage = Stage::new();
    let (one, other) = (format!("{TO}04"), format!("{TO}05"));
    let line = ["schedule-sms", "--mission", "m", &one, "in 5m", "Hello", "--step", "calls"];
    stage.ok(&[&line[..], &["--recipient", "automated"]].concat());
    stage.service.advance(Duration::from_secs(8 * 60));
    let mut row = stage.row(ServiceTable::Scheduled, 0);
    row["errors"] = json!(["40300: Blocked due to STOP message"]);
    stage.service.once("GET", EVENTS, 200, json!({"events": [row]}));
    let report = stage.tick();
    assert_eq!((&report["ended"][0]["to"], &report["retries"]), (&json!(one), &json!([])));
    // The same where the service says so when it is asked to schedule one.
    let errors = r#"{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}"#;
    let message = format!("Telnyx schedule SMS failed (400): {errors}");
    let refusal = json!({"error": {"code": "internal", "message": message}});
    stage.service.once("POST", EVENTS, 500, refusal);
    stage.ok(&["init", "N", "I", "R", stage::ONE_STEP]);
    stage.ok(&["setup-agent", "n", "A", "I", "Hi", "--caller-id-only"]);
    let line = ["schedule-sms", "--mission", "n", &other, "in 5m", "Hello"];
    stage.run(&line).fails(1).stderr_has("opted out of texts");
    stage.run(&line).fails(1).stderr_has("the carrier says");
    let details = stage.ok(&["dnc", "list"])["details"].clone();
    let texts = json!({"why": "carrier", "covers": "texts"});
    assert_eq!(details, json!({&one: texts, &other: texts}));
}

#[test]
fn a_lost_answer_never_leads_to_a_second_dial() {
    for fault in [RequestFault::Lost, RequestFault::Cut] {
        let stage = Stage::with(ServiceSettings::default(), stage::ONE_STEP);
        stage.service.clock().periods(20);
        stage.call("02", &["--recipient", "automated"]);
        stage.service.fail("POST", EVENTS, fault.clone(), 1);
        stage.service.advance(Duration::from_secs(8 * 60));
        let out = stage.run(&["tick"]);
        let report = out.json()["missions"][0].clone();
        let n_asked = || stage.service.seen_at("POST", EVENTS).len();
        assert_eq!(n_asked(), 2, "{report:#}");
        if report["unsettled"] != json!([]) {
            out.fails(8).stderr_has("may have been scheduled");
        }
        // However often it runs until the time of that call, it asks for no other.
        for _ in 0..5 {
            stage.service.advance(Duration::from_secs(60));
            stage.run(&["tick"]);
        }
        assert_eq!(n_asked(), 2);
        let n_made = stage.service.rows(ServiceTable::Scheduled).len();
        if fault == RequestFault::Lost {
            // It was made, and is found: the chain goes on.
            let known = stage.state()["events"].as_object().map(serde_json::Map::len);
            assert_eq!((n_made, known), (2, Some(2)));
        } else {
            // It never was: nobody can know that, so the chain ends in doubt.
            assert_eq!(n_made, 1);
            stage.service.advance(Duration::from_secs(3 * 3600));
            stage.ok(&["tick"]);
            assert_eq!((stage.run_status(), n_asked()), (json!("failed"), 2));
        }
    }
}

#[test]
fn two_ticks_at_once_and_kills_leave_one_dial_for_each_attempt() {
    let stage = Stage::new();
    for end in ["02", "01", "07"] {
        stage.call(end, &["--recipient", "automated"]);
    }
    let mut settled = false;
    for round in 0..60u64 {
        stage.service.advance(Duration::from_secs(3 * 60));
        let mut one = stage.sandbox.spawn(MISSIONS, ["tick"]);
        let other = stage.sandbox.spawn(MISSIONS, ["tick", "m"]);
        if round % 3 > 0 {
            // Somewhere between its first look and its last write.
            std::thread::sleep(Duration::from_millis(round * 7 % 50));
            one.signal(harness::Signal::KILL);
        }
        one.finish(Duration::from_secs(60));
        other.finish(Duration::from_secs(60));
        settled = stage.state()["status"] != "running" && stage.tick() == Value::Null;
        if settled {
            break;
        }
    }
    assert!(settled, "{:#}", stage.state());
    let dialled = stage.service.dialled();
    let to = |end: &str| dialled.iter().filter(|to| to.ends_with(end)).count();
    assert!(to("02") <= 4 && to("01") <= 4, "{dialled:?}");
    assert_eq!(to("07"), 1);
    let rows = stage.service.rows(ServiceTable::Scheduled);
    let mut times: Vec<_> = rows
        .iter()
        .map(|row| (row["to_number"].to_string(), row["scheduled_at"].to_string()))
        .collect();
    times.sort();
    times.dedup();
    assert_eq!(times.len(), rows.len(), "the same call was scheduled twice");
    assert_eq!(stage.run_status(), "succeeded", "one of three was reached");
}

#[test]
fn one_voicemail_is_enough_for_a_professional() {
    for (kind, n_retries) in [("professional", 0), ("automated", 1)] {
        let stage = Stage::new();
        stage.call("07", &["--recipient", kind]);
        stage.service.advance(Duration::from_secs(8 * 60));
        let mut row = stage.row(ServiceTable::Scheduled, 0);
        row["outcome"] = "voicemail".into();
        row["conversation_id"] = Value::Null;
        stage.service.once("GET", EVENTS, 200, json!({"events": [row]}));
        let report = stage.tick();
        assert_eq!(report["ended"][0]["outcome"], "voicemail", "{report:#}");
        assert_eq!(report["retries"].as_array().map(Vec::len), Some(n_retries), "{kind}");
    }
}

#[test]
fn nobody_is_tried_again_without_a_kind_and_an_unknown_kind_is_refused() {
    let stage = Stage::new();
    let to = format!("{TO}02");
    let line = ["schedule-call", "--mission", "m", &to, "in 5m", "--recipient", "plumber"];
    stage.run(&line).fails(2).stderr_has("automated, service or professional");
    stage.call("02", &[]);
    let report = stage.tick_after(8);
    assert_eq!((&report["retries"], stage.run_status()), (&json!([]), json!("failed")));
}

#[test]
fn a_text_that_was_not_delivered_is_tried_again_within_business_hours() {
    let stage = Stage::new();
    let to = format!("{TO}04");
    let line = ["schedule-sms", "--mission", "m", &to, "in 5m", "Hello", "--step", "calls"];
    stage.ok(&[&line[..], &["--recipient", "professional"]].concat());
    stage.tick_after(8);
    let again = stage.row(ServiceTable::Scheduled, 1);
    assert_eq!((&again["channel"], &again["text_body"]), (&json!("sms"), &json!("Hello")));
    let local = newest(&stage).to_zoned(TimeZone::get("America/New_York").unwrap());
    assert_eq!(local.hour(), 9, "{local}");
    // A text outside those hours is scheduled all the same, with a warning.
    let line = ["schedule-sms", "--mission", "m", &to, "in 10h", "Good night"];
    stage.run(&line).ok().stderr_has("outside business hours");
}
