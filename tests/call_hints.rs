//! The service's ids in hints of `call`, whatever is in them.

use harness::hints::{HOSTILE, is_raw};
use harness::{Sandbox, Signal, SimulatedService};
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

const CALL: &str = env!("CARGO_BIN_EXE_call");

fn with_id(id: &str) -> (SimulatedService, Sandbox) {
    let service = SimulatedService::start();
    service.on("POST", "/v1/calls", 201, json!({"call_id": id, "status": "ringing"}));
    service.on("GET", "/v1/calls/:id", 200, json!({"call_id": id, "status": "ringing"}));
    service.on("POST", "/v1/calls/:id/end", 200, json!({"call_id": id, "status": "ended"}));
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "10");
    (service, sandbox)
}

#[test]
fn every_hint_with_an_id_is_the_command_that_was_meant() {
    std::thread::scope(|threads| {
        for id in HOSTILE {
            threads.spawn(move || {
                let (service, sandbox) = with_id(id);
                let waiting = sandbox.spawn(CALL, ["hello there", "--wait"]);
                service.wait_request(Duration::from_secs(10), "GET", "/v1/calls/:id", 1);
                let out = waiting.stop(Signal::TERM, Duration::from_secs(5));
                assert_eq!(out.fails(6).hinted("call wait", "` follows"), [id]);
                let unheard = format!("{CALL} end \"$0\" done >/dev/full");
                let out = sandbox.run("/bin/sh", ["-c", &unheard, id]);
                assert_eq!(out.fails(8).hinted("call status", "` shows"), [id]);
            });
        }
    });
}

#[test]
fn a_plain_id_stays_as_it_is_and_a_hidden_one_moves_no_cursor() {
    for (id, shown) in [
        ("call_1", "`call wait call_1` follows"),
        ("a\u{1b}[2J\u{202e}b", "`call wait 'a[2Jb'` follows"),
    ] {
        let (_service, sandbox) = with_id(id);
        let out = sandbox.run(CALL, ["wait", id, "--timeout", "1"]);
        out.fails(6).stderr_has(shown);
        assert!(!is_raw(out.err()), "{out}");
    }
}

#[test]
fn a_folder_of_any_name_is_quoted_in_the_hint_about_its_mode() {
    let sandbox = Sandbox::new();
    for name in HOSTILE {
        let config = format!("work/{name}/skill-config.json");
        sandbox.write(&config, "{}");
        let path = sandbox.path(&config);
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(&path, open).expect("it was written just now");
        let folder = sandbox.path(&format!("work/{name}")).display().to_string();
        let out = sandbox.run(CALL, ["status", "c1", "--skill-dir", &folder]);
        assert_eq!(out.fails(3).hinted("chmod 600", "`"), [path.display().to_string()]);
    }
}
