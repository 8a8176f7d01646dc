//! `call`, as its users run it.

use std::fs;
use std::time::Duration;

use harness::{RequestFault, Sandbox, Signal, SimulatedService, contract};
use serde_json::json;
use state::paths;

const CALL: &str = env!("CARGO_BIN_EXE_call");
const CALLS: &str = "/v1/calls";

#[test]
fn prints_what_the_script_printed() {
    contract::check_all("call-", CALL, &[]);
}

#[test]
fn rings_the_owner_and_stores_the_call_as_the_owners() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let call = sandbox.run(CALL, ["Your build is done"]).ok().quiet().json();
    assert_eq!(call["status"], "initiating");
    assert!(call["to"].is_string(), "the answer says whom it rings: {call}");
    assert_eq!(service.seen_at("POST", CALLS)[0].body, json!({"greeting": "Your build is done"}));
    let own = sandbox.json("skill/.own_calls.json");
    assert_eq!(own["call_ids"], json!([call["call_id"]]));
    assert_eq!(sandbox.mode("skill/.own_calls.json"), 0o600);
}

#[test]
fn words_without_quotes_are_one_greeting() {
    let service = SimulatedService::start();
    Sandbox::for_service(&service).run(CALL, ["hello", "there", "friend"]).ok();
    Sandbox::for_service(&service).run(CALL, ["--", "--bogus"]).ok();
    let bodies = service.seen_at("POST", CALLS).into_iter().map(|seen| seen.body);
    let wanted = ["hello there friend", "--bogus"].map(|words| json!({"greeting": words}));
    assert_eq!(bodies.collect::<Vec<_>>(), wanted);
}

#[test]
fn a_typed_line_break_is_one() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(CALL, [r"Hi.\nIt is done", "--purpose", r"Say:\n- yes\n- no"]).ok();
    sandbox.run(CALL, ["--raw", "--purpose", r"open C:\new"]).ok();
    let bodies: Vec<_> = service.seen_at("POST", CALLS).into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies[0]["greeting"], "Hi.\nIt is done");
    assert_eq!(bodies[0]["purpose"], "Say:\n- yes\n- no");
    assert_eq!(bodies[1]["purpose"], r"open C:\new");
}

#[test]
fn a_purpose_goes_out_under_both_names() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(CALL, ["--to", "+1 (555) 123-4567", "--purpose", "Book a table"]).ok().quiet();
    let wanted = json!({
        "to": "+15551234567", "context": {"purpose": "Book a table"}, "purpose": "Book a table"
    });
    assert_eq!(service.seen_at("POST", CALLS)[0].body, wanted);
    let own = sandbox.json("skill/.own_calls.json");
    assert_eq!(own["call_ids"], json!([]), "somebody else's call is not the owner's");
    assert_eq!(own["others"][0]["to"], "+15551234567");
}

/// Every line here is a typing error. None may ring a phone.
#[test]
fn a_typing_error_never_dials() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (line, fact) in [
        (vec!["stauts", "call_1"], "misspelt command"),
        (vec!["help"], "`help` may be meant as a command"),
        (vec!["stop"], "hint: `call --help` lists the commands"),
        (vec!["waits"], "`waits` may be meant as a command"),
        (vec!["--to", "+15551234567", "status", "call_1"], "cannot stand beside a command"),
        (vec!["status", "call_1", "--to", "+15551234567"], "--to"),
        (vec!["--wait", "end", "call_1"], "cannot stand beside a command"),
        (vec!["--text", "--purpose", "x", "status", "call_1"], "cannot stand beside a command"),
        (vec!["status"], "<ID>"),
        (vec!["--bogus"], "--bogus"),
        (vec!["--to"], "--to"),
        (vec!["--to", "banana"], "E.164"),
        (vec!["--to", "5551234567"], "E.164"),
        (vec!["--to", "911"], "emergency"),
        (vec!["--to", "+1911"], "emergency"),
        (vec!["--to", "+19005551234"], "premium"),
        (vec!["5551234567"], "like a greeting"),
        (vec!["+1 (555) 123-4567"], "call --to +15551234567"),
        (vec!["+15551234567", "hello there"], "call --to +15551234567"),
        (vec!["tel:+1-555-123-4567;ext=5"], "call --to +15551234567"),
        (vec!["(312) 555-0142"], "call --to +COUNTRY3125550142"),
        (vec!["hang", "up"], "`hang up` may be a misspelt command"),
        (vec!["history"], "`history` may be meant as a command"),
        (vec!["show", "me", "call", "1"], "misspelt command"),
        (vec!["123"], "call --to +COUNTRY123"),
        (vec!["+15551234567", "--to", "+15557654321"], "two numbers"),
        (vec!["--purpose", "--wiat"], "needs a blank in it"),
        (vec!["--server", "http://127.0.0.1:99999", "hello there"], "port from 1 to 65535"),
        (vec!["--server", "https://127.0.0.1,", "hello there"], "hint: write it as https://"),
        (vec!["--deadline", "soon"], "duration"),
        (vec!["--deadline", "1e19", "hello there"], "duration"),
        (vec!["wait", "call_1", "--timeout", "1e19"], "duration"),
        (vec!["status", "  "], "no id"),
    ] {
        let out = sandbox.run(CALL, &line);
        out.fails(2).silent().stderr_has("error: ").stderr_has(fact);
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[test]
fn a_number_on_the_do_not_call_list_is_not_called() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let list = json!({"format": 1, "numbers": {"+15551234567": "2026-01-01T00:00:00Z"}});
    sandbox.write("skill/.do_not_call.json", &list.to_string());
    sandbox.run(CALL, ["--to", "+15551234567"]).fails(1).silent().stderr_has("do-not-call");
    let mut opted_out = list.clone();
    opted_out["details"]["+15551234567"] = json!({"why": "opt-out", "covers": "texts and calls"});
    sandbox.write("skill/.do_not_call.json", &opted_out.to_string());
    sandbox.run(CALL, ["--to", "+15551234567"]).fails(1).silent().stderr_has("START");
    sandbox.write("skill/.do_not_call.json", "{");
    let out = sandbox.run(CALL, ["--to", "+15557654321"]);
    out.fails(3).silent().stderr_has(".do_not_call.json` cannot be read");
    sandbox.write("skill/.intents.json", "[]");
    let (out, file) = (sandbox.run(CALL, ["hello there"]), paths::intents(&sandbox.skill()));
    let file = file.display();
    out.fails(3).silent().stderr_has(&format!("new one with: mv {file} {file}.broken\n"));
    assert!(service.seen().is_empty());
    std::fs::remove_file(file.to_string()).unwrap();
    opted_out["details"]["+15551234567"]["covers"] = "texts".into();
    sandbox.write("skill/.do_not_call.json", &opted_out.to_string());
    sandbox.run(CALL, ["--to", "+15551234567"]).ok();
}

#[test]
fn without_a_configuration_the_error_names_what_is_missing() {
    let service = SimulatedService::start();
    for (config, fact) in [
        (None, "no API key"),
        (Some("{\"api_key\": "), "cannot be read"),
        (Some("[]"), "no JSON object"),
        (Some("{\"api_key\": \"${NOT_SET_ANYWHERE}\"}"), "${NOT_SET_ANYWHERE}, which is not set"),
        (Some("{\"api_key\": 5}"), "not a text"),
        (Some("{\"api_key\": \"YOUR_API_KEY_HERE\"}"), "no API key"),
        (
            Some("{\"api_key\": \"cc_live_0123456789abcdef\", \"server\": \"http://example.com\"}"),
            "in clear",
        ),
    ] {
        let sandbox = Sandbox::new();
        if let Some(config) = config {
            sandbox.write("skill/skill-config.json", config);
        }
        sandbox.run(CALL, ["hello there"]).fails(3).silent().stderr_has(fact).stderr_has("hint: ");
    }
    // No folder is configured.
    let mut sandbox = Sandbox::new();
    sandbox.without("HOME").without("CLAWDTALK_SKILL_DIR");
    sandbox.run(CALL, ["hello there"]).fails(3).stderr_has("hint: set one of them");
    assert!(service.seen().is_empty());
}

#[test]
fn a_refused_key_is_exit_3_and_never_printed() {
    let service = SimulatedService::start();
    service.change_key("cc_live_another");
    let out = Sandbox::for_service(&service).run(CALL, ["hello there"]);
    out.fails(3).silent().stderr_has("HTTP 401").stderr_has("hint: ").never_says(harness::KEY);
}

#[test]
fn a_refusal_is_exit_1_and_one_line() {
    let service = SimulatedService::start();
    service.on(
        "POST",
        CALLS,
        402,
        json!({"error": {"code": "payment_required", "message": "no credit"}}),
    );
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(CALL, ["hello there"]).fails(1).silent().stderr_has("no credit (HTTP 402");
    // It was not placed, for sure, so the same line may try again.
    sandbox.run(CALL, ["hello there"]).fails(1);
    assert_eq!(service.seen_at("POST", CALLS).len(), 2);
}

#[test]
fn a_server_that_is_not_there_is_exit_4() {
    let gone = SimulatedService::start().url();
    let sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": harness::KEY, "server": gone}));
    sandbox
        .run(CALL, ["--deadline", "5", "hello there"])
        .fails(4)
        .silent()
        .stderr_has("cannot reach");
}

#[test]
fn an_html_response_is_one_error_line() {
    let service = SimulatedService::start();
    service.fail_always("*", "/v1/*", RequestFault::Html(200));
    let sandbox = Sandbox::for_service(&service);
    let out = sandbox.run(CALL, ["--deadline", "5", "status", "call_1"]);
    out.fails(4).silent().stderr_has("HTML");
    assert_eq!(out.err().lines().filter(|line| line.starts_with("error: ")).count(), 1);
}

/// A blind retry would call twice.
#[test]
fn a_lost_response_is_exit_8_and_the_same_line_does_not_dial_again() {
    for fault in [RequestFault::Lost, RequestFault::Torn, RequestFault::Html(502)] {
        let service = SimulatedService::start();
        let sandbox = Sandbox::for_service(&service);
        service.fail("POST", CALLS, fault, 1);
        let out = sandbox.run(CALL, ["--to", "+15551234567", "hello there"]);
        out.fails(8).stderr_has("hint: ");
        assert_eq!(out.json()["unsettled"][0]["to"], "+15551234567");
        let again = sandbox.run(CALL, ["--to", "+15551234567", "hello there"]);
        again.fails(8).stderr_has("--again");
        assert_eq!(service.seen_at("POST", CALLS).len(), 1);
        sandbox.run(CALL, ["--to", "+15557654321", "hello there"]).ok();
        sandbox.run(CALL, ["--to", "+15551234567", "hello there", "--again"]).ok();
        assert_eq!(service.seen_at("POST", CALLS).len(), 3);
    }
}

#[test]
fn an_unconfirmed_line_dials_again_after_ten_minutes() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", CALLS, RequestFault::Lost, 1);
    sandbox.run(CALL, ["hello there"]).fails(8);
    service.advance(Duration::from_secs(590));
    sandbox.run(CALL, ["hello there"]).fails(8);
    service.advance(Duration::from_secs(20));
    sandbox.run(CALL, ["hello there"]).ok();
}

/// The machine's clock is set while the call is unconfirmed: only time that passes ends that.
#[test]
#[cfg(target_os = "linux")]
fn a_clock_that_jumps_does_not_dial_again() {
    for jump in ["+1h", "-1h"] {
        let service = SimulatedService::start();
        let sandbox = Sandbox::for_service(&service);
        let jumped = || sandbox.prepare(CALL, ["hello there"]).skewed(jump);
        service.fail("POST", CALLS, RequestFault::Lost, 1);
        sandbox.run(CALL, ["hello there"]).fails(8);
        jumped().run().fails(8).stderr_has("may have been placed");
        assert_eq!(service.seen_at("POST", CALLS).len(), 1);
        service.advance(Duration::from_secs(610));
        jumped().run().ok();
    }
}

#[test]
fn a_kill_between_request_and_response_leaves_the_line_unconfirmed() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", CALLS, RequestFault::Hang, 1);
    let child = sandbox.spawn(CALL, ["hello there"]);
    service.wait_request(Duration::from_secs(10), "POST", CALLS, 1);
    child.stop(Signal::KILL, Duration::from_secs(5));
    sandbox.run(CALL, ["hello there"]).fails(8).stderr_has("may have been placed");
    assert_eq!(service.seen_at("POST", CALLS).len(), 1);
}

/// The disk fails after the call was placed, or while it is refused: the output is the service's all the same.
#[test]
fn a_call_that_cannot_be_stored_is_reported_as_it_is() {
    for (status, code, fact) in [(201, 0, "it was done, but"), (402, 1, "nothing was sent, but")] {
        let service = SimulatedService::start();
        let sandbox = Sandbox::for_service(&service);
        let (intents, aside) = (paths::intents(&sandbox.skill()), sandbox.path("aside"));
        let (broken, whole) = (intents.clone(), aside.clone());
        service.on_with("POST", CALLS, move |_| {
            fs::rename(&broken, &whole).unwrap();
            fs::create_dir(&broken).unwrap();
            let refusal = json!({"code": "payment_required", "message": "no credit"});
            (status, json!({"call_id": "c1", "error": refusal}))
        });
        let out = sandbox.run(CALL, ["hello there"]);
        assert_eq!(out.code(), code, "{out}");
        out.stderr_has(fact);
        // On a good disk again: the line is unconfirmed, and is not repeated.
        fs::remove_dir(&intents).unwrap();
        fs::rename(&aside, &intents).unwrap();
        sandbox.run(CALL, ["hello there"]).fails(8).stderr_has("--again");
        assert_eq!(service.seen_at("POST", CALLS).len(), 1);
    }
}

#[test]
fn a_call_that_could_not_be_printed_is_unconfirmed() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let line = format!("{CALL} 'hello there' >/dev/full");
    let out = sandbox.run("/bin/sh", ["-c", &line]);
    out.fails(8).stderr_has("it was done").stderr_has("writing to stdout");
    sandbox.run(CALL, ["hello there"]).fails(8).stderr_has("may have been placed");
    assert_eq!(service.seen_at("POST", CALLS).len(), 1);
}

#[test]
fn status_and_end_of_an_unknown_call_are_exit_1() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(CALL, ["status", "nope"]).fails(1).silent().stderr_has("HTTP 404");
    sandbox.run(CALL, ["end", "nope"]).fails(1).silent().stderr_has("HTTP 404");
    sandbox.run(CALL, ["wait", "nope"]).fails(1).stderr_has("HTTP 404");
    sandbox.run(CALL, ["status", "a/../../me"]).fails(1);
    assert!(service.seen_at("GET", "/v1/me").is_empty(), "an id never changes the path");
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let line =
        format!("{CALL} 'hello there' | true; {CALL} --help | true; exec {CALL} status nope >&-");
    let out = sandbox.run("/bin/sh", ["-c", &line]);
    out.fails(1).never_says("panicked").never_says("Broken pipe");
}

#[test]
fn help_ends_with_examples() {
    let sandbox = Sandbox::new();
    for line in
        [vec!["--help"], vec!["status", "--help"], vec!["end", "--help"], vec!["wait", "--help"]]
    {
        let out = sandbox.run(CALL, &line);
        let examples =
            out.ok().quiet().out().split("Examples:\n").nth(1).expect("examples").to_owned();
        assert_eq!(examples.lines().filter(|line| line.trim().starts_with("call ")).count(), 2);
    }
}
