//! Debian's cron: the one that runs here, else one for as long as the check takes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use state::out;

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
    if !is_there("crontab") || (!is_there("cron") && !runs()) {
        ensure!(is_root(), "cron is not installed, and only root can install it");
        install().context("cron is not installed, and installing it failed")?;
    }
    ensure!(runs() || is_root(), "no cron runs, and only root can start one");
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

fn install() -> Result<()> {
    out::progress("installing cron by apt-get");
    for args in [&["update"][..], &["install", "-y", "--no-install-recommends", "cron"]] {
        let mut command = Command::new("apt-get");
        // Without a network it would try for minutes.
        command.args(["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20"]);
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        let output = command.output().context("starting `apt-get`")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        ensure!(output.status.success(), "`apt-get {}`: {last}", args.join(" "));
    }
    if !is_there("cron") {
        bail!("`apt-get install cron` brought no `cron`");
    }
    Ok(())
}

fn is_there(program: &str) -> bool {
    let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];
    folders.iter().any(|folder| Path::new(folder).join(program).is_file())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Whether any cron runs.
fn runs() -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read_to_string(process.path().join("comm")).ok())
        .any(|name| matches!(name.trim_end(), "cron" | "crond"))
}
