//! A small disk of our own, without being root: this program starts itself again in a user and mount namespace, where
//! it may mount one that nobody else sees.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::disk::SIZE;
use super::plan::Plan;
use crate::workspace;

/// The options of `unshare` for a namespace in which one may mount: as anybody, else as root.
const UNSHARE_OPTIONS: [&[&str]; 2] = [&["--user", "--map-root-user", "--mount"], &["--mount"]];

/// What the kernel has to allow: a small disk, and a read-only one.
const TRIAL: &str = "mount -o remount,ro \"$1\" && mount -o remount,rw \"$1\"";

/// A folder that goes with its end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// The summary of the part, run where the disk is mounted. Fails with the reason if there cannot be one here.
pub(super) fn torture(part: &str, plan: Plan) -> Result<Value, String> {
    let name = format!("clawdtalk-disk-{}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    std::fs::create_dir_all(&folder.0)
        .map_err(|err| format!("making `{}`: {err}", folder.0.display()))?;
    let options = working_options(&folder.0)?;
    let program = workspace::this_program().map_err(|err| err.to_string())?;
    let mut command = inside(options, &folder.0);
    command.arg(program).args(["torture", part, "--mount"]).arg(&folder.0);
    for (option, n) in
        [("--kills", plan.kills), ("--seconds", plan.limit.as_secs()), ("--seed", plan.seed)]
    {
        command.args([option, &n.to_string()]);
    }
    command.args(plan.programs.ends_with("release").then_some("--release"));
    // Sandboxes are made in `TMPDIR` where it is set: everything of theirs is on the small disk.
    command.env("TMPDIR", &folder.0).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|err| format!("running `unshare`: {err}"))?;
    let broken = |err| {
        let fault = format!("the part broke off ({}): {err}", output.status);
        json!({ "faults": [fault] })
    };
    let summary = serde_json::from_slice(&output.stdout);
    Ok(summary.map_or_else(broken, |mut summary: Value| summary[part].take()))
}

/// A program in a namespace of its own, with the disk mounted on the folder.
fn inside(options: &[&str], folder: &Path) -> Command {
    let mount = format!("mount -t tmpfs -o {SIZE} tmpfs \"$0\" && exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(options).args(["sh", "-c", &mount]).arg(folder);
    command
}

/// The first options that work, else the error of the last one.
fn working_options(folder: &Path) -> Result<&'static [&'static str], String> {
    let mut why = String::new();
    for options in UNSHARE_OPTIONS {
        let trial = inside(options, folder).args(["sh", "-c", TRIAL, "sh"]).arg(folder).output();
        match trial {
            Ok(output) if output.status.success() => return Ok(options),
            Ok(output) => {
                String::from_utf8_lossy(&output.stderr).trim().clone_into(&mut why);
            }
            Err(err) => why = format!("running `unshare`: {err}"),
        }
    }
    Err(why)
}
