//! `status` for people: how all is in one line, the worst on top, one cause once, commands that can be typed as they stand.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

#[path = "setup/installed.rs"]
mod installed;

use harness::{KEY, Output, Sandbox};
use installed::Installed;
use serde_json::json;
use std::time::Duration;

const STATUS: &str = env!("CARGO_BIN_EXE_status");

#[test]
fn people_get_a_table_with_the_fix_below() {
    let all = Installed::new();
    all.gateway.allow(false);
    let out = all.sandbox.run(STATUS, ["--text"]);
    out.fails(1).quiet();
    let lines: Vec<_> = out.out().lines().collect();
    assert_eq!(lines[0], "1 part does not work, 18 fine.");
    assert_eq!(
        lines[2..4],
        [
            "FAIL  sessions_send  the gateway does not let sessions_send be used over HTTP",
            "                     by hand: add \"sessions_send\" to gateway.tools.allow in that gateway's configuration",
        ]
    );
    out.stdout_has("pass  key            accepted: plan pro, number +15559990000\n");
}

/// On a terminal, of whatever width: colours where it knows them, no line too long but those of one word or a command.
#[test]
fn a_terminal_gets_colours_and_lines_that_fit() {
    let all = Installed::new();
    all.gateway.allow(false);
    let shown = |variables: &[(&str, &str)], columns: u16| {
        let mut run = all.sandbox.prepare(STATUS, [""; 0]).env("TERM", "xterm");
        for (name, value) in variables {
            run = run.env(name, value);
        }
        let (child, _keyboard) = run.on_screen_of(columns);
        child.finish(Duration::from_secs(30)).err().replace("\r\n", "\n")
    };
    let coloured = shown(&[], 80);
    assert!(coloured.contains("\u{1b}[1;31mFAIL\u{1b}[0m  sessions_send"), "{coloured}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        assert!(!shown(&[(name, value)], 80).contains('\u{1b}'), "{name}");
    }
    for columns in [40, 80, 120] {
        let text = shown(&[("NO_COLOR", "1")], columns);
        assert!(text.starts_with("1 part does not work"), "{text}");
        for line in text.lines().filter(|line| line.chars().count() > usize::from(columns)) {
            let is_command = ["fix: ", "look: "].iter().any(|label| line.trim().starts_with(label));
            assert!(is_command || line.split_whitespace().count() == 1, "{columns}: {line}");
        }
    }
}

/// By the path by which it was called, since somebody who has no link to it cannot type its name.
#[test]
fn a_fix_names_the_program_as_this_one_was_called() {
    let mut all = Installed::new();
    all.client = None;
    all.only("client", "fail", "not running", "connect start");
    let fix = |out: Output| {
        let checks = out.json()["checks"].as_array().unwrap().clone();
        checks.iter().find(|check| check["id"] == "client").unwrap()["fix"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let folder = std::path::Path::new(STATUS).parent().unwrap();
    let by_path = fix(all.sandbox.prepare(STATUS, [""; 0]).by_path().run());
    let beside = folder.join("connect");
    // Where only these programs were built there is none beside it.
    let wanted = if beside.is_file() {
        format!("{} start", beside.display())
    } else {
        "connect start".to_owned()
    };
    assert_eq!(by_path, wanted);
    let links = all.sandbox.path("work/bin");
    for (name, program) in [("clawdtalk-status", STATUS), ("clawdtalk-connect", "/bin/true")] {
        std::os::unix::fs::symlink(program, links.join(name)).unwrap();
    }
    assert_eq!(
        fix(all.sandbox.run("/bin/sh", ["-c", "clawdtalk-status"])),
        "clawdtalk-connect start"
    );
}

#[test]
fn causes_are_folded() {
    let mut all = Installed::new();
    all.client = None;
    all.sandbox.adjust(&json!({"api_key": null, "setup": null}));
    let out = all.sandbox.run(STATUS, ["--text"]);
    let text = out.fails(1).out();
    assert!(text.starts_with("1 part does not work, "), "{out}");
    assert!(
        text.contains("until then not known: key, quota, clock, service, client, background"),
        "{out}"
    );
    assert_eq!(text.matches("fix: ").count(), 1, "{out}");
}

#[test]
fn an_address_is_quoted_in_the_command_of_its_fix() {
    let sandbox = Sandbox::new();
    for path in ["a;touch;PWNED", "$(id)", "x`id`", "it's"] {
        let server = format!("http://127.0.0.1:9/{path}");
        sandbox.config(&json!({"api_key": KEY, "server": server}));
        let out = sandbox.run(STATUS, ["--deadline", "2"]);
        let checks = out.fails(1).json()["checks"].as_array().unwrap().clone();
        let key = checks.iter().find(|check| check["id"] == "key").unwrap();
        let words = harness::hints::shell_words(key["fix"].as_str().unwrap());
        assert_eq!(words, ["curl", "-sSI", &server]);
    }
}
