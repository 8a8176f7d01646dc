//! A request that needs a fingerprint or face is not approved without it, by whichever command.

use harness::{Output, RequestFault, Sandbox, ServiceSettings, SimulatedOwner, SimulatedService};
use serde_json::{Value, json};
use std::time::Duration;

const APPROVAL: &str = env!("CARGO_BIN_EXE_approval");
const ONE: &str = "/v1/approvals/:id";
const STORED: &str = "skill/.approvals.json";

/// A service whose requests only these tests decide.
fn undecided() -> (SimulatedService, Sandbox) {
    let settings = ServiceSettings {
        owner: SimulatedOwner::Silent,
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    };
    let service = SimulatedService::with(settings);
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "10");
    (service, sandbox)
}

/// Leaves a request undecided, and gives its id.
#[track_caller]
fn left(sandbox: &Sandbox, options: &[&str]) -> String {
    let line = [&["request", "Pay 500 dollars", "--no-wait"], options].concat();
    let out = sandbox.run(APPROVAL, line);
    out.fails(6).json()["request_id"].as_str().expect("an id is always printed").to_owned()
}

/// Approves every request, with these fields beside.
fn approve_all(service: &SimulatedService, fields: &Value) {
    let fields = fields.clone();
    service.on_with("GET", ONE, move |request| {
        let mut row = fields.clone();
        row["request_id"] = request.path.rsplit('/').next().into();
        row["status"] = json!("approved");
        (200, row)
    });
}

/// What each command makes of a reply that the service gives to every poll, all at once. None waits for another reply.
fn replies(answer: &Value, options: &[&str]) -> Vec<Output> {
    let (service, sandbox) = undecided();
    let id = left(&sandbox, options);
    approve_all(&service, answer);
    let ask = [&["request", "Pay 500 dollars", "--timeout", "90"], options].concat();
    let lines = [vec!["status", &id], vec!["wait", &id, "--timeout", "90"], ask];
    let running: Vec<_> = lines.map(|line| sandbox.spawn(APPROVAL, line)).into_iter().collect();
    running.into_iter().map(|child| child.finish(Duration::from_secs(20))).collect()
}

#[test]
fn every_command_needs_the_fingerprint() {
    let denies = [json!(null), json!(false), json!(0), json!("true"), json!([])];
    let mut answers: Vec<(Value, bool, bool)> = vec![
        // The reply, whether it approves where a fingerprint is needed, whether it does where none is.
        (json!({}), true, true),
        (json!({"biometric_verified": true}), true, true),
        (json!({"require_biometric": true, "biometric_verified": true}), true, true),
        (json!({"require_biometric": true, "biometric_verified": null}), false, false),
        (json!({"require_biometric": true, "biometric_verified": false}), false, false),
        (json!({"require_biometric": false, "biometric_verified": true}), false, true),
        (json!({"require_biometric": false, "biometric_verified": null}), false, true),
        (json!({"require_biometric": null}), false, true),
    ];
    answers.extend(denies.map(|no| (json!({"biometric_verified": no}), false, true)));
    let case = |answer: &Value, options: &[&str], approves: bool| {
        let wanted = if approves { (0, "approved") } else { (6, "unknown") };
        for out in replies(answer, options) {
            let status = out.json()["status"].clone();
            assert_eq!((out.code(), status.as_str()), (wanted.0, Some(wanted.1)), "{answer} {out}");
            let says_why = out.err().contains("without the fingerprint or face");
            assert_eq!(says_why, !approves, "{answer} {out}");
        }
    };
    std::thread::scope(|threads| {
        for (answer, with_check, without) in &answers {
            threads.spawn(|| case(answer, &["--biometric"], *with_check));
            threads.spawn(|| case(answer, &[], *without));
        }
    });
}

#[test]
fn what_was_asked_is_stored_in_a_private_file_as_long_as_it_matters() {
    let (service, sandbox) = undecided();
    let n_stored = || sandbox.json(STORED)["checks"].as_array().map(Vec::len);
    let plain = left(&sandbox, &[]);
    assert_eq!((sandbox.mode(STORED), n_stored()), (0o600, Some(1)));
    approve_all(&service, &json!({}));
    sandbox.run(APPROVAL, ["wait", &plain]).ok();
    assert_eq!(n_stored(), Some(0));
    let checked = left(&sandbox, &["--biometric"]);
    sandbox.run(APPROVAL, ["wait", &checked]).ok();
    assert_eq!(n_stored(), Some(1));
}

#[test]
fn an_id_written_otherwise_is_the_same_request() {
    let (service, sandbox) = undecided();
    let id = left(&sandbox, &["--biometric"]);
    approve_all(&service, &json!({"biometric_verified": null}));
    for written in [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}")] {
        sandbox.run(APPROVAL, ["status", &written]).fails(6);
    }
    sandbox.run(APPROVAL, ["status", "another"]).ok();
}

#[test]
fn what_cannot_be_stored_is_not_requested() {
    let (service, sandbox) = undecided();
    let line = ["request", "Pay 500 dollars", "--biometric", "--no-wait"];
    std::fs::create_dir(sandbox.path(STORED)).expect("nothing is there yet");
    sandbox.run(APPROVAL, line).fails(4).silent().stderr_has("nothing was asked");
    std::fs::remove_dir(sandbox.path(STORED)).expect("it was made just now");
    sandbox.write(STORED, "{\"format\":1,\"checks\":[{");
    sandbox.run(APPROVAL, line).fails(3).silent().stderr_has("hint: ").stderr_has("mv ");
    // It is not known which requests the file was about.
    for waits in [["status", "apr_1"], ["wait", "apr_1"]] {
        sandbox.run(APPROVAL, waits).fails(3).silent();
    }
    // And whether another request has the same id is not known of any.
    sandbox.run(APPROVAL, ["request", "Pay 500 dollars"]).fails(3).silent();
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

/// The response with the id was lost, so any id may be the one; a request that was not made for sure is forgotten.
#[test]
fn a_request_without_a_known_id_needs_the_fingerprint_under_any() {
    let (service, sandbox) = undecided();
    let line = ["request", "Pay 500 dollars", "--biometric", "--no-wait"];
    let status = || sandbox.run(APPROVAL, ["status", "apr_1"]);
    approve_all(&service, &json!({"biometric_verified": null}));
    service.fail("POST", "/v1/approvals", RequestFault::Status(400), 1);
    sandbox.run(APPROVAL, line).fails(1);
    status().ok();
    service.fail("POST", "/v1/approvals", RequestFault::Lost, 1);
    sandbox.run(APPROVAL, line).fails(8);
    status().fails(6);
    // A week later nobody can decide it any more.
    let mut stored = sandbox.json(STORED);
    assert_eq!(stored["checks"].as_array().map(Vec::len), Some(1));
    stored["checks"][0]["up"].take();
    stored["checks"][0]["at"] = json!("2020-01-01T00:00:00Z");
    sandbox.write(STORED, &stored.to_string());
    status().ok();
}
