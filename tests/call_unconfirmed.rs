//! `call` where it is not confirmed that it was placed: that is reported in time, even if printing fails.

use std::time::Duration;

use harness::{BodyKind, ErrorResponse, Proof, RequestFault, Sandbox, SimulatedService};
use serde_json::json;

const CALL: &str = env!("CARGO_BIN_EXE_call");
const CALLS: &str = "/v1/calls";

#[test]
fn an_unconfirmed_call_is_one_error_and_one_hint() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", CALLS, RequestFault::Lost, 1);
    let out = sandbox.run(CALL, ["hello there"]);
    out.fails(8)
        .stderr_has("error: placing the call: ")
        .stderr_has("hint: find out whether the phone");
    out.one_error_one_hint();
    let out = sandbox.run(CALL, ["hello there"]);
    out.fails(8).one_error_one_hint();
}

#[test]
fn an_unconfirmed_call_that_cannot_be_printed_still_is() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.fail("POST", CALLS, RequestFault::Lost, 1);
    let unheard = format!("{CALL} 'hello there' >/dev/full");
    for fact in ["error: placing the call: ", "may have been placed"] {
        let out = sandbox.run("/bin/sh", ["-c", &unheard]);
        out.fails(8).stderr_has("warning: ").stderr_has(fact);
        out.one_error_one_hint();
    }
    assert_eq!(service.seen_at("POST", CALLS).len(), 1);
}

#[test]
fn a_failed_print_before_the_call_leaves_nothing_unconfirmed() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let unheard = format!("{CALL} --text 'hello there' >/dev/full");
    sandbox.run("/bin/sh", ["-c", &unheard]).fails(4).stderr_has("writing to stdout");
    assert!(service.seen().is_empty());
    assert_eq!(sandbox.json("skill/.intents.json")["intents"], json!([]));
}

#[test]
fn a_call_that_was_ended_without_a_response_was_ended() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let call = sandbox.run(CALL, ["hello there"]).ok().json();
    let id = call["call_id"].as_str().expect("an id");
    let out = sandbox.run("/bin/sh", ["-c", &format!("{CALL} end {id} >/dev/full")]);
    out.fails(8).stderr_has("error: it was done, but").stderr_has(&format!("call status {id}`"));
}

/// One poll would take the whole `--deadline`, which is a minute.
#[test]
fn a_silent_service_does_not_prolong_the_wait() {
    let service = SimulatedService::start();
    service.fail_always("GET", "/v1/calls/:id", RequestFault::Hang);
    let out = Sandbox::for_service(&service).run(CALL, ["wait", "call_1", "--timeout", "2"]);
    out.fails(6).stdout_has("call_1").stderr_has("call wait call_1`");
    assert!(out.took() < Duration::from_secs(15), "{out}");
}

/// The same line twice, for every kind of response to the first: what may have been done is not done again.
#[test]
fn no_response_makes_the_same_line_dial_twice() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (n, response) in ErrorResponse::samples().into_iter().enumerate() {
        let greeting = format!("hello there {n}");
        service.fail("POST", CALLS, RequestFault::Response(response), 1);
        let out = sandbox.run(CALL, [&*greeting]);
        assert_eq!(out.code(), response.exit(), "{response:?} {out}");
        let again = sandbox.run(CALL, [&*greeting]);
        let n_sent = service
            .seen_at("POST", CALLS)
            .iter()
            .filter(|seen| seen.body["greeting"] == *greeting)
            .count();
        if response.proof() == Proof::None {
            assert_eq!((again.code(), n_sent), (8, 1), "{response:?} {again}");
        } else {
            assert_eq!((again.code(), n_sent), (0, 2), "{response:?} {again}");
        }
    }
}

#[test]
fn a_call_refused_for_now_goes_out_again_with_its_own_key() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let later =
        ErrorResponse { retry_after: Some(3600), ..ErrorResponse::new(429, BodyKind::Html) };
    service.fail("POST", CALLS, RequestFault::Response(later), 2);
    for code in [4, 4, 0, 0] {
        assert_eq!(sandbox.run(CALL, ["hello there"]).code(), code);
    }
    let keys: Vec<_> = service
        .seen_at("POST", CALLS)
        .iter()
        .map(|seen| seen.header("idempotency-key").expect("every call has one").to_owned())
        .collect();
    assert!(keys[0] == keys[1] && keys[1] == keys[2], "{keys:?}");
    assert_ne!(keys[2], keys[3], "the fourth is a call of its own");
    assert!(!keys[0].is_empty() && keys[0].bytes().all(|byte| byte.is_ascii_alphanumeric()));
}
