//! A client that systemd runs is started and stopped by systemd.

use std::process::{Command, Stdio};

use anyhow::Context as _;
use state::exit::{Exit, Fault};

/// The user unit that `setup` installs.
const UNIT: &str = "clawdtalk-connect.service";

/// Whether the unit of the user's systemd is active. Without `systemctl` it is not.
pub(crate) fn is_active() -> bool {
    systemctl(&["is-active", "--quiet"]).is_ok_and(|ended| ended)
}

/// Has systemd do something with the unit: `start`, `stop` or `restart`.
pub(crate) fn tell(verb: &str) -> anyhow::Result<()> {
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
