//! `systemd-analyze verify` accepts the unit that `setup` writes.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use state::file;

use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};

/// Lets `systemd-analyze verify` read the unit of a folder with a name that needs quoting. It needs no running systemd.
pub(super) fn run(workspace: &Workspace) -> Result<CheckResult> {
    let version = Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).status();
    if version.is_err() {
        return Ok(CheckResult::Skipped("there is no systemd-analyze".to_owned()));
    }
    let connect = workspace.build(Profile::Dev)?.join("connect");
    let folder = workspace.scratch("unit")?;
    let unit = folder.join(setup::supervisor::UNIT);
    let text = setup::supervisor::unit_text(&folder.join("a skill at 5% of $HOME"), &connect)?;
    file::replace(&unit, text.as_bytes())?;
    let mut verify = Command::new("systemd-analyze");
    verify.args(["--user", "--man=no", "--generators=no", "verify"]).arg(&unit);
    // It wants such a folder for a user, and nobody has logged in on a build machine.
    verify.env("XDG_RUNTIME_DIR", &folder);
    let output = verify.stdin(Stdio::null()).output().context("starting systemd-analyze")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    // It exits 0 although it warns of unknown keys; its warnings about other units do not count.
    let about = stderr.lines().filter(|line| line.contains(setup::supervisor::UNIT));
    let about: Vec<&str> = about.collect();
    let is_clean = output.status.success() && about.is_empty();
    let detail =
        if is_clean { "no complaint".to_owned() } else { format!("{}: {stderr}", output.status) };
    Ok(CheckResult::of(is_clean, detail))
}
