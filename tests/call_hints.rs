//! The service's ids in hints of `call`, whatever is in them.

use harness::hints::{ESCAPES, HOSTILE, is_raw};
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
    let (_service, sandbox) = with_id("call_1");
    let out = sandbox.run(CALL, ["wait", "call_1", "--timeout", "1"]);
    out.fails(6).stderr_has("`call wait call_1` follows");
    let (_service, sandbox) = with_id("a\u{1b}[2J\u{202e}b");
    let out = sandbox.run(CALL, ["hi there"]);
    assert!(!is_raw(out.out()) && !is_raw(out.err()), "{out}");
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

#[test]
fn an_invisible_character_is_named_and_nothing_is_dialled() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    for (line, code) in [
        (&["--to", "\u{202a}+15551234567\u{202c}", "hi"][..], "U+202A"),
        (&["--to", "+1555\u{200b}1234567"], "U+200B"),
        (&["+1555\u{200b}1234567"], "U+200B"),
        (&["sta\u{ad}tus", "call_1"], "U+00AD"),
        (&["status", "call_1\u{feff}"], "U+FEFF"),
        (&["end", "\u{3164}"], "U+3164"),
        (&["wait", "call\u{e0041}_1"], "U+E0041"),
    ] {
        let out = sandbox.run(CALL, line);
        out.fails(2).silent().stderr_has("error: ").stderr_has(code).stderr_has("hint: ");
        assert!(!is_raw(out.err()), "{out}");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[test]
fn what_the_service_says_moves_no_cursor() {
    let service = SimulatedService::start();
    let sandbox = Sandbox::for_service(&service);
    let call =
        json!({ "call_id": ESCAPES, "status": ESCAPES, "reason": ESCAPES, ESCAPES: ESCAPES });
    service.on("POST", "/v1/calls", 202, call.clone());
    service.on("GET", "/v1/calls/:id", 200, call.clone());
    service.on("POST", "/v1/calls/:id/end", 200, call.clone());
    for (n, line) in [&["hi there"][..], &["status", "c"], &["end", "c"]].iter().enumerate() {
        let out = sandbox.run(CALL, *line);
        assert!(!is_raw(out.ok().out()) && !is_raw(out.err()), "{out}");
        // It means the same: JSON escapes what a text loses.
        assert_eq!(out.json()["status"], ESCAPES);
        let again = if n == 0 { &["--text", "--again"][..] } else { &["--text"] };
        let out = sandbox.run(CALL, [again, line].concat());
        assert!(!is_raw(out.ok().out()) && !is_raw(out.err()), "{out}");
        assert!(!out.out().contains("\nfake: line"), "{out}");
    }
    for status in [400, 401, 404, 500, 503] {
        let refusal = json!({"error": {"code": ESCAPES, "message": ESCAPES}});
        service.on("GET", "/v1/calls/:id", status, refusal);
        for mode in ["--text", "--quiet"] {
            let out = sandbox.run(CALL, ["status", "c", mode, "--deadline", "1"]);
            assert!(!is_raw(out.out()) && !is_raw(out.err()), "{out}");
            assert!(!out.err().contains("\nfake: line"), "{out}");
        }
    }
}
