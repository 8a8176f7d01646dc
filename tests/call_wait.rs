//! How `call wait` ends: by whether somebody was reached, not by the status of the call.

use std::time::Duration;

use harness::{Sandbox, Signal, SimulatedService};
use serde_json::json;

const CALL: &str = env!("CARGO_BIN_EXE_call");

/// A call ends as `ended` or `completed` whoever took it: what counts is the field that says who did.
#[test]
fn wait_is_done_only_if_somebody_answered() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (call, code, fact) in [
        (json!({"status": "ended", "reason": "user_hangup"}), 0, ""),
        (json!({"status": "ended", "amd_result": "human_residence"}), 0, ""),
        (json!({"status": "completed", "amd_result": "not_sure"}), 0, ""),
        (json!({"status": "ended", "reason": "timeout"}), 1, "no answer"),
        (json!({"status": "ended", "reason": "not_found"}), 1, "not found"),
        (json!({"status": "ended", "reason": "originator_cancel"}), 1, "canceled"),
        (json!({"status": "completed", "reason": "Rejected"}), 1, "rejected"),
        (json!({"status": "completed", "reason": "not-found"}), 1, "not found"),
        (json!({"status": "completed", "outcome": "declined"}), 1, "rejected"),
        (json!({"status": "completed", "hangup_cause": "CALL_REJECTED"}), 1, "rejected"),
        (json!({"status": "completed", "outcome": "unanswered"}), 1, "no answer"),
        (json!({"status": "completed", "amd_result": "silence"}), 1, "no answer"),
        (json!({"status": "completed", "amd_result": "MACHINE"}), 1, "voicemail"),
        (
            json!({"status": "ended", "outcome": "voicemail", "reason": "user_hangup"}),
            1,
            "voicemail",
        ),
        (json!({"status": "ended", "outcome": "voicemail_failed"}), 1, "voicemail"),
        (json!({"status": "ended", "outcome": "fax"}), 1, "fax"),
        (json!({"status": "ended", "outcome": "abducted"}), 1, "abducted"),
    ] {
        let mut call = call;
        call["call_id"] = "c1".into();
        service.once("GET", "/v1/calls/:id", 200, call.clone());
        let out = sandbox.run(CALL, ["wait", "c1"]);
        assert_eq!(out.fails(code).json_lines(), [call], "the object is the service's own");
        out.stderr_has(fact);
    }
}

#[test]
fn wait_follows_a_call_to_its_end() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (to, code, last) in [
        ("+15551234599", 0, "completed"),
        ("+15551234501", 1, "busy"),
        ("+15551234502", 1, "no-answer"),
        ("+15551234593", 1, "ended"),
        ("+15551234596", 1, "ended"),
    ] {
        let placed = sandbox.run(CALL, ["--to", to]).ok().json();
        let id = placed["call_id"].as_str().unwrap().to_owned();
        let waiting = sandbox.spawn(CALL, ["wait", &id]);
        service.wait_request(Duration::from_secs(10), "GET", &format!("/v1/calls/{id}"), 1);
        service.advance(Duration::from_secs(3600));
        let out = waiting.finish(Duration::from_secs(15));
        let lines = out.fails(code).json_lines();
        assert_eq!(lines.last().unwrap()["status"], last);
        assert_eq!(lines.last().unwrap()["call_id"], id.as_str());
    }
}

#[test]
fn an_interrupted_wait_hints_how_to_go_on() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let placed = sandbox.run(CALL, ["hello there"]).ok().json();
    let id = placed["call_id"].as_str().unwrap().to_owned();
    for signal in [Signal::INT, Signal::TERM] {
        let waiting = sandbox.spawn(CALL, ["wait", &id]);
        waiting.wait_line(Duration::from_secs(10), |line| line.contains(&id));
        let out = waiting.stop(signal, Duration::from_secs(5));
        out.fails(6).stdout_has(&id).stderr_has(&format!("call wait {id}"));
    }
    let out = sandbox.run(CALL, ["wait", &id, "--timeout", "1"]);
    out.fails(6).stdout_has(&id).stderr_has(&format!("call wait {id}"));
}
