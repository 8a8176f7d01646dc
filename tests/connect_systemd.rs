//! `start`, `stop` and `restart` where a user unit of systemd runs the client, or that of another folder.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use harness::{Sandbox, SimulatedService, wait_until};
use serde_json::json;

const CONNECT: &str = env!("CARGO_BIN_EXE_connect");
const SOON: Duration = Duration::from_secs(10);
const UNIT: &str = "home/.config/systemd/user/clawdtalk-connect.service";

/// A systemd that runs the client of the sandbox, and records its commands. Where `works` is false, it only says
/// that it did it.
fn systemd(sandbox: &mut Sandbox, folder: &str, works: bool) {
    let unit = format!("[Service]\nExecStart=\"{CONNECT}\" run --skill-dir \"{folder}\"\n");
    sandbox.write(UNIT, &unit);
    let dir = sandbox.path("systemd").display().to_string();
    let acts = if works {
        // A new client needs a moment; what the old one wrote lies there meanwhile.
        format!(
            "stop) kill -TERM $pid; while kill -0 $pid; do sleep 0.02; done;;
            restart) kill -KILL $pid; sleep 0.02
                (sleep 0.4; exec '{CONNECT}' run --detached) >/dev/null 2>&1 & echo $! > '{dir}/pid';;"
        )
    } else {
        String::new()
    };
    let script = format!(
        "#!/bin/sh\necho \"$2\" >> '{dir}/calls'\npid=$(cat '{dir}/pid')
        case \"$2\" in is-active) {active};; {acts} esac; exit 0\n",
        active = if works { "kill -0 $pid; exit" } else { "exit 0" },
    );
    sandbox.write("systemd/calls", "");
    sandbox.write("systemd/pid", "");
    sandbox.write("systemd/bin/systemctl", &script);
    let program = sandbox.path("systemd/bin/systemctl");
    let permissions = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&program, permissions).expect("our own file");
    let path = format!("{dir}/bin:/usr/bin:/bin");
    sandbox.env("PATH", &path);
}

fn was_called(sandbox: &Sandbox, verb: &str) -> bool {
    sandbox.read("systemd/calls").lines().any(|line| line == verb)
}

/// Ends a started client when the test ends, however that is.
struct Started<'a>(&'a Sandbox);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.0.run(CONNECT, ["stop"]);
    }
}

#[test]
fn start_and_stop_go_through_the_folders_own_unit() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    let skill = sandbox.skill().display().to_string();
    systemd(&mut sandbox, &skill, true);
    let _started = Started(&sandbox);
    // Not active yet, and enabled: a client beside it would not be started again by systemd.
    let started = sandbox.run(CONNECT, ["start"]).ok().json();
    assert!(was_called(&sandbox, "restart"));
    assert_eq!(started["pid"].to_string(), sandbox.read("systemd/pid").trim());
    sandbox.run(CONNECT, ["stop"]).ok();
    assert!(was_called(&sandbox, "stop"));
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["running"], false);
}

/// The killed client leaves its pid file and a status that says connected.
#[test]
fn a_restart_of_a_client_that_hangs_waits_for_the_new_one() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    let skill = sandbox.skill().display().to_string();
    systemd(&mut sandbox, &skill, true);
    let _started = Started(&sandbox);
    let old = sandbox.run(CONNECT, ["start"]).ok().json()["pid"].clone();
    sandbox.run("/bin/kill", ["-STOP", &old.to_string()]).ok();
    let new = sandbox.run(CONNECT, ["restart"]).ok().json();
    assert_ne!(new["pid"], old);
    assert_eq!(new["pid"].to_string(), sandbox.read("systemd/pid").trim());
    assert_eq!(service.log().authenticated(), 2);
}

#[test]
fn the_unit_of_another_folder_is_not_touched() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.write("other/skill-config.json", "{}");
    let other = sandbox.path("other").display().to_string();
    systemd(&mut sandbox, &other, false);
    let _started = Started(&sandbox);
    sandbox.run(CONNECT, ["start"]).ok();
    sandbox.run(CONNECT, ["restart"]).ok();
    sandbox.run(CONNECT, ["stop"]).ok().is(&json!({"state": "stopped", "was_running": true}));
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["running"], false);
    assert_eq!(sandbox.read("systemd/calls"), "");
}

#[test]
fn stop_reports_stopped_only_once_the_client_is_gone() {
    let service = SimulatedService::start();
    let mut sandbox = Sandbox::for_service(&service);
    let client = sandbox.spawn(CONNECT, ["run"]);
    service.wait_connected(SOON);
    let skill = sandbox.skill().display().to_string();
    systemd(&mut sandbox, &skill, false);
    sandbox.run(CONNECT, ["stop"]).ok();
    assert!(was_called(&sandbox, "stop"));
    assert_eq!(sandbox.run(CONNECT, ["status"]).fails(1).json()["running"], false);
    client.finish(SOON).ok();
    wait_until(SOON, || service.connections()[0].closed == Some(1000));
}

/// Between two restarts by systemd there is no client, and soon there would be one again.
#[test]
fn a_stop_reaches_a_unit_that_waits_for_its_next_restart() {
    let mut sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": harness::KEY}));
    let skill = sandbox.skill().display().to_string();
    systemd(&mut sandbox, &skill, false);
    sandbox.run(CONNECT, ["stop"]).ok().is(&json!({"state": "stopped", "was_running": false}));
    assert!(was_called(&sandbox, "stop"));
}
