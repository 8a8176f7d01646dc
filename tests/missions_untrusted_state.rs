//! A state file is data: whatever programs it names, none of them is run.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

use harness::{Sandbox, SimulatedService};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

const MISSIONS: &str = env!("CARGO_BIN_EXE_missions");
const STATE: &str = "skill/.missions_state.json";

/// A machine whose PATH has a gateway's program with one job, and no job of anybody's crontab. Both note their calls.
fn machine() -> (SimulatedService, Sandbox) {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("PATH", &format!("{}:/usr/bin:/bin", sandbox.path("work/bin").display()));
    program(&sandbox, "work/bin/openclaw", "calls");
    program(&sandbox, "work/bin/crontab", "crontab");
    program(&sandbox, "repo/evil", "EXECUTED");
    (service, sandbox)
}

/// A program that notes how it was called, and answers as a gateway without a job does.
fn program(sandbox: &Sandbox, path: &str, note: &str) {
    let note = sandbox.path(&format!("work/{note}")).display().to_string();
    let script = format!("#!/bin/sh\necho \"$*\" >> '{note}'\necho '{{\"jobs\":[]}}'\n");
    sandbox.write(path, &script);
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(sandbox.path(path), mode).unwrap();
}

/// A mission with every way to name a program that its file could have.
fn mission(evil: &str) -> Value {
    json!({
        "mission_name": "Outreach", "mission_id": "m", "run_id": "r", "status": "running",
        "cron": {"scheduler": "openclaw", "program": evil, "command": [evil], "line": format!("* * * * * {evil}")},
        "scheduler": {"program": evil}, "program": evil, "command": evil,
        "memory": {"program": "the theatre's"},
    })
}

const LINES: [&[&str]; 9] = [
    &["list-state"],
    &["get-state", "outreach"],
    &["cron", "list"],
    &["next", "outreach"],
    &["tick"],
    &["tick", "outreach"],
    &["cron", "remove", "outreach"],
    &["complete", "outreach", "done"],
    &["remove-state", "outreach"],
];

#[test]
fn a_program_that_an_old_state_file_names_is_ignored() {
    let (_service, sandbox) = machine();
    let evil = sandbox.path("repo/evil").display().to_string();
    for line in LINES {
        sandbox.write(STATE, &json!({ "outreach": mission(&evil) }).to_string());
        sandbox.prepare(MISSIONS, line).run();
        assert!(!sandbox.has("work/EXECUTED"), "{line:?}");
    }
    assert!(sandbox.read("work/calls").contains("cron list"), "the one on the PATH was run");
    // The same for another state file.
    sandbox.write("repo/state.json", &json!({ "outreach": mission(&evil) }).to_string());
    let other = sandbox.path("repo/state.json").display().to_string();
    sandbox.run(MISSIONS, ["cron", "list", "--state", &other]).ok();
    assert!(!sandbox.has("work/EXECUTED"));
}

#[test]
fn what_is_set_up_names_no_program() {
    let (_service, sandbox) = machine();
    let evil = sandbox.path("repo/evil").display().to_string();
    sandbox.write(STATE, &json!({ "outreach": mission(&evil) }).to_string());
    let answers = "#!/bin/sh\ncase $2 in add) echo '{\"created\":true,\"job\":{\"id\":\"j1\"}}';; *) echo '{\"jobs\":[]}';; esac\n";
    sandbox.write("work/bin/openclaw", answers);
    let added = sandbox.run(MISSIONS, ["cron", "add", "outreach", "--openclaw"]).ok().json();
    assert_eq!((&added["scheduler"], &added["written"]), (&json!("openclaw"), &json!("j1")));
    assert_eq!(sandbox.json(STATE)["outreach"]["cron"], json!({"scheduler": "openclaw"}));
    assert!(!sandbox.has("work/EXECUTED"));
}

#[test]
fn without_the_gateways_program_nothing_else_is_run_in_its_place() {
    let (_service, mut sandbox) = machine();
    let evil = sandbox.path("repo/evil").display().to_string();
    sandbox.write(STATE, &json!({ "outreach": mission(&evil) }).to_string());
    // A program of that name in the current folder is none on the PATH.
    program(&sandbox, "work/openclaw", "EXECUTED");
    sandbox.env("PATH", ".:bin:/nowhere");
    for line in [["cron", "remove", "outreach"], ["cron", "list", "outreach"]] {
        sandbox.run(MISSIONS, line).fails(3).stderr_has("`openclaw` is not on the PATH");
    }
    assert!(!sandbox.has("work/EXECUTED") && !sandbox.has("work/calls"));
    // Where npm puts programs, it is found without the PATH, as under cron.
    program(&sandbox, "home/.npm-global/bin/openclaw", "calls");
    sandbox.run(MISSIONS, ["cron", "list", "outreach"]).ok();
    assert!(sandbox.has("work/calls") && !sandbox.has("work/EXECUTED"));
}

#[test]
fn import_leaves_out_what_names_programs() {
    let (_service, sandbox) = machine();
    let evil = sandbox.path("repo/evil").display().to_string();
    let file = json!({ "outreach": mission(&evil), "plain": {"mission_name": "Plain"} });
    sandbox.write("repo/.missions_state.json", &file.to_string());
    // As `get-state` prints one mission, and one that is merged.
    sandbox.write("repo/one.json", &mission(&evil).to_string());
    sandbox.write(STATE, &json!({"outreach": {"mission_name": "Outreach"}}).to_string());
    for name in [".missions_state.json", "one.json"] {
        let path = sandbox.path(&format!("repo/{name}")).display().to_string();
        let out = sandbox.run(MISSIONS, ["import", &path]);
        out.ok().stderr_has("warning: what runs the ticks of missions is not taken over");
        assert_eq!(out.json()["left_out"], json!(["outreach"]));
    }
    let imported = sandbox.json(STATE)["outreach"].clone();
    for key in ["cron", "scheduler", "program", "command"] {
        assert!(imported.get(key).is_none(), "{key} was taken over");
    }
    assert_eq!(
        imported["memory"],
        json!({"program": "the theatre's"}),
        "memory is the mission's own"
    );
    for line in LINES {
        sandbox.run(MISSIONS, line);
    }
    assert!(!sandbox.has("work/EXECUTED") && !sandbox.has("work/calls"));
}

#[test]
fn a_state_file_that_came_with_a_repository_is_named_and_not_recommended() {
    let (_service, sandbox) = machine();
    sandbox.write("work/.missions_state.json", &json!({"x": {"mission_name": "X"}}).to_string());
    let out = sandbox.run(MISSIONS, ["list-state"]);
    out.ok().stderr_has("who wrote it is not known").never_says("import").never_says("hint:");
    sandbox.run(MISSIONS, ["list-state"]).ok().quiet();
}
