//! Help and version pages are no approval, wherever they stand on the line.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

use harness::{Sandbox, ServiceSettings, SimulatedOwner, SimulatedService};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

const APPROVAL: &str = env!("CARGO_BIN_EXE_approval");
const SHIM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../setup/src/skill/scripts/approval.sh");

/// A service whose owner denies everything, so that no line of these tests may go on.
fn denying() -> (SimulatedService, Sandbox) {
    let owner = SimulatedOwner::Denies(Duration::ZERO);
    let service = SimulatedService::with(ServiceSettings {
        owner,
        lag: Duration::ZERO,
        ..ServiceSettings::default()
    });
    let mut sandbox = Sandbox::for_service(&service);
    sandbox.env("CLAWDTALK_CLOCK_PERIODS", "10");
    (service, sandbox)
}

/// The script that once stood for the program, as an installed folder has it.
fn shim(sandbox: &Sandbox) -> String {
    sandbox.write("installed/scripts/approval.sh", &std::fs::read_to_string(SHIM).unwrap());
    let script = sandbox.path("installed/scripts/approval.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir_all(sandbox.path("installed/bin")).unwrap();
    symlink(APPROVAL, sandbox.path("installed/bin/approval")).unwrap();
    script.display().to_string()
}

/// Every line that prints a help or a version, before and behind the subcommand, and what only looks like one.
fn pages() -> Vec<Vec<&'static str>> {
    let mut lines: Vec<Vec<&str>> = vec![
        vec!["-h"],
        vec!["-V"],
        vec!["--version"],
        vec!["-hV"],
        vec!["-qh"],
        vec!["--help", "--help"],
        vec!["--text", "--help"],
        vec!["help"],
        vec!["help", "request"],
        vec!["--server", "list", "request", "-h"],
    ];
    for (command, argument) in [("request", "Delete X"), ("status", "apr_1"), ("wait", "apr_1")] {
        for page in ["-h", "--help", "-V", "--version", "-qh", "-hq", "--he", "--help=x"] {
            lines.push(vec![page, command, argument]);
            lines.push(vec![command, page]);
            lines.push(vec![command, argument, page]);
            lines.push(vec![command, argument, "--text", page]);
            lines.push(vec!["--deadline", "5", command, page, argument]);
            lines.push(vec![command, page, "--", argument]);
            lines.push(vec![command, argument, "--server", page]);
        }
        lines.push(vec!["help", command]);
        lines.push(vec![command, "--timeout", "-h", argument]);
    }
    lines.push(vec!["request", "Delete X", "--details", "-h"]);
    lines.push(vec!["request", "Delete X", "--details=--help"]);
    lines
}

#[test]
fn help_and_version_let_no_shell_go_on() {
    let (service, sandbox) = denying();
    for program in [APPROVAL.to_owned(), shim(&sandbox)] {
        let mut n_shown = 0;
        for line in pages() {
            let words = [&["-c", "\"$0\" \"$@\" && touch acted", &program], &line[..]].concat();
            let out = sandbox.run("sh", &words);
            assert_eq!(out.code(), 2, "{line:?}\n{out}");
            assert!(!out.out().is_empty() || out.err().contains("hint: "), "{line:?}\n{out}");
            n_shown += usize::from(!out.out().is_empty());
        }
        assert!(n_shown > 60, "{n_shown} pages were shown");
    }
    assert!(!sandbox.has("work/acted"));
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

/// All lines of up to three of these words. The owner is never asked: nothing is configured.
#[test]
fn no_line_without_an_approval_leaves_with_0() {
    let sandbox = Sandbox::new();
    let words = ["request", "wait", "list", "x", "-h", "--help", "-V", "--", "-q"];
    let mut lines: Vec<Vec<&str>> = vec![Vec::new()];
    for n in 0..3 {
        let longer = |line: &Vec<&'static str>| {
            let line = line.clone();
            words.iter().map(move |word| [&line[..], &[*word]].concat()).collect::<Vec<_>>()
        };
        let more: Vec<_> = lines.iter().filter(|line| line.len() == n).flat_map(longer).collect();
        lines.extend(more);
    }
    // Each line's code, in one shell.
    let commands =
        lines.iter().map(|line| format!("\"$0\" {} >/dev/null 2>&1; echo $?\n", line.join(" ")));
    let out = sandbox.prepare("sh", ["-c", &commands.collect::<String>(), APPROVAL]);
    let out = out.limit(Duration::from_secs(60)).run();
    let codes: Vec<&str> = out.out().lines().collect();
    assert_eq!(codes.len(), lines.len());
    for (line, code) in lines.iter().zip(codes) {
        let may_be_0 = *line == ["--help"] || line.first() == Some(&"list");
        assert!(may_be_0 || code != "0", "{line:?} left with 0");
        if *line == ["--help"] || *line == ["list", "-h"] {
            assert_eq!(code, "0", "{line:?}");
        }
    }
}

#[test]
fn an_action_behind_two_dashes_is_one_whatever_it_looks_like() {
    let (service, sandbox) = denying();
    for action in ["-h", "--help", "-V", "--version"] {
        let out = sandbox.run(APPROVAL, ["request", "--timeout", "5", "--", action]);
        assert_eq!(out.fails(1).json()["action"], action);
    }
    assert_eq!(service.seen_at("POST", "/v1/approvals").len(), 4);
}

#[test]
fn the_help_pages_name_the_exit_0_that_is_no_approval() {
    let sandbox = Sandbox::new();
    sandbox.run(APPROVAL, ["--help"]).ok().stdout_has("no approval").stdout_has("`list` exit 0");
    for line in [["list", "--help"], ["list", "-h"]] {
        sandbox.run(APPROVAL, line).ok().stdout_has("which is no approval");
    }
}
