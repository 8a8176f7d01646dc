//! `missions` on command lines that are wrong: one line that says what would be right, and nothing sent.

use harness::{RequestFault, Sandbox, SimulatedService};
use serde_json::json;

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");

#[test]
fn an_invisible_character_in_a_name_is_told_by_its_code() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (line, code) in [
        (&["get-mission", "mis\u{200b}_1"][..], "U+200B"),
        (&["create-mission", "Pay\u{202e}Bob", "Instructions"], "U+202E"),
        (&["get-memory", "m\u{ad}", "key"], "U+00AD"),
        (&["save-memory", "m", "key\u{2060}", "value"], "U+2060"),
        (&["get-run", "mis_1", "run_1\u{feff}"], "U+FEFF"),
        (&["dnc", "add", "+1555\u{200c}1234567"], "U+200C"),
    ] {
        sandbox.run(MISSIONS, line).fails(2).silent().stderr_has(code).stderr_has("hint: ");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[test]
fn a_wrong_line_is_refused_and_nothing_is_sent() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let state = json!({"m": {
        "mission_name": "M", "mission_id": "mis_1", "run_id": "run_1", "status": "running",
        "plan": [{"step_id": "research", "description": "R"}, {"step_id": "calls", "description": "C"}],
    }});
    sandbox.write("skill/.missions_state.json", &state.to_string());
    let (m, r) = ("mis_1", "run_1");
    for (line, says) in [
        (&["update-run", m, r, "completed"][..], "probably `succeeded`"),
        (&["update-run", m, r, "succeeded", "--payload", "{x"], "the payload is no JSON"),
        (&["update-run", m, r, "succeeded", "--sumary", "x"], "--summary"),
        (&["update-step", m, r, "reserch", "completed"], "probably `research`"),
        (&["update-step", m, r, "research", "done"], "probably `completed`"),
        (&["log-event", m, r, "step_complete", "x", "research"], "probably `step_completed`"),
        (&["log-event", m, r, "custom", "x", "cals"], "probably `calls`"),
        (&["log-event", m, r, "custom", "x"], "RUN_ID> <TYPE> <SUMMARY> <STEP_ID> [PAYLOAD_JSON]"),
        (&["log-event", m, r, "custom", "x", " "], "`-` if the event belongs to no step"),
        (&["log-event", m, r, "custom", "x", "{\"a\":1}"], "the STEP_ID is JSON"),
        (&["log-event", m, r, "custom", "x", "-", "{a}"], "the payload is no JSON"),
        (&["log-event", m, r, "custom", " ", "-"], "the summary must not be blank"),
        (&["log-event", m, r, "custom", "--sumary", "-"], "looks like an option"),
        (&["create-mission", "N", " "], "the instructions must not be blank"),
        (&["create-mission", "N", "I", "--channel", "phone"], "known are voice, sms, both"),
        (
            &["create-mission", "N", "I", "--metadata", "[]"],
            "the metadata is a list, not an object",
        ),
        (&["create-run", m, "{bad"], "the input of the run is no JSON"),
        (&["create-run", m, "[]"], "not an object"),
        (&["create-plan", m, r, "[]"], "the plan has no steps"),
        (&["create-plan", m, r, "[{\"step_id\":\"a\"}]"], "no `description`"),
        (&["create-assistant", "A", "I", "", "[\"sms\"]"], "known are telephony, messaging"),
        (&["create-assistant", "A", "I", "", "{bad"], "OPTIONS_JSON is no JSON"),
        (&["create-assistant", "A", "I", "", "7"], "neither an object nor a list"),
        (&["create-assistant", "A", "I", "--tool", "[]"], "the tool is a list"),
        (&["update-assistant", "a", "{}"], "changes nothing"),
        (&["update-assistant", "a", "[]"], "is a list, not an object"),
        (&["get-connection-id", "a", "voice"], "known are telephony, messaging"),
        (&["assign-phone", "p", "c", "fax"], "known are voice, sms"),
        (&["get-mission", ".."], "no id"),
        (&["get-mission", ""], "no id"),
        (&["list-missions", "--page", "0"], "--page"),
        (&["list-missions", "--status", "bogus"], "known are pending, running, succeeded,"),
        (&["init", "N", "I", "R", "{}"], "the plan is no list of steps"),
        (&["resolve", "--happened", "x"], "ID"),
    ] {
        let out = sandbox.run(MISSIONS, line);
        out.fails(2).silent().stderr_has("error: ").stderr_has(says);
        assert!(out.err().lines().filter(|line| line.starts_with("error: ")).count() == 1, "{out}");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
    assert_eq!(sandbox.json("skill/.missions_state.json"), state);
}

#[test]
fn an_id_never_changes_which_endpoint_is_asked() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.run(MISSIONS, ["get-mission", "a/../../x?y=#z"]).fails(1).stderr_has("404");
    assert_eq!(service.seen()[0].raw_path, "/v1/missions/a%2F..%2F..%2Fx%3Fy%3D%23z");
}

#[test]
fn what_the_service_says_decides_the_exit_code() {
    for (fault, code) in [
        (RequestFault::Status(401), 3),
        (RequestFault::Status(402), 1),
        (RequestFault::Status(500), 8),
        (RequestFault::RetryAfter(503, 3600), 4),
        (RequestFault::Html(502), 8),
        (RequestFault::Lost, 8),
        (RequestFault::Torn, 8),
    ] {
        let service = SimulatedService::start();
        let sandbox = Sandbox::for_service(&service);
        service.fail("POST", "/v1/missions", fault, 1);
        sandbox.run(MISSIONS, ["create-mission", "N", "I"]).fails(code).silent();
        assert_eq!(service.seen_at("POST", "/v1/missions").len(), 1, "{fault:?} is not repeated");
    }
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    service.on("POST", "/v1/missions", 201, json!({"mission": {"name": "N"}}));
    let out = sandbox.run(MISSIONS, ["create-mission", "N", "I"]);
    out.fails(8).silent().stderr_has("without `id`");
}

#[test]
fn a_refusal_by_the_carrier_is_printed_in_its_own_words() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let mission = sandbox.run(MISSIONS, ["create-mission", "N", "I"]).ok().json();
    let m = mission["id"].as_str().unwrap();
    let run = sandbox.run(MISSIONS, ["create-run", m, "{}"]).ok().json();
    let line = [
        "create-plan",
        m,
        run["run_id"].as_str().unwrap(),
        r#"[{"step_id":"a","description":"A"}]"#,
    ];
    sandbox.run(MISSIONS, line).ok();
    sandbox.run(MISSIONS, line).fails(1).silent().stderr_has("A plan already exists for this run");
    let step = ["update-step", m, run["run_id"].as_str().unwrap(), "zz", "completed"];
    sandbox.run(MISSIONS, step).fails(1).stderr_has("step_not_found");
}

#[test]
fn the_key_is_checked_with_the_service_and_never_shown() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.run(MISSIONS, ["check-key"]).ok().never_says("0123456789");
    service.once(
        "GET",
        "/v1/me",
        404,
        json!({"error": {"code": "not_found", "message": "no route"}}),
    );
    let out = sandbox.run(MISSIONS, ["check-key"]);
    assert_eq!(out.ok().stderr_has("could not be verified").json()["verified"], false);
    service.change_key("cc_live_another_key_0123456");
    sandbox.run(MISSIONS, ["check-key"]).fails(3).silent().never_says("0123456789");
    sandbox.adjust(&json!({"api_key": null}));
    sandbox.run(MISSIONS, ["check-key"]).fails(3).silent().stderr_has("no API key");
    sandbox.env("CLAWDTALK_API_KEY", "cc_live_another_key_0123456");
    sandbox.run(MISSIONS, ["check-key"]).ok();
    // What is on this machine alone needs no key.
    sandbox.without("CLAWDTALK_API_KEY").run(MISSIONS, ["list-state"]).ok().quiet();
}
