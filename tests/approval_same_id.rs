//! An id that the service gives to two requests of ours approves neither, whichever process made them.

use std::time::Duration;

use harness::{RequestFault, Sandbox, SimulatedService};
use serde_json::json;

const APPROVAL: &str = env!("CARGO_BIN_EXE_approval");
const APPROVALS: &str = "/v1/approvals";
const LIMIT: Duration = Duration::from_secs(20);

/// A service that gives every request the same id and has it approved at once.
fn service_with_one_id() -> (SimulatedService, Sandbox) {
    let service = SimulatedService::start();
    let created = json!({"request_id": "apr_1", "status": "pending", "devices_notified": 1});
    service.on("POST", APPROVALS, 201, created);
    let approved = json!({"request_id": "apr_1", "status": "approved"});
    service.on("GET", "/v1/approvals/:id", 200, approved);
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "10");
    (service, sandbox)
}

/// The first has not got its id yet when the second is approved under it already.
#[test]
fn two_requests_at_the_same_moment_are_both_not_approved() {
    let (service, sandbox) = service_with_one_id();
    service.fail("POST", APPROVALS, RequestFault::Slow(Duration::from_secs(2)), 1);
    let ask = |action| sandbox.spawn(APPROVAL, ["request", action, "--timeout", "3"]);
    let first = ask("Delete repo a");
    service.wait_request(LIMIT, "POST", APPROVALS, 1);
    let second = ask("Delete repo b");
    for child in [second, first] {
        let out = child.finish(LIMIT);
        out.fails(6).stderr_has("the id of another one");
        assert_eq!(out.json()["status"], "unknown", "{out}");
    }
    // Nor does a look afterwards make one of them approved.
    for look in [["status", "apr_1"], ["wait", "apr_1"]] {
        sandbox.run(APPROVAL, look).fails(6);
    }
}

#[test]
fn the_id_of_a_request_that_still_waits_is_no_other_ones() {
    let (service, sandbox) = service_with_one_id();
    sandbox.run(APPROVAL, ["request", "Delete repo a", "--no-wait"]).fails(6);
    sandbox
        .run(APPROVAL, ["request", "Delete repo b"])
        .fails(6)
        .stderr_has("the id of another one");
    sandbox.run(APPROVAL, ["wait", "apr_1"]).fails(6);
    assert_eq!(service.seen_at("POST", "/v1/approvals").len(), 2);
}

/// A decided one is in nobody's way, nor are two that were doubtful.
#[test]
fn an_id_that_comes_again_after_its_decision_counts() {
    let (_service, sandbox) = service_with_one_id();
    sandbox.run(APPROVAL, ["request", "Delete repo c", "--no-wait"]).fails(6);
    sandbox.run(APPROVAL, ["request", "Delete repo d"]).fails(6);
    for action in ["Delete repo a", "Delete repo b"] {
        sandbox.run(APPROVAL, ["request", action]).ok();
    }
}
