//! `connect` against the scripted peer that was written apart from it, with another WebSocket implementation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result};
use state::out;

use crate::check_result::CheckResult;
use crate::folder;
use crate::workspace::{Profile, Workspace};

/// Scenarios mostly wait, so that a few at once cost little; more would disturb what they measure.
const AT_ONCE: usize = 3;

/// The end of the peer's routes, and the one that it lacks: by `GET /v1/calls/{id}` the client learns the direction
/// of a call that it did not see start. The owner's scenarios are such calls, and a service has the calls that it announces.
const LAST_ROUTE: &str = "  answer(res, 404,";
const CALLS_ROUTE: &str = r"  const call = /^\/v1\/calls\/([^/]+)$/.exec(req.url);
  if (req.method === 'GET' && call) return answer(res, 200, { call_id: decodeURIComponent(call[1]), direction: 'inbound' });
";

/// Plays every scenario against `connect run`.
pub(super) fn run(workspace: &Workspace) -> Result<CheckResult> {
    let shared = match workspace.shared("peer") {
        Ok(path) => path,
        Err(reason) => return Ok(CheckResult::Skipped(reason.to_string())),
    };
    let peer = workspace.scratch("peer")?;
    folder::copy(&shared, &peer)?;
    let script = state::file::read(&peer.join("peer.js"))?.unwrap_or_default();
    let script = String::from_utf8(script).context("the peer is no text")?;
    state::file::replace(&peer.join("peer.js"), with_calls(&script).as_bytes())?;
    if let Err(reason) = install(&peer) {
        return Ok(CheckResult::Skipped(format!("{reason:#}")));
    }
    let connect = workspace.build(Profile::Dev)?.join("connect");
    let mut waiting = scenarios(&peer.join("scenarios"))?;
    waiting.reverse();
    let n_all = waiting.len();
    let (waiting, failed) = (Mutex::new(waiting), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(scenario) = next(&waiting) {
                    let (ok, words) = run_scenario(&peer, &scenario, &connect);
                    let name = scenario.file_stem().unwrap_or_default().to_string_lossy();
                    for line in words.lines().filter(|line| !line.starts_with('{')) {
                        out::progress(line);
                    }
                    if !ok {
                        // The peer's whole record is too long for a ci log.
                        let _ = state::file::replace(
                            &peer.join(format!("{name}.log")),
                            words.as_bytes(),
                        );
                        failed.lock().expect("no player panics").push(name.into_owned());
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().expect("no player panics");
    failed.sort();
    let detail = format!("{} of {n_all} scenarios", n_all - failed.len());
    Ok(if failed.is_empty() && n_all > 0 {
        CheckResult::Passed(detail)
    } else {
        CheckResult::Failed(format!(
            "{detail}; not {} (logs in `{}`)",
            failed.join(", "),
            peer.display()
        ))
    })
}

/// The peer's script, with calls.
fn with_calls(script: &str) -> String {
    match script.rfind(LAST_ROUTE) {
        Some(at) if !script.contains("/v1/calls/") && script.contains("'/v1/me'") => {
            format!("{}{CALLS_ROUTE}{}", &script[..at], &script[at..])
        }
        _ => script.to_owned(),
    }
}

fn next(waiting: &Mutex<Vec<PathBuf>>) -> Option<PathBuf> {
    waiting.lock().expect("no player panics").pop()
}

/// Runs one scenario: whether it passed, and the peer's output.
fn run_scenario(peer: &Path, scenario: &Path, connect: &Path) -> (bool, String) {
    let mut node = Command::new("node");
    node.arg(peer.join("peer.js")).arg(scenario).arg("--").arg(connect).arg("run");
    match node.stdin(Stdio::null()).output() {
        Ok(output) => {
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(err) => (false, format!("starting node: {err}")),
    }
}

fn scenarios(folder: &Path) -> Result<Vec<PathBuf>> {
    let reading = || format!("reading `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(reading)? {
        paths.push(entry.with_context(reading)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

/// Installs npm's `ws` beside the peer, once. The error is the reason for which the check is skipped.
fn install(peer: &Path) -> Result<()> {
    Command::new("node").arg("--version").stdout(Stdio::null()).status().context("no node")?;
    if peer.join("node_modules/ws/package.json").exists() {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(peer);
    let output = npm.stdin(Stdio::null()).output().context("no npm")?;
    let words = String::from_utf8_lossy(&output.stderr);
    let first = words.lines().next().unwrap_or("it says nothing");
    anyhow::ensure!(output.status.success(), "npm cannot install `ws`: {first}");
    Ok(())
}
