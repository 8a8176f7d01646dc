//! The service's ids in hints of `approval`, whatever is in them.

use harness::hints::{HOSTILE, is_raw};
use harness::{Sandbox, ServiceSettings, Signal, SimulatedOwner, SimulatedService};
use serde_json::json;
use std::time::Duration;

const APPROVAL: &str = env!("CARGO_BIN_EXE_approval");
const APPROVALS: &str = "/v1/approvals";

/// A service that gives the next request this id.
fn with_id(id: &str) -> (SimulatedService, Sandbox) {
    let settings = ServiceSettings {
        owner: SimulatedOwner::Silent,
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    };
    let service = SimulatedService::with(settings);
    let made = json!({"request_id": id, "status": "pending", "devices_notified": 1});
    service.on("POST", APPROVALS, 201, made);
    service.on("GET", "/v1/approvals/:id", 200, json!({"status": "pending"}));
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
                let out = sandbox.run(APPROVAL, ["request", "x", "--no-wait"]);
                assert_eq!(out.fails(6).hinted("approval wait", "` waits for"), [id]);
                let out = sandbox.run(APPROVAL, ["request", "x", "--timeout", "1"]);
                assert_eq!(out.fails(6).hinted("approval wait", "` waits again"), [id]);
                let unheard = format!("{APPROVAL} request x --no-wait >/dev/full");
                let out = sandbox.run("/bin/sh", ["-c", &unheard]);
                assert_eq!(out.fails(8).hinted("approval wait", "` prints what"), [id]);
                let waiting = sandbox.spawn(APPROVAL, ["wait", id]);
                let n_polls = service.seen_at("GET", "/v1/approvals/:id").len();
                service.wait_request(
                    Duration::from_secs(10),
                    "GET",
                    "/v1/approvals/:id",
                    n_polls + 1,
                );
                let out = waiting.stop(Signal::TERM, Duration::from_secs(5));
                assert_eq!(out.fails(6).hinted("approval wait", "` waits again"), [id]);
            });
        }
    });
}

#[test]
fn a_plain_id_stays_as_it_is_and_one_that_cannot_be_read_is_none() {
    let (_service, sandbox) = with_id("0c43407d-1f_2.x:9");
    let out = sandbox.run(APPROVAL, ["request", "x", "--no-wait"]);
    out.fails(6).stderr_has("`approval wait 0c43407d-1f_2.x:9` waits");
    for id in
        ["a\u{1b}[2Jb", "a\u{9b}c", "a\u{202e}d", "a\ne", " apr_1", "apr\u{200b}_1", "\u{3164}"]
    {
        let (_service, sandbox) = with_id(id);
        let out = sandbox.run(APPROVAL, ["request", "x", "--no-wait"]);
        out.fails(8).silent().stderr_has("`request_id`");
        assert!(!is_raw(out.err()), "{out}");
    }
}

#[test]
fn words_of_the_command_line_are_quoted_too() {
    let (_service, sandbox) = with_id("apr_1");
    for action in HOSTILE {
        let out = sandbox.run(APPROVAL, ["request", "--", action, "--no-wait"]);
        let line =
            out.fails(2).err().lines().find_map(|line| line.strip_prefix("hint: quote it: "));
        let words = harness::hints::shell_words(line.unwrap_or_else(|| panic!("no hint\n{out}")));
        assert_eq!(words, ["approval", "request", "--", &format!("{action} --no-wait")]);
        let out = sandbox.run(APPROVAL, ["request", &format!("--{action}")]);
        out.fails(2);
        if let Some(line) = out.err().lines().find_map(|line| line.split_once("behind `--`: -- ")) {
            assert_eq!(harness::hints::shell_words(line.1).len(), 1);
        }
    }
}
