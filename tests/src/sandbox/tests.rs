//! What the sandbox promises, tried with the shell.

use super::Sandbox;
use crate::Signal;
use serde_json::json;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SH: &str = "/bin/sh";
const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_program_sees_the_sandbox_and_nothing_of_the_machine() {
    let mut sandbox = Sandbox::new();
    sandbox.env("EXTRA", "1");
    let script = r#"printf '%s %s %s|' "$HOME" "$CLAWDTALK_SKILL_DIR" "$EXTRA"; pwd; echo "${USER-none}${CARGO-none}" >&2"#;
    let out = sandbox.run(SH, ["-c", script]);
    let (home, skill) = (sandbox.home(), sandbox.skill());
    let wanted =
        format!("{} {} 1|{}\n", home.display(), skill.display(), sandbox.path("work").display());
    out.ok().stdout(&wanted).stderr("nonenone\n");
}

#[test]
fn a_config_is_private_and_can_be_adjusted() {
    let sandbox = Sandbox::new();
    sandbox.config(&json!({"api_key": "k", "server": "s"}));
    sandbox.adjust(&json!({"api_key": null, "greeting": "hi"}));
    assert_eq!(sandbox.json("skill/skill-config.json"), json!({"server": "s", "greeting": "hi"}));
    assert_eq!(sandbox.mode("skill/skill-config.json"), 0o600);
}

#[test]
fn stdin_is_given_and_json_is_read() {
    let sandbox = Sandbox::new();
    let out = sandbox.prepare("/bin/cat", ["-"]).stdin("{\"a\": 1}").run();
    out.is(&json!({"a": 1}));
    assert_eq!(out.json_lines(), [json!({"a": 1})]);
}

#[test]
fn a_failed_assertion_shows_everything() {
    let sandbox = Sandbox::new();
    sandbox.write("skill/left", "over");
    let out = sandbox.run(SH, ["-c", "echo one; echo two >&2; exit 7"]);
    out.fails(7);
    let message = catch_unwind(|| out.ok().code()).unwrap_err().downcast::<String>().unwrap();
    for part in ["wanted exit 0", "sh -c", "one", "two", "exit status: 7", "skill/left (4 bytes)"] {
        assert!(message.contains(part), "`{part}` is missing in {message}");
    }
}

#[test]
fn a_program_that_hangs_is_killed_and_that_is_told() {
    let sandbox = Sandbox::new();
    let out = sandbox.prepare(SH, ["-c", "exec sleep 60"]).limit(Duration::from_millis(100)).run();
    assert_eq!(out.code(), 128 + 9);
    let message = catch_unwind(|| out.fails(137).code()).unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("killed after 100ms"), "{message}");
}

#[test]
fn a_running_program_is_heard_line_by_line_and_signalled() {
    let sandbox = Sandbox::new();
    let script = "trap 'echo bye; exit 3' TERM; echo ready >&2; while :; do sleep 0.05; done";
    let mut child = sandbox.spawn(SH, ["-c", script]);
    assert_eq!(child.wait_line(SOON, |line| line.starts_with("re")), "ready");
    assert!(child.running() && child.stdout().is_empty());
    child.stop(Signal::TERM, SOON).fails(3).stdout("bye\n");
}

#[test]
fn the_end_of_the_sandbox_ends_daemons_and_removes_the_folder() {
    let sandbox = Sandbox::new();
    let out = sandbox.run(SH, ["-c", "sleep 60 >/dev/null 2>&1 & echo $!"]);
    let process = PathBuf::from(format!("/proc/{}", out.out().trim()));
    let folder = sandbox.path("");
    assert!(process.join("cmdline").exists() && folder.exists());
    drop(sandbox);
    assert!(!folder.exists());
    let began = Instant::now();
    // A killed process stays for a moment, until whoever inherited it has noticed.
    let gone = || std::fs::read(process.join("cmdline")).map_or(true, |line| line.is_empty());
    while !gone() {
        assert!(began.elapsed() < SOON, "the daemon lives on");
    }
}
