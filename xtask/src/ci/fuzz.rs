//! The fuzz targets still compile: they are outside the workspace, so that no other check compiles them.

use std::process::Stdio;

use anyhow::{Context as _, Result};

use crate::check_result::CheckResult;
use crate::workspace::Workspace;

const MANIFEST: &str = "tests/fuzz/Cargo.toml";

/// Compiles them as far as a check goes, into the folder of everything else: most of what they need is there already.
pub(super) fn build(workspace: &Workspace) -> Result<CheckResult> {
    let mut fetch = workspace.cargo(&["fetch", "--locked", "--manifest-path", MANIFEST]);
    fetch.args(["--target", &host(workspace)?]);
    let fetched = fetch.stdin(Stdio::null()).output().context("starting cargo")?;
    if !fetched.status.success() {
        let output_text = String::from_utf8_lossy(&fetched.stderr);
        let why =
            output_text.lines().find(|line| line.starts_with("error")).unwrap_or("it says nothing");
        // A lock file that is behind is somebody's slip, and no lack of a network.
        return Ok(if output_text.contains("--locked") {
            CheckResult::Failed(why.to_owned())
        } else {
            CheckResult::Skipped(format!("its packages cannot be had: {why}"))
        });
    }
    let mut check = workspace.cargo(&["check", "--locked", "--manifest-path", MANIFEST]);
    check.arg("--target-dir").arg(workspace.target());
    let status = check.stdin(Stdio::null()).status().context("starting cargo")?;
    Ok(CheckResult::of(status.success(), String::new()))
}

/// The machine that cargo builds for, so that nothing is fetched for others.
fn host(workspace: &Workspace) -> Result<String> {
    let output = workspace.cargo(&["-vV"]).output().context("starting cargo")?;
    let output_text = String::from_utf8_lossy(&output.stdout);
    let host = output_text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`cargo -vV` names no host")
}
