//! The unit that `setup` writes is one that systemd has nothing to say against.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use state::file;

use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};

/// Lets `systemd-analyze verify` read the unit, of a folder whose name needs quoting. It asks no running systemd.
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
    let said = String::from_utf8_lossy(&output.stderr);
    // It ends with 0 although it warns of keys that it does not know; of other units it may say what it likes.
    let about = said.lines().filter(|line| line.contains(setup::supervisor::UNIT));
    let about: Vec<&str> = about.collect();
    let is_clean = output.status.success() && about.is_empty();
    let told =
        if is_clean { "no complaint".to_owned() } else { format!("{}: {said}", output.status) };
    Ok(CheckResult::of(is_clean, told))
}
