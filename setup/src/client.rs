//! The running client (`connect run`) as setup, uninstall and status see it: its lock, its status file, and its program,
//! which starts and stops it.

use crate::programs::connect_of;
use anyhow::Context as _;
use serde_json::Value;
use state::exit::{Exit, Fault};
use state::lock::Lock;
use state::{file, out, paths, sanitize};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// `connect start` waits as long for the connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);

/// A program that systemd or cron has started takes its lock within milliseconds.
const APPEARS_WITHIN: Duration = Duration::from_secs(1);

/// Whether a client runs on this folder: it holds its lock for its whole life.
pub fn is_running(skill: &Path) -> bool {
    Lock::is_held(&paths::connect_lock(skill))
}

/// What the client last wrote about itself; null if there is nothing that can be read.
pub fn status_file(skill: &Path) -> Value {
    let bytes = file::read(&paths::connect_status(skill)).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
}

/// Starts the client now, unless one runs. A start that fails is a warning: the checks show why, and the watchdog line
/// of cron tries again each minute.
pub fn start(skill: &Path, connect: &Path) {
    if is_running(skill) {
        return;
    }
    let mut command = Command::new(connect);
    command.args(["start", "--quiet", "--skill-dir"]).arg(skill).stdin(Stdio::null());
    match command.stdout(Stdio::null()).stderr(Stdio::piped()).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let stderr = sanitize::line(&String::from_utf8_lossy(&output.stderr));
            out::warning(&format!("the client has not started yet: {stderr}"));
        }
        Err(err) => out::warning(&format!("running `{}`: {err}", connect.display())),
    }
}

/// Waits until a client that was started in the background is connected, or shows that it will not be.
pub fn wait_until_connected(skill: &Path) {
    let until = Instant::now() + CONNECTED_WITHIN;
    let appears = Instant::now() + APPEARS_WITHIN;
    out::progress("waiting for the client to connect");
    loop {
        let is_running = is_running(skill);
        let is_over = Instant::now() >= if is_running { until } else { appears };
        let is_connected = || status_file(skill)["state"] == "connected";
        if is_over || (is_running && is_connected()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Stops the client by its own program, which never signals a process that is not the client.
///
/// Fails (exit 5) if it still runs afterwards.
pub fn stop(skill: &Path) -> anyhow::Result<()> {
    if !is_running(skill) {
        return Ok(());
    }
    let connect = connect_of(skill)?;
    let mut command = Command::new(&connect);
    command.args(["stop", "--quiet", "--skill-dir"]).arg(skill).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("running `{}`", connect.display()))?;
    if output.status.success() || !is_running(skill) {
        return Ok(());
    }
    let stderr = sanitize::line(&String::from_utf8_lossy(&output.stderr));
    let text = format!("the client could not be stopped: {stderr}");
    Err(Fault::new(Exit::Busy, text).hint("stop it, then run `uninstall` again").into())
}
