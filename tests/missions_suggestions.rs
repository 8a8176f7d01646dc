//! `missions` on lines that are nearly right: the error suggests what was probably meant, and nothing at random.

use std::time::Duration;

use harness::{Sandbox, ServiceSettings, ServiceTable, SimulatedService};
use serde_json::json;

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STATE: &str = "skill/.missions_state.json";

fn machine(state: &serde_json::Value) -> (SimulatedService, Sandbox) {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    sandbox.write(STATE, &state.to_string());
    (service, sandbox)
}

/// A plan that was read from the service is stored as the service wrote it.
#[test]
fn the_steps_of_a_plan_are_known_by_either_name_of_their_ids() {
    let mission = |step: serde_json::Value| json!({"m": {"mission_name": "M", "mission_id": "mis_1", "run_id": "run_1", "plan": [step]}});
    let line = ["update-step", "mis_1", "run_1", "cals", "completed"];
    let (service, sandbox) = machine(&mission(json!({"id": "calls", "description": "C"})));
    sandbox.run(MISSIONS, line).fails(2).silent().stderr_has("probably `calls`");
    assert!(service.seen().is_empty());
    // Without any, the service has to judge.
    let (_service, sandbox) = machine(&mission(json!({"description": "C"})));
    sandbox.run(MISSIONS, line).fails(1).stderr_has("404").never_says("panicked");
}

#[test]
fn what_is_no_state_file_is_not_imported() {
    let state = json!({"m": {"mission_name": "M", "mission_id": "mis_1", "memory": {"k": 1}}});
    let (_service, sandbox) = machine(&state);
    for (text, says) in [
        (json!({"a": {"b": 1}}), "`a` is no mission (it has no mission_id"),
        (json!({"m": {"mission_id": "mis_1"}, "events": {}}), "`events` is no mission"),
        (json!({"missions": [{"slug": "m"}]}), "no mission is in it"),
        (json!({"memory": {"k": "v"}, "last_updated": "t"}), "`memory` is no mission"),
    ] {
        sandbox.write("kept.json", &text.to_string());
        let path = sandbox.path("kept.json").display().to_string();
        let out = sandbox.run(MISSIONS, ["import", &path]);
        out.fails(2).silent().stderr_has("kept.json` is no state file: ").stderr_has(says);
        assert_eq!(sandbox.json(STATE), state);
    }
}

#[test]
fn what_get_state_printed_can_be_brought_back() {
    let state =
        json!({"find-it": {"mission_name": "Find it", "mission_id": "mis_1", "events": {}}});
    let (_service, sandbox) = machine(&state);
    let keep = "\"$0\" get-state find-it >kept.json && \"$0\" remove-state find-it";
    sandbox.run("/bin/sh", ["-c", keep, MISSIONS]).ok();
    assert_eq!(sandbox.json(STATE), json!({}));
    let done = sandbox.run(MISSIONS, ["import", "kept.json"]).ok().json();
    assert_eq!((&done["added"], sandbox.json(STATE)), (&json!(["find-it"]), state));
}

#[test]
fn a_word_that_is_like_no_other_gets_no_suggestion() {
    let (_service, sandbox) = machine(&json!({"pos": {"mission_id": "mis_1", "run_id": "run_1"}}));
    let out = sandbox.run(MISSIONS, ["cancel", "nosuch"]);
    out.fails(2).stderr_has("`pos`\nhint: `missions list-state` lists the slugs\n");
    let out = sandbox.run(MISSIONS, ["cancel", "po"]);
    out.fails(2).stderr_has("hint: copy the slug exactly, probably `pos`\n");
    for line in [
        &["update-run", "mis_1", "run_1", "bogus"][..],
        &["create-assistant", "A", "I", "--feature", "fax"],
    ] {
        sandbox.run(MISSIONS, line).fails(2).stderr_has("known are").never_says("probably");
    }
}

#[test]
fn a_folder_in_place_of_a_state_file_is_named_as_one() {
    let (_service, mut sandbox) = machine(&json!({}));
    let folder = sandbox.path("work").display().to_string();
    let says = format!("error: `{folder}` is a folder, no state file\nhint: give the file in it");
    for line in [&["import", &folder][..], &["list-state", "--state", &folder]] {
        sandbox
            .run(MISSIONS, line)
            .fails(2)
            .silent()
            .stderr_has(&says)
            .stderr_has(&format!("{folder}/.missions_state.json`\n"));
    }
    sandbox.env("CLAWDTALK_STATE_FILE", &folder);
    sandbox.run(MISSIONS, ["list-state"]).fails(2).silent().stderr_has(&says);
}

#[test]
fn a_broken_file_is_named_where_its_recovery_is_suggested() {
    let (_service, mut sandbox) = machine(&json!({}));
    sandbox.write("my files/kept.json", "{\"m\": {\"mission_na");
    let path = sandbox.path("my files/kept.json").display().to_string();
    let says = format!("`missions recover --state '{path}'` saves");
    sandbox.run(MISSIONS, ["list-state", "--state", &path]).fails(2).stderr_has(&says);
    sandbox.run(MISSIONS, ["import", &path]).fails(2).stderr_has(&says);
    sandbox.env("CLAWDTALK_STATE_FILE", &path);
    sandbox.run(MISSIONS, ["list-state"]).fails(2).stderr_has(&says);
}

/// The service may ignore the name.
#[test]
fn assistants_are_found_by_a_part_of_their_name() {
    let service = SimulatedService::with(ServiceSettings {
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    });
    let sandbox = Sandbox::for_service(&service);
    for n in 0..27 {
        let name = if n == 0 { "The Caller".to_owned() } else { format!("Other {n}") };
        sandbox.run(MISSIONS, ["create-assistant", &name, "I"]).ok();
    }
    let found = sandbox.run(MISSIONS, ["list-assistants", "--name", "caller"]).ok().json();
    let names: Vec<_> = found["assistants"].as_array().into_iter().flatten().collect();
    assert_eq!(names.len(), 1, "{found}");
    assert_eq!(names[0]["name"], "The Caller");
    let none = sandbox.run(MISSIONS, ["list-assistants", "--name", "nobody"]).ok().json();
    assert_eq!(none["assistants"], json!([]));
}

#[test]
fn a_number_that_rings_somebody_can_be_called_from() {
    let (service, sandbox) = machine(&json!({}));
    for name in ["One", "Two"] {
        sandbox.run(MISSIONS, ["init", name, "I", "R"]).ok();
    }
    let phone = sandbox.run(MISSIONS, ["setup-agent", "one", "A", "I"]).ok().json();
    let out = sandbox.run(MISSIONS, ["setup-agent", "two", "A", "I"]);
    out.fails(1).stderr_has("no available phone number").stderr_has("hint: `--caller-id-only`");
    let owners = || {
        let rows = service.rows(ServiceTable::Assistants);
        rows.into_iter().map(|row| row["phone_number"].clone()).collect::<Vec<_>>()
    };
    let before = owners();
    let second = sandbox.run(MISSIONS, ["setup-agent", "two", "A", "I", "--caller-id-only"]);
    let second = second.ok().json();
    assert_eq!(second["agent_phone"], phone["agent_phone"]);
    assert_eq!((&second["inbound_line"], owners()), (&json!("unchanged"), before));
}

#[test]
fn what_a_scheduling_line_lacks_is_named() {
    let (service, sandbox) = machine(&json!({"m": {"mission_id": "mis_1", "run_id": "run_1"}}));
    let to = "+13122200001";
    for (line, says) in [
        (&["schedule-sms", "--mission", "m", to, "in 15m"][..], "schedule-sms: TEXT is missing\n"),
        (&["schedule-sms", "--mission", "m", to], "WHEN and TEXT are missing\n"),
        (&["schedule-call", "--mission", "m", to], "WHEN is missing\n"),
        (&["schedule-sms", "ast_1", to], "FROM, WHEN and TEXT are missing\n"),
        (&["schedule-call", "--mission", "m", to, "in", "15m"], "quote the time, as in \"in 15m\""),
        (&["schedule-sms", "--mission", "m", to, "in", "15m", "Hi"], "quote the time, as in"),
        (&["schedule-sms", "--mission", "m", to, "in 9m", "Hi", "Bo"], "the text: 2 words found\n"),
        (
            &["schedule-sms", "--mission", "m", to, "in 9m", "Are", "you", "open"],
            "quote the text: 3 words found\n",
        ),
        (&["schedule-call", "ast_1", to, to, "in 9m", "mis_1"], "RUN_ID is missing, or"),
    ] {
        let out = sandbox.run(MISSIONS, line);
        out.fails(2).silent().stderr_has(says).stderr_has("hint: usage: missions schedule-");
    }
    assert!(service.seen().is_empty());
}
