//! Whom `missions tick` retries and when, and that nobody is called twice for one retry, against the simulator.

#[path = "missions/fixture.rs"]
mod fixture;

use std::time::Duration;

use fixture::{Fixture, MISSIONS, TO};
use harness::{RequestFault, ServiceSettings, ServiceTable};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

const EVENTS: &str = "/v1/assistants/:id/events";

/// When the newest event is to happen.
fn newest(fixture: &Fixture) -> Timestamp {
    let rows = fixture.service.rows(ServiceTable::Scheduled);
    let at = rows.last().and_then(|row| row["scheduled_at"].as_str());
    at.and_then(|at| at.parse().ok()).expect("something was scheduled")
}

fn minutes_until(fixture: &Fixture, at: Timestamp) -> u64 {
    let seconds = at.duration_since(fixture.service.clock().now()).as_secs();
    u64::try_from(seconds).expect("it is still to come").div_ceil(60)
}

/// Ticks until the mission is finished, each time three minutes after the newest event.
fn play(fixture: &Fixture) -> Value {
    let mut report = fixture.tick_after(8);
    for _ in 0..10 {
        if report["settled"] == true {
            return report;
        }
        let wait = minutes_until(fixture, newest(fixture).max(fixture.service.clock().now()));
        report = fixture.tick_after(wait + 3);
    }
    panic!("the mission does not end: {report:#}");
}

#[test]
fn an_automated_line_is_tried_three_times_within_minutes() {
    let fixture = Fixture::new();
    let first = fixture.call("02", &["--recipient", "automated"]);
    let report = fixture.tick_after(8);
    assert_eq!(report["retries"].as_array().map(Vec::len), Some(1), "{report:#}");
    let wait = minutes_until(&fixture, newest(&fixture));
    assert!((4..=15).contains(&wait), "{wait} minutes");
    play(&fixture);
    assert_eq!(fixture.service.dialled().len(), 3);
    assert_eq!(
        (fixture.step_status("calls"), fixture.run_status()),
        (json!("failed"), json!("failed"))
    );
    let ends = fixture.log().iter().filter(|line| line.ends_with(": no answer")).count();
    assert_eq!((ends, fixture.notified().len()), (3, 1), "{:?}", fixture.log());
    assert_eq!(fixture.row(ServiceTable::Scheduled, 2)["step_id"], "calls");
    let state = fixture.state();
    let events = state["events"].as_object().unwrap();
    let retries: Vec<_> = events.values().filter(|event| event["retry_of"] == *first).collect();
    let numbers: Vec<_> = retries.iter().map(|event| event["attempt"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);
    assert_eq!(state["memory"]["scheduled_events"].as_array().map(Vec::len), Some(3));
    let reason = state["memory"]["result"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("no answer after 3 attempts"), "{reason}");
}

/// The machine's clock is wrong: the service's time decides when the phone rings again.
#[test]
fn a_wrong_clock_does_not_change_when_a_retry_happens() {
    for wrong in ["+1h", "-1h"] {
        let fixture = Fixture::new();
        fixture.call("02", &["--recipient", "automated"]);
        fixture.service.advance(Duration::from_secs(70 * 60));
        let out = fixture.sandbox.prepare(MISSIONS, ["tick"]).skewed(wrong).run();
        let report = out.ok().json()["missions"][0].clone();
        assert_eq!(report["retries"].as_array().map(Vec::len), Some(1), "{report:#}");
        // It failed an hour ago, so that only the notice is waited for; or that was noticed just now.
        let wait = minutes_until(&fixture, newest(&fixture));
        assert!((1..=15).contains(&wait), "{wrong}: {wait} minutes");
    }
}

/// A call that goes on is given up after two hours, not after one on a clock that is an hour ahead.
#[test]
fn a_wrong_clock_gives_up_no_call_that_goes_on() {
    let fixture = Fixture::new();
    fixture.call("05", &["--recipient", "automated"]);
    fixture.service.advance(Duration::from_secs(70 * 60));
    let out = fixture.sandbox.prepare(MISSIONS, ["tick"]).skewed("+1h").run();
    let report = out.ok().json()["missions"][0].clone();
    assert_eq!((&report["looked"], &report["ended"]), (&json!(1), &json!([])), "{report:#}");
    assert_eq!(fixture.run_status(), "running");
    let report = fixture.tick_after(60);
    assert_eq!(report["ended"][0]["outcome"], "no end was ever reported", "{report:#}");
}

#[test]
fn a_service_is_not_retried_in_its_peak_hours() {
    let fixture = Fixture::new();
    // Noon in New York: half an hour to two hours later, outside half past eleven to half past one.
    fixture.call("01", &["--recipient", "service"]);
    fixture.tick_after(8);
    let local = newest(&fixture).to_zoned(TimeZone::get("America/New_York").unwrap());
    assert!((13, 30) <= (local.hour(), local.minute()) && local.hour() < 15, "{local}");
}

#[test]
fn a_professional_is_retried_on_the_next_business_day() {
    let fixture = Fixture::new();
    fixture.call("02", &["--recipient", "professional"]);
    fixture.tick_after(8);
    let zone = TimeZone::get("America/New_York").unwrap();
    let local = newest(&fixture).to_zoned(zone.clone());
    let tomorrow = fixture.service.clock().now().to_zoned(zone).date() + 1.day();
    assert_eq!((local.date(), local.hour()), (tomorrow, 9));
}

#[test]
fn a_number_on_the_do_not_call_list_is_not_retried() {
    let fixture = Fixture::new();
    fixture.call("02", &["--recipient", "automated"]);
    fixture.tick_after(8);
    fixture.ok(&["dnc", "add", &format!("{TO}02")]);
    // The retry that is scheduled is deleted, and no other is made.
    let report = fixture.tick();
    assert!(report["done"].to_string().contains("withdraw/"), "{report:#}");
    play(&fixture);
    assert_eq!((fixture.service.dialled().len(), fixture.run_status()), (1, json!("failed")));
}

/// `connect` puts a number onto the list while a mission goes on.
#[test]
fn what_is_scheduled_for_a_number_that_opts_out_is_deleted_by_the_next_tick() {
    let fixture = Fixture::new();
    let to = format!("{TO}07");
    for command in ["schedule-call", "schedule-sms"] {
        let line = [command, "--mission", "m", &to, "in 3h", "--step", "calls"];
        let words = if command == "schedule-sms" { &["Hello"][..] } else { &["--any-time"] };
        fixture.ok(&[&line[..5], words, &line[5..]].concat());
    }
    fixture.tick();
    let opts_out = |covers: &str| {
        let list = json!({
            "format": 1, "numbers": {&to: "2026-01-01T00:00:00Z"},
            "details": {&to: {"why": "opt-out", "covers": covers}},
        });
        fixture.sandbox.write("skill/.do_not_call.json", &list.to_string());
    };
    let n_waiting = || {
        let rows = fixture.service.rows(ServiceTable::Scheduled);
        rows.iter().filter(|row| row["status"] == "pending").count()
    };
    for (covers, n_left) in [("texts", 1), ("texts and calls", 0)] {
        opts_out(covers);
        let report = fixture.tick();
        assert!(report["done"].to_string().contains("withdraw/"), "{report:#}");
        assert_eq!((n_waiting(), fixture.tick()), (n_left, Value::Null), "{covers}");
    }
    fixture.service.advance(Duration::from_secs(4 * 3600));
    assert_eq!((fixture.service.dialled(), fixture.service.texted()), (vec![], vec![]));
}

#[test]
fn who_the_carrier_says_opted_out_gets_no_more_texts() {
    let fixture = Fixture::new();
    let (one, other) = (format!("{TO}04"), format!("{TO}05"));
    let line = ["schedule-sms", "--mission", "m", &one, "in 5m", "Hello", "--step", "calls"];
    fixture.ok(&[&line[..], &["--recipient", "automated"]].concat());
    fixture.service.advance(Duration::from_secs(8 * 60));
    let mut row = fixture.row(ServiceTable::Scheduled, 0);
    row["errors"] = json!(["40300: Blocked due to STOP message"]);
    fixture.service.once("GET", EVENTS, 200, json!({"events": [row]}));
    let report = fixture.tick();
    assert_eq!((&report["ended"][0]["to"], &report["retries"]), (&json!(one), &json!([])));
    // The same where the service says so when one is to be scheduled.
    let errors = r#"{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}"#;
    let message = format!("Telnyx schedule SMS failed (400): {errors}");
    let refusal = json!({"error": {"code": "internal", "message": message}});
    fixture.service.once("POST", EVENTS, 500, refusal);
    fixture.ok(&["init", "N", "I", "R", fixture::ONE_STEP]);
    fixture.ok(&["setup-agent", "n", "A", "I", "Hi", "--caller-id-only"]);
    let line = ["schedule-sms", "--mission", "n", &other, "in 5m", "Hello"];
    fixture.run(&line).fails(1).stderr_has("opted out of texts");
    fixture.run(&line).fails(1).stderr_has("the carrier says");
    let details = fixture.ok(&["dnc", "list"])["details"].clone();
    let texts = json!({"why": "carrier", "covers": "texts"});
    assert_eq!(details, json!({&one: texts, &other: texts}));
}

#[test]
fn a_lost_answer_never_leads_to_a_second_dial() {
    for fault in [RequestFault::Lost, RequestFault::Cut] {
        // A list that lags would be searched again by later ticks only: to them, whose uptime does not leap with the clock of
        // the service, the event would be too old.
        let settings = ServiceSettings { lag: Duration::ZERO, ..ServiceSettings::default() };
        let fixture = Fixture::with(settings, fixture::ONE_STEP);
        fixture.service.clock().periods(20);
        fixture.call("02", &["--recipient", "automated"]);
        fixture.service.fail("POST", EVENTS, fault, 1);
        fixture.service.advance(Duration::from_secs(8 * 60));
        let out = fixture.run(&["tick"]);
        let report = out.json()["missions"][0].clone();
        let n_asked = || fixture.service.seen_at("POST", EVENTS).len();
        assert_eq!(n_asked(), 2, "{report:#}");
        if report["unsettled"] != json!([]) {
            out.fails(8).stderr_has("may have been scheduled");
        }
        // However often it ticks until the time of that call, it schedules no other.
        for _ in 0..5 {
            fixture.service.advance(Duration::from_secs(60));
            fixture.run(&["tick"]);
        }
        assert_eq!(n_asked(), 2);
        let n_made = fixture.service.rows(ServiceTable::Scheduled).len();
        if fault == RequestFault::Lost {
            // It was scheduled, and is found: the target goes on.
            let known = fixture.state()["events"].as_object().map(serde_json::Map::len);
            assert_eq!((n_made, known), (2, Some(2)), "{report:#}");
        } else {
            // It never was: nobody can know that, so the target ends unconfirmed.
            assert_eq!(n_made, 1);
            fixture.service.advance(Duration::from_secs(3 * 3600));
            fixture.ok(&["tick"]);
            assert_eq!((fixture.run_status(), n_asked()), (json!("failed"), 2));
        }
    }
}

#[test]
fn two_ticks_at_once_and_kills_leave_one_call_for_each_retry() {
    let fixture = Fixture::new();
    for end in ["02", "01", "07"] {
        fixture.call(end, &["--recipient", "automated"]);
    }
    let mut is_finished = false;
    for round in 0..60u64 {
        fixture.service.advance(Duration::from_secs(3 * 60));
        let mut one = fixture.sandbox.spawn(MISSIONS, ["tick"]);
        let other = fixture.sandbox.spawn(MISSIONS, ["tick", "m"]);
        if round % 3 > 0 {
            // Somewhere between its first poll and its last write.
            std::thread::sleep(Duration::from_millis(round * 7 % 50));
            one.signal(harness::Signal::KILL);
        }
        one.finish(Duration::from_secs(60));
        other.finish(Duration::from_secs(60));
        is_finished = fixture.state()["status"] != "running" && fixture.tick() == Value::Null;
        if is_finished {
            break;
        }
    }
    assert!(is_finished, "{:#}", fixture.state());
    let dialled = fixture.service.dialled();
    let to = |end: &str| dialled.iter().filter(|to| to.ends_with(end)).count();
    assert!(to("02") <= 4 && to("01") <= 4, "{dialled:?}");
    assert_eq!(to("07"), 1);
    let rows = fixture.service.rows(ServiceTable::Scheduled);
    let mut times: Vec<_> = rows
        .iter()
        .map(|row| (row["to_number"].to_string(), row["scheduled_at"].to_string()))
        .collect();
    times.sort();
    times.dedup();
    assert_eq!(times.len(), rows.len(), "the same call was scheduled twice");
    assert_eq!(fixture.run_status(), "succeeded", "one of three was reached");
}

#[test]
fn one_voicemail_is_enough_for_a_professional() {
    for (kind, n_retries) in [("professional", 0), ("automated", 1)] {
        let fixture = Fixture::new();
        fixture.call("07", &["--recipient", kind]);
        fixture.service.advance(Duration::from_secs(8 * 60));
        let mut row = fixture.row(ServiceTable::Scheduled, 0);
        row["outcome"] = "voicemail".into();
        row["conversation_id"] = Value::Null;
        fixture.service.once("GET", EVENTS, 200, json!({"events": [row]}));
        let report = fixture.tick();
        assert_eq!(report["ended"][0]["outcome"], "voicemail", "{report:#}");
        assert_eq!(report["retries"].as_array().map(Vec::len), Some(n_retries), "{kind}");
    }
}

#[test]
fn there_are_no_retries_without_a_kind_and_an_unknown_kind_is_refused() {
    let fixture = Fixture::new();
    let to = format!("{TO}02");
    let line = ["schedule-call", "--mission", "m", &to, "in 5m", "--recipient", "plumber"];
    fixture.run(&line).fails(2).stderr_has("automated, service or professional");
    fixture.call("02", &[]);
    let report = fixture.tick_after(8);
    assert_eq!((&report["retries"], fixture.run_status()), (&json!([]), json!("failed")));
}

#[test]
fn a_text_that_was_not_delivered_is_retried_within_business_hours() {
    let fixture = Fixture::new();
    let to = format!("{TO}04");
    let line = ["schedule-sms", "--mission", "m", &to, "in 5m", "Hello", "--step", "calls"];
    fixture.ok(&[&line[..], &["--recipient", "professional"]].concat());
    fixture.tick_after(8);
    let again = fixture.row(ServiceTable::Scheduled, 1);
    assert_eq!((&again["channel"], &again["text_body"]), (&json!("sms"), &json!("Hello")));
    let local = newest(&fixture).to_zoned(TimeZone::get("America/New_York").unwrap());
    assert_eq!(local.hour(), 9, "{local}");
    // A text outside those hours is scheduled all the same, with a warning.
    let line = ["schedule-sms", "--mission", "m", &to, "in 10h", "Good night"];
    fixture.run(&line).ok().stderr_has("outside business hours");
}
