//! `missions schedule-call` and `schedule-sms`: checked, recorded, and never twice.

use harness::{NUMBER, OWNER, RequestFault, Sandbox, ServiceTable, SimulatedService};
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const EVENTS: &str = "/v1/assistants/:id/events";
/// New York, by its area code.
const TO: &str = "+13322200013";

/// The Wednesday after the one on which these tests play.
fn next_week(time: &str) -> String {
    wednesday(9, time)
}

fn wednesday(days: i64, time: &str) -> String {
    let mut day = Timestamp::now().to_zoned(TimeZone::UTC).date() + days.days();
    while day.weekday() != Weekday::Wednesday {
        day = day.tomorrow().expect("there are days enough");
    }
    format!("{day}T{time}:00Z")
}

/// A sandbox with the mission `m`, its assistant and number.
fn with_mission(service: &SimulatedService) -> Sandbox {
    // At noon in New York on a business day, whatever day this test runs on.
    let noon: Timestamp = wednesday(2, "16:00").parse().expect("it was written as a time");
    service.clock().jump(noon.duration_since(service.clock().now()));
    let sandbox = Sandbox::for_service(service);
    let steps =
        r#"[{"step_id":"calls","description":"Call"},{"step_id":"verify","description":"Check"}]"#;
    sandbox.run(MISSIONS, ["init", "M", "I", "R", steps]).ok();
    sandbox.run(MISSIONS, ["setup-agent", "m", "A", "I", "Hi"]).ok();
    sandbox
}

fn n_scheduled(service: &SimulatedService) -> usize {
    service.rows(ServiceTable::Scheduled).len()
}

fn state(sandbox: &Sandbox) -> Value {
    sandbox.json("skill/.missions_state.json")["m"].clone()
}

#[test]
fn one_command_schedules_records_and_logs() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let when = next_week("16:00");
    let line = [
        "schedule-call",
        "--mission",
        "m",
        TO,
        &when,
        "--step",
        "calls",
        "--verify-step",
        "verify",
    ];
    let event = sandbox.run(MISSIONS, line).ok().quiet().json();
    let id = event["id"].as_str().unwrap();
    assert_eq!((&event["slug"], &event["logged"]), (&json!("m"), &json!(true)));
    let stored = state(&sandbox);
    let body = &service.seen_at("POST", EVENTS)[0].body;
    let wanted = json!({
        "channel": "call", "to": TO, "from": NUMBER, "scheduled_at": when,
        "mission_id": stored["mission_id"], "run_id": stored["run_id"], "step_id": "calls",
    });
    assert_eq!(*body, wanted);
    let item =
        json!({"event_id": id, "type": "call", "to": TO, "scheduled_at": when, "step_id": "calls"});
    assert_eq!(stored["memory"]["scheduled_events"], json!([item]));
    let tracked = &stored["events"][id];
    assert_eq!((&tracked["status"], &tracked["logged"]), (&json!("pending"), &json!(true)));
    assert_eq!(
        (&tracked["verify_step"], &tracked["window"]["zone"]),
        (&json!("verify"), &json!("America/New_York"))
    );
    let logged = service.rows(ServiceTable::RunEvents);
    assert_eq!(logged[0]["summary"], format!("Scheduled call event_id={id}"));
    assert_eq!(logged[0]["idempotency_key"], format!("scheduled-{id}"));
    assert_eq!(
        service.seen_at("POST", EVENTS)[0].header("idempotency-key").map(str::len),
        Some(16)
    );
}

#[test]
fn the_same_line_is_one_event_for_a_day() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let line = ["schedule-sms", "--mission", "m", TO, "in 15m", "Are you open?"];
    let first = sandbox.run(MISSIONS, line).ok().json();
    let second = sandbox.run(MISSIONS, line).ok().stderr_has("--again").json();
    assert_eq!((&second["id"], &second["repeated"]), (&first["id"], &json!(true)));
    assert_eq!(n_scheduled(&service), 1);
    // The same line in its long form, with the ids that the mission has.
    let stored = state(&sandbox);
    let id = |key: &str| stored[key].as_str().unwrap().to_owned();
    let (a, m, r) = (id("assistant_id"), id("mission_id"), id("run_id"));
    let long = ["schedule-sms", &a, TO, NUMBER, "in 15m", "Are you open?", &m, &r];
    assert_eq!(sandbox.run(MISSIONS, long).ok().json()["repeated"], true);
    assert_eq!(
        sandbox.run(MISSIONS, [&long[..], &["calls"]].concat()).ok().json().get("repeated"),
        None
    );
    sandbox.run(MISSIONS, [&line[..], &["--again"]].concat()).ok().quiet();
    assert_eq!(n_scheduled(&service), 3);
    service.advance(std::time::Duration::from_secs(25 * 3600));
    sandbox.run(MISSIONS, line).ok();
    assert_eq!(n_scheduled(&service), 4);
    assert_eq!(state(&sandbox)["memory"]["scheduled_events"].as_array().map(Vec::len), Some(3));
}

#[test]
fn one_instant_is_one_call_however_it_is_written() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let call = |when: &str| {
        sandbox.run(MISSIONS, ["schedule-call", "--mission", "m", TO, when, "--any-time"])
    };
    let day = next_week("16:00")[..10].to_owned();
    let zulu = format!("{day}T16:00:00Z");
    let id = call(&zulu).ok().json()["id"].clone();
    for other in
        ["T10:00:00-06:00", "t16:00:00z", "T16:00:00+00:00", "T16:00:00.000Z", "T21:30:00+05:30"]
    {
        let again = call(&format!("{day}{other}")).ok().json();
        assert_eq!((&again["id"], &again["repeated"]), (&id, &json!(true)), "{other}");
    }
    let soon = call("in 15m").ok().json()["id"].clone();
    for other in ["in 900", "in 15 minutes", "in  15min"] {
        assert_eq!(call(other).ok().json()["id"], soon, "{other}");
    }
    // What is not RFC 3339 is refused, whatever else would read it.
    let compact = day.replace('-', "");
    for other in [
        "T16Z",
        "T16:00Z",
        " 16:00:00Z",
        "T16:00:60Z",
        "T16:00:00+0000",
        "T16:00:00Z[UTC]",
        "T16:00:00",
    ] {
        call(&format!("{day}{other}")).fails(2).silent().stderr_has("RFC 3339");
    }
    call(&format!("{compact}T160000Z")).fails(2).silent();
    call(&format!("+00{day}T16:00:00Z")).fails(2).silent();
    // What goes over the wire is the normal form.
    let other = next_week("17:00")[..10].to_owned();
    call(&format!("{other}t11:00:00.4-06:00")).ok();
    let sent: Vec<_> = service.seen_at("POST", EVENTS).into_iter().map(|seen| seen.body).collect();
    assert_eq!((sent.len(), &sent[0]["scheduled_at"]), (3, &json!(zulu)));
    assert_eq!(sent[2]["scheduled_at"], format!("{other}T17:00:00Z"));
}

#[test]
fn a_typed_line_break_in_a_text_is_one() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let line = ["schedule-sms", "--mission", "m", TO, "in 15m"];
    sandbox.run(MISSIONS, [&line[..], &[r"Hi Bob\n\nSee you"]].concat()).ok();
    sandbox.run(MISSIONS, [&line[..], &[r"C:\new", "--raw"]].concat()).ok();
    let sent: Vec<_> = service.seen_at("POST", EVENTS).into_iter().map(|seen| seen.body).collect();
    assert_eq!(sent[0]["text_body"], "Hi Bob\n\nSee you");
    assert_eq!(sent[1]["text_body"], r"C:\new");
}

#[test]
fn an_event_whose_answer_was_lost_is_found() {
    for fault in [RequestFault::Lost, RequestFault::Torn] {
        let service = SimulatedService::start();
        let sandbox = with_mission(&service);
        service.clock().periods(20);
        service.fail("POST", EVENTS, fault, 1);
        let line = ["schedule-sms", "--mission", "m", TO, "in 15m", "Hello"];
        let event = sandbox.run(MISSIONS, line).ok().stderr_has("searching for it").json();
        assert_eq!(event["id"], service.rows(ServiceTable::Scheduled)[0]["id"]);
        assert_eq!(sandbox.run(MISSIONS, line).ok().json()["id"], event["id"]);
        assert_eq!(n_scheduled(&service), 1);
        assert_eq!(service.rows(ServiceTable::RunEvents).len(), 1);
    }
}

#[test]
fn what_is_not_found_is_unconfirmed_until_somebody_resolves_it() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    service.clock().periods(20);
    service.fail("POST", EVENTS, RequestFault::Cut, 1);
    let line = ["schedule-call", "--mission", "m", TO, &next_week("16:00")];
    let out = sandbox.run(MISSIONS, line);
    out.fails(8).stderr_has("may have been scheduled").stderr_has("missions resolve");
    let id = out.json()["unsettled"][0]["id"].as_str().unwrap().to_owned();
    let again = sandbox.run(MISSIONS, line);
    assert_eq!(again.fails(8).json()["unsettled"][0]["id"], id);
    assert_eq!(
        (n_scheduled(&service), service.seen_at("POST", EVENTS).len()),
        (0, 1),
        "never repeated"
    );
    let left = sandbox.run(MISSIONS, ["resolve"]);
    assert_eq!(left.fails(8).json()["unsettled"][0]["to"], TO);
    sandbox.run(MISSIONS, ["resolve", &id]).fails(2).stderr_has("--happened");
    sandbox.run(MISSIONS, ["resolve", "zz", "--nothing-happened"]).fails(2).stderr_has(&id);
    sandbox.run(MISSIONS, ["resolve", &id, "--nothing-happened"]).ok();
    sandbox.run(MISSIONS, line).ok();
    assert_eq!(n_scheduled(&service), 1);
    sandbox.run(MISSIONS, ["resolve"]).ok();
}

#[test]
fn an_event_that_somebody_saw_is_accepted_only_if_it_matches() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    service.clock().periods(20);
    let when = next_week("16:00");
    let other =
        sandbox.run(MISSIONS, ["schedule-sms", "--mission", "m", TO, &when, "Other"]).ok().json();
    // The list lags so far behind that the program gives up.
    service.on("GET", EVENTS, 200, json!({"events": []}));
    service.fail("POST", EVENTS, RequestFault::Lost, 1);
    let line = ["schedule-sms", "--mission", "m", TO, &when, "Hello"];
    let id = sandbox.run(MISSIONS, line).fails(8).json()["unsettled"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let made = service.rows(ServiceTable::Scheduled)[1]["id"].as_str().unwrap().to_owned();
    let resolve = |event: &str| sandbox.run(MISSIONS, ["resolve", &id, "--happened", event]);
    resolve(other["id"].as_str().unwrap()).fails(2).stderr_has("is not the text");
    assert_eq!(resolve(&made).ok().json()["logged"], true);
    assert_eq!(sandbox.run(MISSIONS, line).ok().json()["repeated"], true);
    assert_eq!(state(&sandbox)["memory"]["scheduled_events"][1]["event_id"], made);
}

#[test]
fn a_refusal_leaves_nothing_unconfirmed() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let a = state(&sandbox)["assistant_id"].as_str().unwrap().to_owned();
    let stranger = ["schedule-sms", &a, TO, "+15559990001", "in 15m", "x"];
    sandbox
        .run(MISSIONS, stranger)
        .fails(1)
        .silent()
        .stderr_has("does not belong to this assistant");
    service.fail("POST", EVENTS, RequestFault::RetryAfter(503, 3600), 1);
    let line = ["schedule-sms", "--mission", "m", TO, "in 15m", "x"];
    sandbox.run(MISSIONS, line).fails(4).silent();
    sandbox.run(MISSIONS, ["resolve"]).ok();
    sandbox.run(MISSIONS, line).ok().quiet();
}

#[test]
fn an_event_that_could_not_be_logged_is_logged_by_the_same_line() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    service.fail("POST", "/v1/missions/:m/runs/:r/events", RequestFault::Status(500), 1);
    let line = ["schedule-sms", "--mission", "m", TO, "in 15m", "x"];
    assert_eq!(sandbox.run(MISSIONS, line).ok().stderr_has("not logged").json()["logged"], false);
    assert_eq!(sandbox.run(MISSIONS, line).ok().json()["logged"], true);
    assert_eq!((n_scheduled(&service), service.rows(ServiceTable::RunEvents).len()), (1, 1));
}

#[test]
fn calls_keep_to_the_hours_where_the_number_rings() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let call = |to: &str, when: &str, more: &[&str]| {
        sandbox.run(MISSIONS, [&["schedule-call", "--mission", "m", to, when][..], more].concat())
    };
    // 11:00 UTC is early morning in New York.
    let early = next_week("11:00");
    call(TO, &early, &[])
        .fails(2)
        .silent()
        .stderr_has("America/New_York")
        .stderr_has("next allowed time is");
    assert_eq!(service.seen_at("POST", EVENTS).len(), 0);
    call(TO, &early, &["--zone", "Europe/London"]).ok().quiet();
    call("+13322200014", &early, &["--window", "05:00-23:00"]).ok().quiet();
    call("+13322200015", &early, &["--any-time"]).ok().quiet();
    call("+13322200016", &next_week("16:00"), &["--days", "sat,sun"]).fails(2);
    for (option, bad) in [("--window", "9-5"), ("--days", "weekdays"), ("--zone", "Mars/Olympus")] {
        call(TO, &early, &[option, bad]).fails(2).stderr_has(bad);
    }
    // The owner's own phone may ring and texts may be sent at any time, with a warning.
    call(OWNER, &next_week("23:00"), &[]).ok().stderr_has("your own phone");
    let text = ["schedule-sms", "--mission", "m", TO, &early, "x"];
    sandbox.run(MISSIONS, text).ok().stderr_has("outside business hours");
}

/// Nothing of this may be sent.
#[test]
fn a_wrong_line_is_refused_and_nothing_is_scheduled() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let before = service.seen().len();
    let yesterday = (Timestamp::now() - SignedDuration::from_hours(24)).to_string();
    let long = "é".repeat(1000) + &"日".repeat(1000);
    for (line, says) in [
        (vec!["schedule-call", "--mission", "mm", TO, "in 15m"], "nearest first: `m`"),
        (vec!["schedule-call", "--mission", "m", "banana", "in 15m"], "E.164"),
        (vec!["schedule-call", "--mission", "m", "3322200013", "in 15m"], "E.164"),
        (vec!["schedule-call", "--mission", "m", "+1911", "in 15m"], "emergency"),
        (vec!["schedule-sms", "--mission", "m", TO, "in 30s", "x"], "less than a minute"),
        (vec!["schedule-sms", "--mission", "m", TO, &yesterday, "x"], "in the past"),
        (vec!["schedule-sms", "--mission", "m", TO, "2027-12-01T14:30:00", "x"], "offset"),
        (vec!["schedule-sms", "--mission", "m", TO, "tomorrow", "x"], "RFC 3339"),
        (vec!["schedule-sms", "--mission", "m", TO, "in 15m", " "], "must not be blank"),
        (vec!["schedule-sms", "--mission", "m", TO, "in 15m", "--agian"], "looks like an option"),
        (vec!["schedule-sms", "--mission", "m", TO, "in 15m", &long], "parts"),
        (vec!["schedule-sms", "--mission", "m", TO, "in 15m"], "usage: "),
        (vec!["schedule-sms", "--mission", "m", TO, "in 15m", "x", "--step", "cals"], "`calls`"),
        (
            vec!["schedule-sms", "--mission", "m", TO, "in 15m", "x", "--verify-step", "z"],
            "no step `z`",
        ),
        (vec!["schedule-call", "a", TO, NUMBER], "usage: "),
        (vec!["schedule-call", "a", TO, NUMBER, "in 15m", "mis_1"], "usage: "),
        (
            vec!["schedule-call", "--mission", "m", "a", TO, NUMBER, "in 15m", "mis_1", "run_1"],
            "is `",
        ),
    ] {
        sandbox.run(MISSIONS, &line).fails(2).silent().stderr_has(says);
    }
    assert_eq!(service.seen().len(), before, "{:?}", service.seen());
    let dnc = |words: &[&str]| sandbox.run(MISSIONS, [&["dnc"], words].concat()).ok().json();
    assert_eq!(
        dnc(&["add", "+1 (332) 220-0013"]),
        json!({"number": TO, "listed": true, "changed": true, "withdrawn": [], "not_withdrawn": []})
    );
    let n_asked = service.seen_at("POST", EVENTS).len();
    assert_eq!(dnc(&["add", TO])["changed"], false);
    let list = dnc(&["list"]);
    assert!(list["numbers"][TO].is_string());
    assert_eq!(list["details"][TO], json!({"why": "by hand", "covers": "texts and calls"}));
    sandbox
        .run(MISSIONS, ["schedule-sms", "--mission", "m", TO, "in 15m", "x"])
        .fails(1)
        .stderr_has("do-not-call");
    // What is listed was looked for, to withdraw it; nothing was asked for.
    assert_eq!(service.seen_at("POST", EVENTS).len(), n_asked);
    std::fs::remove_file(sandbox.path("skill/.do_not_call.json")).unwrap();
    sandbox.run(MISSIONS, ["dnc", "add", "3322200013"]).fails(2).stderr_has("E.164");
    sandbox.run(MISSIONS, ["schedule-sms", "--mission", "m", TO, "in 15m", "x"]).ok();
}

#[test]
fn who_opted_out_of_texts_may_still_be_called() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let list = json!({
        "format": 1, "numbers": {TO: "2026-01-01T00:00:00Z"},
        "details": {TO: {"why": "opt-out", "covers": "texts"}},
    });
    sandbox.write("skill/.do_not_call.json", &list.to_string());
    let line = ["schedule-sms", "--mission", "m", TO, "in 15m", "x"];
    sandbox.run(MISSIONS, line).fails(1).silent().stderr_has("it opted out of texts by a text");
    let line = ["schedule-call", "--mission", "m", TO, "in 15m", "--any-time"];
    sandbox.run(MISSIONS, line).ok();
    let shown = sandbox.run(MISSIONS, ["--text", "dnc", "list"]).ok().out().to_owned();
    assert_eq!(shown, format!("{TO}  texts  opt-out, since 2026-01-01T00:00:00Z\n"));
    // Added by hand it covers both, and a START does not remove it any more.
    let added = sandbox.run(MISSIONS, ["dnc", "add", TO]).ok().json();
    assert_eq!(added["changed"], true);
    let list = sandbox.run(MISSIONS, ["dnc", "list"]).ok().json();
    assert_eq!(list["details"][TO], json!({"why": "by hand", "covers": "texts and calls"}));
}

#[test]
fn an_ended_mission_schedules_nothing() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    sandbox.run(MISSIONS, ["complete", "m"]).ok();
    let line = ["schedule-sms", "--mission", "m", TO, "in 15m", "x"];
    sandbox.run(MISSIONS, line).fails(2).silent().stderr_has("has ended (succeeded)");
    assert_eq!(n_scheduled(&service), 0);
}

/// The answer of somebody whom we texted is told from a stranger's by that.
#[test]
fn whom_it_texts_is_recorded() {
    let service = SimulatedService::start();
    let sandbox = with_mission(&service);
    let when = next_week("16:00");
    sandbox.run(MISSIONS, ["schedule-call", "--mission", "m", TO, &when]).ok();
    assert!(!sandbox.has("skill/.texted_numbers.json"), "a call is no text");
    let line = ["schedule-sms", "--mission", "m", TO, &when, "Is eight fine?"];
    sandbox.run(MISSIONS, line).ok();
    let texted = sandbox.json("skill/.texted_numbers.json")["numbers"][TO].clone();
    assert_eq!(texted, json!({"at": when, "asks": true}));
}
