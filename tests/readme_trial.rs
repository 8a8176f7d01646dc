//! The README's way to try the programs without an account, by its own lines, in a clean home: from the checkout to a call
//! that is answered.

#![expect(clippy::unwrap_used, reason = "to panic is how a test fails")]

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use harness::Sandbox;

const README: &str = include_str!("../README.md");
const SECTION: &str = "\n## Try it without an account\n";

/// An installation may wait for another one to build.
const LIMIT: Duration = Duration::from_secs(90);

#[test]
fn a_reader_without_an_account_gets_a_call_answered() {
    let sandbox = machine();
    let (first, second) = terminals();
    assert!(
        first.contains("xtask simulate") && second.contains("connect start"),
        "{first}{second}"
    );

    let terminal = sandbox.prepare("/bin/sh", ["-ec", &first]);
    let (simulator, mut keyboard) = terminal.on_terminal();
    simulator.wait_line(LIMIT, |line| line.starts_with("quit "));
    let started = sandbox.run("/bin/sh", ["-ec", &second]);
    started.ok().stdout_has("connected");
    simulator.wait_line(LIMIT, |line| line.contains("connected and authenticated"));
    keyboard.types("call\rsay what is on my calendar?\r");
    let heard = |what: &'static str| {
        move |line: &str| line.contains("deep_tool_result") && line.contains(what)
    };
    simulator.wait_line(LIMIT, heard("You said: what is on my calendar?"));
    keyboard.types("say delete all my mail\r");
    simulator.wait_line(LIMIT, |line| line.contains("POST /v1/approvals"));
    keyboard.types("deny\r");
    simulator.wait_line(LIMIT, heard("declined"));
    keyboard.types("text +15551234567 are you there?\r");
    simulator.wait_line(LIMIT, |line| line.contains("You said: are you there?"));

    let line =
        "PATH=~/try/bin:$PATH; clawdtalk-call Hello && clawdtalk-status && clawdtalk-connect stop";
    sandbox.run("/bin/sh", ["-ec", line]).ok();
    keyboard.types("quit\r");
    simulator.finish(LIMIT).ok();
}

/// A clean home, and a `cargo` that runs the chores without building them anew.
fn machine() -> Sandbox {
    Sandbox::all_on_disk();
    let mut sandbox = Sandbox::new();
    // By this the sandbox ends what is started in the folder that the README names.
    symlink(sandbox.path(""), sandbox.path("home/try")).unwrap();
    let cargo = sandbox.path("work/bin/cargo");
    sandbox.write("work/bin/cargo", "#!/bin/sh\nshift\nexec \"$XTASK\" \"$@\"\n");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let toolchain = Path::new(env!("CARGO")).parent().unwrap().display();
    let path = format!("{}:{toolchain}:/usr/bin:/bin", sandbox.path("work/bin").display());
    sandbox
        .env("PATH", &path)
        .env("XTASK", env!("CARGO_BIN_EXE_xtask"))
        .env("CARGO", env!("CARGO"));
    // What the installation builds with is not part of the reader's home.
    let home = env::home_dir().unwrap();
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let path = env::var_os(name).map_or_else(|| home.join(folder), Into::into);
        sandbox.env(name, &path.display().to_string());
    }
    sandbox
}

/// What the README has typed in its first and its second terminal, but for what goes on until it is interrupted.
fn terminals() -> (String, String) {
    let section = README.split(SECTION).nth(1).unwrap().split("\n## ").next().unwrap();
    let mut blocks = section.split("```console\n").skip(1).map(|block| {
        let block = block.split("```").next().unwrap_or_default();
        let typed = block.lines().filter_map(|line| line.strip_prefix("$ "));
        let typed = typed.filter(|line| !line.ends_with("--follow"));
        typed.collect::<Vec<_>>().join("\n")
    });
    (blocks.next().unwrap(), blocks.next().unwrap())
}
