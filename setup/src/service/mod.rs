//! What keeps `connect` running: a systemd user unit or two lines of cron, chosen by the owner.

mod cron;
mod process;
mod systemd;

pub use cron::mark as cron_mark;
pub use state::unit::{NAME as UNIT, path as unit_path};
pub use systemd::text as unit_text;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use state::exit::Fault;
use state::lock::Lock;
use state::{out, paths, words};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// As long as `connect start` waits (spec 3).
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);

/// A program that a manager has started takes its lock within milliseconds.
const APPEARS_WITHIN: Duration = Duration::from_secs(1);

/// What keeps `connect` running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A unit of the user's systemd.
    Systemd,
    /// Lines of the user's crontab.
    Cron,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Systemd => "systemd",
            Self::Cron => "cron",
        })
    }
}

impl Kind {
    /// Installs and starts it. Gives what was written; nothing if all was as it should be.
    ///
    /// Fails if the service manager cannot be used; what was written then is taken back.
    pub fn install(self, skill: &Path) -> anyhow::Result<Vec<String>> {
        let connect = connect_of(skill)?;
        for path in [skill, &connect] {
            if path.to_str().is_none() {
                let text = format!("`{}` is no UTF-8: {self} cannot be told of it", path.display());
                return Err(Fault::not_configured(text).hint("rename the folder").into());
            }
        }
        match self {
            Self::Systemd => systemd::install(skill, &connect),
            Self::Cron => {
                let written = cron::install(skill, &connect)?;
                start(skill, &connect);
                Ok(written)
            }
        }
    }

    /// Stops and removes it. Gives what was removed.
    pub fn remove(self, skill: &Path) -> anyhow::Result<Vec<String>> {
        match self {
            Self::Systemd => systemd::remove(skill),
            Self::Cron => cron::remove(skill),
        }
    }

    /// Whether it is there as setup writes it; why not otherwise.
    pub fn check(self, skill: &Path) -> Result<(), String> {
        match self {
            Self::Systemd => systemd::check(skill),
            Self::Cron => cron::check(skill),
        }
    }

    /// Where it is, as the owner would look for it.
    pub fn place(self) -> String {
        match self {
            Self::Systemd => {
                unit_path().map_or_else(|| UNIT.to_owned(), |path| path.display().to_string())
            }
            Self::Cron => "crontab".to_owned(),
        }
    }
}

/// Starts the client now: cron's first line waits for a reboot. What keeps it from starting is told by the
/// checks, and the watchdog goes on trying.
fn start(skill: &Path, connect: &Path) {
    if Lock::is_held(&paths::connect_lock(skill)) {
        return;
    }
    let mut command = Command::new(connect);
    command.args(["start", "--quiet", "--skill-dir"]).arg(skill).stdin(Stdio::null());
    match command.stdout(Stdio::null()).stderr(Stdio::piped()).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let said = words::line(&String::from_utf8_lossy(&output.stderr));
            out::warning(&format!("the client has not started yet: {said}"));
        }
        Err(err) => out::warning(&format!("running `{}`: {err}", connect.display())),
    }
}

/// Waits until a client that a manager has started in the background is connected, or cannot be.
pub fn await_client(skill: &Path) {
    let until = Instant::now() + CONNECTED_WITHIN;
    let appears = Instant::now() + APPEARS_WITHIN;
    out::progress("waiting for the client to connect");
    loop {
        let is_running = Lock::is_held(&paths::connect_lock(skill));
        let is_over = Instant::now() >= if is_running { until } else { appears };
        if is_over || (is_running && crate::checks::client_is_connected(skill)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The `connect` that belongs to this folder: its own, else the one beside this program.
///
/// Fails (exit 3) if there is neither.
pub fn connect_of(skill: &Path) -> anyhow::Result<PathBuf> {
    program_of(skill, "connect")
}

/// The same for any of the programs.
pub fn program_of(skill: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let own = skill.join("bin").join(name);
    let program = std::env::current_exe().context("finding this program")?;
    let beside = program.canonicalize().unwrap_or(program).with_file_name(name);
    let Some(found) = [own.clone(), beside].into_iter().find(|path| path.is_file()) else {
        let text = format!("no `{name}` at `{}`", own.display());
        return Err(Fault::not_configured(text).hint("run `cargo xtask install`").into());
    };
    Ok(found)
}
