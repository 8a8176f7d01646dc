//! `missions` on a disk that fails after a request: what was done is neither reported as undone nor done twice.

use std::time::Duration;

use harness::{
    Output, RequestFault, Sandbox, ServiceSettings, ServiceTable, SimulatedGateway,
    SimulatedService,
};
use serde_json::Value;

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const TEMP: &str = "skill/.missions_state.json.tmp";
const STEPS: &str = r#"[{"step_id":"calls","description":"Call"}]"#;
const INIT: [&str; 5] = ["init", "M", "I", "R", STEPS];
const AGENT: [&str; 5] = ["setup-agent", "m", "A", "I", "Hi"];
const SOON: Duration = Duration::from_secs(10);
/// Long enough for the disk to fail while the answer is on its way.
const SLOW: Duration = Duration::from_millis(300);

/// Runs a command whose state file cannot be written any more once the service has this request.
fn fails_after(
    service: &SimulatedService,
    sandbox: &Sandbox,
    at: (&str, &str),
    line: &[&str],
) -> Output {
    fails_while(service, sandbox, (at, RequestFault::Slow(SLOW)), line)
}

/// The same with another answer.
fn fails_while(
    service: &SimulatedService,
    sandbox: &Sandbox,
    (at, answer): ((&str, &str), RequestFault),
    line: &[&str],
) -> Output {
    let before = service.seen_at(at.0, at.1).len();
    service.fail(at.0, at.1, answer, 1);
    let command = sandbox.spawn(MISSIONS, line);
    service.wait_request(SOON, at.0, at.1, before + 1);
    // A folder where the unfinished file is to be: that stops root as well.
    std::fs::create_dir(sandbox.path(TEMP)).expect("the sandbox is writable");
    let end = command.finish(SOON);
    std::fs::remove_dir(sandbox.path(TEMP)).expect("it was made just now");
    end
}

fn start() -> (SimulatedService, Sandbox) {
    let service = SimulatedService::with(ServiceSettings::default());
    service.clock().periods(20);
    let sandbox = Sandbox::for_service(&service);
    (service, sandbox)
}

/// A mission with a call in five minutes.
fn started_mission() -> (SimulatedService, Sandbox) {
    let (service, sandbox) = start();
    for line in [
        &INIT[..],
        &AGENT,
        &[
            "schedule-call",
            "--mission",
            "m",
            "+13322200001",
            "in 5m",
            "--step",
            "calls",
            "--any-time",
        ],
    ] {
        sandbox.run(MISSIONS, line).ok();
    }
    (service, sandbox)
}

fn state(sandbox: &Sandbox) -> Value {
    sandbox.json("skill/.missions_state.json")["m"].clone()
}

#[test]
fn a_resource_that_could_not_be_recorded_is_found() {
    for path in ["/v1/missions", "/v1/missions/:m/runs", "/v1/missions/:m/runs/:r/plan"] {
        let (service, sandbox) = start();
        let end = fails_after(&service, &sandbox, ("POST", path), &INIT);
        end.fails(8).silent().stderr_has("created, but that could not be stored here: writing");
        end.stderr_has("hint: fix that, then run the same command again");
        sandbox.run(MISSIONS, INIT).ok().quiet();
        let n = |table| service.rows(table).len();
        assert_eq!(
            (n(ServiceTable::Missions), n(ServiceTable::Runs), n(ServiceTable::Steps)),
            (1, 2, 1),
            "{path}"
        );
    }
}

#[test]
fn an_assistant_that_could_not_be_recorded_is_found() {
    let (service, sandbox) = start();
    sandbox.run(MISSIONS, INIT).ok();
    fails_after(&service, &sandbox, ("POST", "/v1/assistants"), &AGENT).fails(8);
    let agents = "/v1/missions/:m/runs/:r/agents";
    fails_after(&service, &sandbox, ("POST", agents), &AGENT).fails(8);
    sandbox.run(MISSIONS, AGENT).ok();
    assert_eq!(service.rows(ServiceTable::Assistants).len(), 1);
    assert_eq!(service.rows(ServiceTable::Links).len(), 1);
}

#[test]
fn an_end_that_could_not_be_recorded_is_recorded_by_the_same_line() {
    let (service, sandbox) = started_mission();
    let line = ["complete", "m", "All done"];
    let at = ("PATCH", "/v1/missions/:m/runs/:r");
    let end = fails_after(&service, &sandbox, at, &line);
    end.fails(8).silent().stderr_has("succeeded at the service, but that could not be stored here");
    assert_eq!(state(&sandbox)["status"], "running");
    sandbox.run(MISSIONS, line).ok();
    assert_eq!(state(&sandbox)["status"], "succeeded");
}

#[test]
fn a_cancellation_that_could_not_be_recorded_is_recorded_by_the_same_line() {
    let (service, sandbox) = started_mission();
    let at = ("DELETE", "/v1/assistants/:a/events/:e");
    let end = fails_after(&service, &sandbox, at, &["cancel", "m"]);
    end.fails(8).stderr_has("could not be stored here");
    sandbox.run(MISSIONS, ["cancel", "m"]).ok();
    assert_eq!(state(&sandbox)["status"], "cancelled");
    assert_eq!(service.rows(ServiceTable::Scheduled)[0]["status"], "deleted");
}

#[test]
fn a_tick_that_did_something_does_not_say_that_nothing_was_done() {
    let (service, sandbox) = started_mission();
    let gateway = SimulatedGateway::start();
    sandbox.adjust(&serde_json::json!({
        "gateway_url": gateway.url(), "gateway_token": gateway.token(), "agent_id": "main",
    }));
    service.advance(Duration::from_secs(8 * 60));
    let at = ("POST", "/v1/missions/:m/runs/:r/events");
    let end = fails_after(&service, &sandbox, at, &["tick"]);
    end.fails(8).stderr_has("done, but that could not be stored here");
    sandbox.run(MISSIONS, ["tick"]).ok();
    assert_eq!(state(&sandbox)["status"], "failed", "the line was busy");
}

#[test]
fn an_unconfirmed_retry_that_could_not_be_recorded_is_reported_as_unconfirmed() {
    let (service, sandbox) = start();
    let gateway = SimulatedGateway::start();
    sandbox.adjust(&serde_json::json!({
        "gateway_url": gateway.url(), "gateway_token": gateway.token(), "agent_id": "main",
    }));
    let call = ["schedule-call", "--mission", "m", "+13322200001", "in 5m", "--any-time"];
    let call = [&call[..], &["--step", "calls", "--recipient", "automated"]].concat();
    for line in [&INIT[..], &AGENT, &call] {
        sandbox.run(MISSIONS, line).ok();
    }
    service.advance(Duration::from_secs(8 * 60));
    // This request is never answered: it is unconfirmed.
    let at = (("POST", "/v1/assistants/:a/events"), RequestFault::Hang);
    let end = fails_while(&service, &sandbox, at, &["--deadline", "1", "tick"]);
    end.fails(8).stderr_has("may have been scheduled, but that could not be stored here");
}
