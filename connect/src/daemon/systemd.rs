//! A client that systemd runs is started and stopped by systemd.
//!
//! All skill folders share one name of a unit, so it is used only by the folder whose client it runs.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use state::exit::{Exit, Fault};
use state::systemd_unit::{self, NAME as UNIT};

/// Whether the unit of the user's systemd runs the client of this skill folder now. Without `systemctl` it does not.
pub(crate) fn is_active(skill: &Path) -> bool {
    systemd_unit::runs_skill(skill) && systemctl(&["is-active", "--quiet"]).is_ok_and(|ended| ended)
}

/// Whether that unit is this skill folder's way to run a client, be one running or not.
pub(crate) fn is_enabled(skill: &Path) -> bool {
    systemd_unit::runs_skill(skill)
        && systemctl(&["is-enabled", "--quiet"]).is_ok_and(|ended| ended)
}

/// Has systemd do something with the unit: `start`, `stop` or `restart`.
pub(crate) fn run(verb: &str) -> anyhow::Result<()> {
    if systemctl(&[verb]).with_context(|| format!("running `systemctl --user {verb} {UNIT}`"))? {
        return Ok(());
    }
    let text = format!("systemd could not {verb} `{UNIT}`");
    let hint = format!("run `systemctl --user status {UNIT}`");
    Err(Fault::new(Exit::Unavailable, text).hint(hint).into())
}

fn systemctl(args: &[&str]) -> std::io::Result<bool> {
    let mut command = Command::new("systemctl");
    command.arg("--user").args(args).arg(UNIT);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command.status()?.success())
}
