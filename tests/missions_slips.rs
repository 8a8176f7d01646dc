//! `missions` on lines that are nearly right: what they are told helps, and never guesses at random.

use harness::{Sandbox, Service};
use serde_json::json;

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STATE: &str = "skill/.missions_state.json";

fn machine(state: &serde_json::Value) -> (Service, Sandbox) {
    let service = Service::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.write(STATE, &state.to_string());
    (service, sandbox)
}

/// A plan that was read from the service is kept as the service wrote it.
#[test]
fn the_steps_of_a_plan_are_known_by_either_name_of_their_ids() {
    let mission = |step: serde_json::Value| json!({"m": {"mission_name": "M", "mission_id": "mis_1", "run_id": "run_1", "plan": [step]}});
    let line = ["update-step", "mis_1", "run_1", "cals", "completed"];
    let (service, sandbox) = machine(&mission(json!({"id": "calls", "description": "C"})));
    sandbox.run(MISSIONS, line).fails(2).silent().stderr_has("probably `calls`");
    assert!(service.seen().is_empty());
    // Without any, only the service can tell.
    let (_service, sandbox) = machine(&mission(json!({"description": "C"})));
    sandbox.run(MISSIONS, line).fails(1).stderr_has("404").never_says("panicked");
}
