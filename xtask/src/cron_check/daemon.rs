//! Debian's cron: the one that runs here, else one for as long as the check takes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::apt;

/// Debian's cron runs the `@reboot` lines of a boot once, and remembers it here.
const BOOTED: &str = "/run/crond.reboot";

/// Where it says that it runs.
const PID: &str = "/run/crond.pid";

/// A running cron.
pub(super) struct Daemon {
    /// The one that was started here.
    own: Option<Child>,
    /// Whether it took its start for the machine's.
    pub(super) runs_reboot_lines: bool,
}

/// Sees to it that there is a cron, and that one runs or can be started. Fails with the reason otherwise.
pub(super) fn installed() -> Result<()> {
    if !apt::is_there("crontab") || !runs() {
        apt::provide(&[("crontab", "cron"), ("cron", "cron")])?;
    }
    ensure!(runs() || apt::is_root(), "no cron runs, and only root can start one");
    Ok(())
}

impl Daemon {
    /// The cron that runs, or a new one.
    pub(super) fn running() -> Result<Self> {
        if runs() {
            return Ok(Self { own: None, runs_reboot_lines: false });
        }
        let runs_reboot_lines = !Path::new(BOOTED).exists();
        let mut command = Command::new("cron");
        command.arg("-f").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // It hands its own environment's rest down to what it runs; a machine's has none of a build's.
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let own = command.spawn().context("starting `cron -f`")?;
        Ok(Self { own: Some(own), runs_reboot_lines })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let Some(own) = &mut self.own else { return };
        let _ = own.kill();
        let _ = own.wait();
        // It could not tidy up, and another cron would take its number for a running one's.
        let _ = fs::remove_file(PID);
        if self.runs_reboot_lines {
            // The machine has not booted: its own cron's first start is still to come.
            let _ = fs::remove_file(BOOTED);
        }
    }
}

/// Whether any cron runs.
fn runs() -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read_to_string(process.path().join("comm")).ok())
        .any(|name| matches!(name.trim_end(), "cron" | "crond"))
}
