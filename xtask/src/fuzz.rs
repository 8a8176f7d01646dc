//! `cargo xtask fuzz`: the targets of `tests/fuzz`, each for a while, from the seeds beside them and what earlier runs found.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::ValueEnum as _;
use serde_json::{Map, json};
use state::exit::{Exit, Fault};
use state::out::{self, Printer};

use crate::args::{FuzzArgs, FuzzTarget};
use crate::workspace::Workspace;

/// Memory of one target, in MiB; a frame or file that needs more is a finding.
const MOST_MEMORY: u32 = 2048;

/// Files here are in memory, on Linux.
const MEMORY: &str = "/dev/shm";

/// Fuzzes the target that was named, or all, one after the other, also after one has failed. [`Exit::No`] if something was
/// found.
///
/// Fails with exit 4 where there is no cargo-fuzz.
pub(crate) fn run(workspace: &Workspace, args: &FuzzArgs, printer: Printer) -> Result<Exit> {
    installed(workspace)?;
    let targets =
        args.target.map_or_else(|| FuzzTarget::value_variants().to_vec(), |one| vec![one]);
    let mut ended = Map::new();
    for target in targets {
        let name = target.to_possible_value().map(|one| one.get_name().to_owned());
        let name = &*name.unwrap_or_default();
        out::progress(&format!("\n== {name}, {} s", args.seconds));
        let well = fuzz(workspace, name, args.seconds)?;
        if !well {
            out::error(&format!("{name}: found something; the input is in tests/fuzz/artifacts"));
        }
        ended.insert(name.to_owned(), json!(if well { "passed" } else { "FAILED" }));
    }
    let well = ended.values().all(|word| word == "passed");
    printer.print(&json!({ "ok": well, "targets": ended }), || {
        let lines: Vec<String> =
            ended.iter().map(|(name, word)| format!("{name}: {word}")).collect();
        lines.join("\n")
    })?;
    Ok(if well { Exit::Done } else { Exit::No })
}

fn installed(workspace: &Workspace) -> Result<()> {
    let found = workspace.cargo(&["fuzz", "--version"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    let missing = Fault::new(Exit::Unavailable, "nothing was fuzzed: cargo-fuzz is not installed");
    Err(missing.hint("cargo install cargo-fuzz").into())
}

/// Runs one target. Its corpus and what it finds are in cargo's target folder.
fn fuzz(workspace: &Workspace, name: &str, seconds: u64) -> Result<bool> {
    let corpus = workspace.scratch(&format!("fuzz/corpus/{name}"))?;
    let target = workspace.scratch("fuzz")?;
    let folder = workspace.root().join("tests/fuzz");
    let mut command = workspace.cargo(&["fuzz", "run", "--sanitizer", "none", "--fuzz-dir"]);
    command.arg(&folder).arg("--target-dir").arg(target).arg(name);
    command.arg(corpus).arg(folder.join("seeds").join(name)).arg("--");
    command.arg(format!("-dict={}", folder.join("words.dict").display()));
    command.args([format!("-max_total_time={seconds}"), format!("-rss_limit_mb={MOST_MEMORY}")]);
    command.arg("-print_final_stats=1");
    // The flags of the fuzzer are unstable in name only: no source uses anything that is not stable.
    command.env("RUSTC_BOOTSTRAP", "1");
    without_settings(&mut command);
    Ok(command.status().context("starting cargo")?.success())
}

/// Without the environment of the programs, which what is fuzzed would read. Its files are in memory where possible:
/// on a disk it would be some twenty times slower.
fn without_settings(command: &mut Command) {
    if Path::new(MEMORY).is_dir() {
        command.env("TMPDIR", MEMORY);
    }
    for (name, _) in std::env::vars_os() {
        let is_ours = |name: &str| {
            ["CLAWDTALK_", "OPENCLAW_", "CLAWDBOT_"].iter().any(|start| name.starts_with(start))
        };
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(name);
        }
    }
}
