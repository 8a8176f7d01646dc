//! `sms`, as its users run it.

use std::fs;
use std::time::Duration;

use harness::{RequestFault, Sandbox, ServiceSettings, Signal, SimulatedService};
use serde_json::{Value, json};
use state::paths;

const SMS: &str = env!("CARGO_BIN_EXE_sms");
const SEND: &str = "/v1/messages/send";
const TO: &str = "+15551234567";
const SOON: Duration = Duration::from_secs(10);

fn sent(service: &SimulatedService) -> usize {
    service.seen_at("POST", SEND).len()
}

#[test]
fn the_contract_of_the_script_holds() {
    harness::contract::check_all("sms-", SMS, &[]);
}

#[test]
fn sends_a_text_and_prints_its_parts() {
    let service = SimulatedService::start();
    let out = Sandbox::for_service(&service).run(SMS, ["send", "+1 (555) 123-4567", "50 €"]);
    let text = out.ok().quiet().json();
    assert_eq!(service.seen_at("POST", SEND)[0].body, json!({"to": TO, "message": "50 €"}));
    assert_eq!(text["status"], "sent");
    assert_eq!(text["telnyx_message_id"].as_str().map(str::len), Some(36), "passed on whole");
    assert_eq!(text["encoding"], "GSM-7");
    assert_eq!((&text["characters"], &text["parts"]), (&json!(5), &json!(1)));
}

#[test]
fn options_may_stand_anywhere_and_words_need_no_quotes() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let picture = "https://example.com/a.png";
    for (line, message, media) in [
        (vec!["send", TO, "hi", "--media", picture, "there"], "hi there", vec![picture]),
        (
            vec!["send", "--media=https://x.y/1", TO, "a", "--media", picture],
            "a",
            vec!["https://x.y/1", picture],
        ),
        (vec!["send", TO, "- milk"], "- milk", vec![]),
        (vec!["send", TO, "-5"], "-5", vec![]),
        (vec!["send", TO, "--", "--medai", "x"], "--medai x", vec![]),
        (vec!["send", TO, "--quiet", "please"], "please", vec![]),
        (vec!["-q", "send", "--again", TO, "please"], "please", vec![]),
        (vec!["send", TO, "--media", picture], "", vec![picture]),
    ] {
        sandbox.run(SMS, &line).ok().quiet();
        let seen = service.seen_at("POST", SEND);
        let body = &seen.last().unwrap().body;
        assert_eq!(body["message"], message, "{line:?}");
        assert_eq!(body["media_urls"], if media.is_empty() { Value::Null } else { json!(media) });
    }
}

#[test]
fn a_dash_reads_the_text_from_stdin() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.prepare(SMS, ["send", TO, "-"]).stdin("line one\nline two\n").run().ok().quiet();
    assert_eq!(service.seen_at("POST", SEND)[0].body["message"], "line one\nline two");
    let out = sandbox.prepare(SMS, ["send", TO, "-"]).stdin("\n").run();
    out.fails(2).silent().stderr_has("empty");
    let out = sandbox.prepare(SMS, ["send", TO, "-"]).stdin(&"x".repeat(70_000)).run();
    out.fails(2).silent().stderr_has("64 KiB");
    assert_eq!(sent(&service), 1);
}

/// Every line here is a typing error. None may send anything.
#[test]
fn a_typing_error_never_sends() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let long = "x".repeat(1_531);
    let curly = format!("{}’", "x".repeat(670));
    for (line, fact) in [
        (vec!["send", TO, "hi", "--medai", "http://x.y"], "--medai"),
        (vec!["send", TO, "--medai"], "--medai"),
        (vec!["send", "--bogus", TO, "hi"], "--bogus"),
        (vec!["send", TO, "hi", "--media"], "--media"),
        (vec!["send", TO, "hi", "--media", "photo.jpg"], "https://example.com/a.png"),
        (vec!["send", TO, "hi", "--media", "https://x.y/a b"], "https://example.com/a.png"),
        (vec!["send", TO], "TEXT"),
        (vec!["send", TO, ""], "empty"),
        (vec!["send"], "TO"),
        (vec!["send", "banana", "hi"], "E.164"),
        (vec!["send", "5551234567", "hi"], "E.164"),
        (vec!["send", "911", "hi"], "emergency"),
        (vec!["send", "+1911", "hi"], "emergency"),
        (vec!["send", "+19005551234", "hi"], "premium"),
        (vec!["send", TO, &long], "11 parts"),
        (vec!["send", TO, &curly], "`’`"),
        (vec!["send", TO, &long, "--dry-run"], "11 parts"),
        (vec!["list", "--limit", "5&direction=outbound"], "--limit"),
        (vec!["list", "--limit", "0"], "`0` is no whole number from 1 to 1000"),
        (vec!["list", "--page", "abc"], "`abc` is no whole number from 1 to 1000000"),
        (vec!["list", "--page", "2", "--all"], "--all"),
        (vec!["list", "--contact", "banana"], "E.164"),
        (vec!["list", "--direction", "sideways"], "inbound, outbound"),
        (vec!["list", "--bogus"], "--bogus"),
        (vec!["list", "extra"], "extra"),
        (vec!["tail", "--contact", "x"], "E.164"),
        (vec!["bogus"], "bogus"),
        (vec![], "command"),
        (vec!["send", TO, "hi", "--deadline", "soon"], "duration"),
    ] {
        let out = sandbox.run(SMS, &line);
        out.fails(2).silent().stderr_has("error: ").stderr_has(fact);
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[test]
fn a_number_on_the_do_not_call_list_gets_no_text() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let list = json!({"format": 1, "numbers": {TO: "2026-01-01T00:00:00Z"}});
    sandbox.write("skill/.do_not_call.json", &list.to_string());
    sandbox.run(SMS, ["send", TO, "hi"]).fails(1).silent().stderr_has("do-not-call");
    sandbox.run(SMS, ["send", TO, "hi", "--dry-run"]).fails(1).silent();
    for covers in ["texts", "texts and calls"] {
        let mut list = list.clone();
        list["details"][TO] = json!({"why": "opt-out", "covers": covers});
        sandbox.write("skill/.do_not_call.json", &list.to_string());
        let out = sandbox.run(SMS, ["send", TO, "hi"]);
        out.fails(1).silent().stderr_has(covers).never_says("dnc remove");
    }
    sandbox.write("skill/.do_not_call.json", "{");
    sandbox.run(SMS, ["send", TO, "hi"]).fails(3).silent().stderr_has(".do_not_call.json");
    assert!(service.seen().is_empty());
}

#[test]
fn without_a_configuration_the_error_names_what_is_missing() {
    for (config, fact) in [
        (None, "no API key"),
        (Some("{\"api_key\": "), "cannot be read"),
        (Some("{\"api_key\": \"${NOT_SET_ANYWHERE}\"}"), "${NOT_SET_ANYWHERE}, which is not set"),
        (Some("{\"api_key\": 5}"), "not a text"),
    ] {
        let sandbox = Sandbox::new();
        if let Some(config) = config {
            sandbox.write("skill/skill-config.json", config);
        }
        for line in [vec!["send", TO, "hi"], vec!["list"], vec!["conversations"], vec!["tail"]] {
            sandbox.run(SMS, &line).fails(3).silent().stderr_has(fact).stderr_has("hint: ");
        }
    }
}

#[test]
fn a_dry_run_needs_no_key_and_sends_nothing() {
    let sandbox = Sandbox::new();
    let line = ["send", TO, "👍", "--media", "https://x.y/a.png", "--dry-run"];
    sandbox.run(SMS, line).is(&json!({
        "dry_run": true, "to": TO, "message": "👍", "media_urls": ["https://x.y/a.png"],
        "encoding": "UCS-2", "characters": 2, "parts": 1,
    }));
    let out = sandbox.run(SMS, ["--text", "send", TO, "hi", "--dry-run"]);
    out.ok().quiet().stdout_has("Not sent (dry run)").stdout_has("2 characters in GSM-7, parts: 1");
    assert!(!sandbox.has("skill/.intents.json"), "nothing is unconfirmed");
}

#[test]
fn a_refused_key_is_exit_3_and_never_printed() {
    let service = SimulatedService::start();
    service.change_key("cc_live_another");
    let sandbox = Sandbox::for_service(&service);
    for line in [vec!["send", TO, "hi"], vec!["list"], vec!["conversations"], vec!["tail"]] {
        let out = sandbox.run(SMS, &line);
        out.fails(3).silent().stderr_has("HTTP 401").stderr_has("hint: ").never_says(harness::KEY);
    }
}

#[test]
fn a_refusal_is_exit_1_and_the_same_line_may_try_again() {
    let service = SimulatedService::start();
    let message = "A dedicated number is required to send messages to others";
    service.on("POST", SEND, 403, json!({"error": {"code": "plan_required", "message": message}}));
    let sandbox = Sandbox::for_service(&service);
    for _ in 0..2 {
        sandbox.run(SMS, ["send", TO, "hi"]).fails(1).silent().stderr_has(message);
    }
    assert_eq!(sent(&service), 2);
}

#[test]
fn a_server_that_is_not_there_is_exit_4() {
    let gone = SimulatedService::start().url();
    let sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": harness::KEY, "server": gone}));
    for line in [vec!["send", TO, "hi"], vec!["list"], vec!["conversations"], vec!["tail"]] {
        let line = line.iter().chain(&["--deadline", "2"]);
        sandbox.run(SMS, line).fails(4).silent().stderr_has("cannot reach");
    }
}

#[test]
fn a_response_that_makes_no_sense_is_one_error_line() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.on("GET", "/v1/*", 200, json!({"messages": 5}));
    for line in [["list", "-q"], ["conversations", "-q"]] {
        sandbox.run(SMS, line).fails(4).silent().stderr_has("without");
    }
    service.fail_always("*", "/v1/*", RequestFault::Html(200));
    let out = sandbox.run(SMS, ["--deadline", "5", "list"]);
    out.fails(4).silent().stderr_has("HTML");
    assert_eq!(out.err().lines().filter(|line| line.starts_with("error: ")).count(), 1);
}

/// The script that this program replaces reports any response as sent.
#[test]
fn a_response_without_an_id_is_no_success() {
    let service = SimulatedService::start();
    service.once("POST", SEND, 200, json!({"status": "sent"}));
    let out = Sandbox::for_service(&service).run(SMS, ["send", TO, "hi"]);
    out.fails(8).stderr_has("without `id`");
}

#[test]
fn a_lost_response_is_exit_8_and_the_same_line_does_not_send_again() {
    for fault in
        [RequestFault::Lost, RequestFault::Torn, RequestFault::Html(502), RequestFault::Cut]
    {
        let carried_out = matches!(fault, RequestFault::Lost | RequestFault::Torn);
        let service = SimulatedService::start();
        let sandbox = Sandbox::for_service(&service);
        service.fail("POST", SEND, fault, 1);
        let out = sandbox.run(SMS, ["send", TO, "hello there"]);
        out.fails(8).stderr_has("hint: ");
        assert_eq!(out.json()["unsettled"][0]["to"], TO);
        // The list shows it, sooner or later: then the line succeeds without sending.
        let again = sandbox.run(SMS, ["send", TO, "hello", "there"]);
        if carried_out && again.code() == 0 {
            again.stderr_has("sent already");
            assert_eq!(again.json()["body"], "hello there");
        } else {
            again.fails(8).stderr_has("--again");
            assert_eq!(again.json()["unsettled"][0]["to"], TO);
        }
        assert_eq!(sent(&service), 1);
        sandbox.run(SMS, ["send", "+15557654321", "hello there"]).ok();
        sandbox.run(SMS, ["send", TO, "hello there", "--again"]).ok();
        assert_eq!(sent(&service), 3);
    }
}

#[test]
fn an_unconfirmed_text_is_confirmed_by_the_message_list() {
    let service = SimulatedService::with(ServiceSettings {
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    });
    let sandbox = Sandbox::for_service(&service);
    // An earlier text of the same words is not the unconfirmed one.
    sandbox.run(SMS, ["send", TO, "ok"]).ok();
    service.advance(Duration::from_secs(60));
    service.fail("POST", SEND, RequestFault::Cut, 1);
    sandbox.run(SMS, ["send", TO, "ok"]).fails(8);
    sandbox.run(SMS, ["send", TO, "ok"]).fails(8).stderr_has("may have been sent");
    // Carried out, and found.
    service.fail("POST", SEND, RequestFault::Lost, 1);
    sandbox.run(SMS, ["send", TO, "hello"]).fails(8);
    let out = sandbox.run(SMS, ["send", TO, "hello"]);
    let found = out.ok().stderr_has("warning: this text was sent already").json();
    assert_eq!((found["body"].as_str(), found["parts"].as_u64()), (Some("hello"), Some(1)));
    assert_eq!(sent(&service), 3);
    // A confirmed text stands in nobody's way.
    sandbox.run(SMS, ["send", TO, "hello"]).ok().quiet();
    assert_eq!(sent(&service), 4);
}

#[test]
fn an_unconfirmed_text_may_be_sent_again_after_ten_minutes() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", SEND, RequestFault::Cut, 1);
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8);
    service.advance(Duration::from_secs(590));
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8);
    service.advance(Duration::from_secs(20));
    sandbox.run(SMS, ["send", TO, "hi"]).ok();
}

/// The machine's clock is set while a text is unconfirmed: the list is searched for the same time as before.
#[test]
#[cfg(target_os = "linux")]
fn a_clock_that_jumps_neither_sends_again_nor_finds_another_text() {
    for jump in ["+1h", "-1h"] {
        let service = SimulatedService::with(ServiceSettings {
            lag: Duration::ZERO,
            ..ServiceSettings::default()
        });
        let sandbox = Sandbox::for_service(&service);
        let jumped = |text| sandbox.prepare(SMS, ["send", TO, text]).skewed(jump).run();
        // Of two unconfirmed texts the first was never sent; half an hour ago the same words were.
        sandbox.run(SMS, ["send", TO, "ok"]).ok();
        service.advance(Duration::from_secs(1_800));
        service.fail("POST", SEND, RequestFault::Cut, 1);
        sandbox.run(SMS, ["send", TO, "ok"]).fails(8);
        service.fail("POST", SEND, RequestFault::Lost, 1);
        sandbox.run(SMS, ["send", TO, "hello"]).fails(8);
        jumped("ok").fails(8).stderr_has("may have been sent");
        jumped("hello").ok().stderr_has("sent already");
        assert_eq!(sent(&service), 3);
    }
}

/// The disk fails after the text was sent: that is reported, and nothing else.
#[test]
fn a_text_that_cannot_be_stored_is_sent_all_the_same() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let (intents, aside) = (paths::intents(&sandbox.skill()), sandbox.path("aside"));
    let (broken, whole) = (intents.clone(), aside.clone());
    service.on_with("POST", SEND, move |_| {
        fs::rename(&broken, &whole).unwrap();
        fs::create_dir(&broken).unwrap();
        (201, json!({"id": "m1", "status": "sent"}))
    });
    let out = sandbox.run(SMS, ["send", TO, "hi"]);
    out.ok().stderr_has("warning: it was done");
    assert_eq!(out.json()["id"], "m1");
    // On a good disk again: what was not stored as done is unconfirmed, and is not repeated.
    fs::remove_dir(&intents).unwrap();
    fs::rename(&aside, &intents).unwrap();
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8);
    assert_eq!(sent(&service), 1);
}

/// A line whose output was lost is run again, and reports what happened.
#[test]
fn a_text_that_could_not_be_printed_is_not_sent_again() {
    let service = SimulatedService::with(ServiceSettings {
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    });
    let sandbox = Sandbox::for_service(&service);
    let line = format!("{SMS} send {TO} hi >/dev/full");
    let out = sandbox.run("/bin/sh", ["-c", &line]);
    out.fails(8).stderr_has("it was done").stderr_has("writing to stdout");
    let out = sandbox.run(SMS, ["send", TO, "hi"]);
    out.ok().stderr_has("sent already");
    assert_eq!(sent(&service), 1);
    // It has been printed now: the same words are a new text.
    sandbox.run(SMS, ["send", TO, "hi"]).ok().quiet();
    assert_eq!(sent(&service), 2);
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let line = format!("{SMS} list | true; {SMS} --help | true; exec {SMS} send 911 hi >&-");
    let out = sandbox.run("/bin/sh", ["-c", &line]);
    out.fails(2).never_says("panicked").never_says("Broken pipe");
}

#[test]
fn help_ends_with_examples() {
    let sandbox = Sandbox::new();
    for command in ["", "send", "list", "conversations", "tail"] {
        let line = [command, "--help"];
        let out = sandbox.run(SMS, line.into_iter().filter(|word| !word.is_empty()));
        let help = out.ok().quiet().out();
        let examples = help.split("Examples:\n").nth(1).expect("examples");
        let n_examples = examples.lines().filter(|line| line.trim().starts_with("sms ")).count();
        assert_eq!(n_examples, 2, "{help}");
    }
}

#[test]
fn a_kill_between_request_and_response_leaves_the_line_unconfirmed() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", SEND, RequestFault::Hang, 1);
    let child = sandbox.spawn(SMS, ["send", TO, "hi"]);
    service.wait_request(SOON, "POST", SEND, 1);
    child.stop(Signal::KILL, Duration::from_secs(5));
    sandbox.run(SMS, ["send", TO, "hi"]).fails(8).stderr_has("may have been sent");
    assert_eq!(sent(&service), 1);
}
