//! What keeps `connect` running after a crash and a reboot: a systemd user unit or two lines of cron, chosen by the owner.

mod cron;
mod system_command;
mod systemd;

pub use cron::mark as cron_mark;
pub use state::systemd_unit::{NAME as UNIT, path as unit_path};
pub use systemd::{enable_lingering, lingers, text as unit_text};

use crate::client;
use crate::programs::connect_of;
use crate::system::{cron_service, is_there};
use serde::{Deserialize, Serialize};
use state::exit::Fault;
use state::{cron_daemon, out};
use std::path::Path;

/// What keeps `connect` running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supervisor {
    /// A unit of the user's systemd.
    Systemd,
    /// Lines of the user's crontab.
    Cron,
}

impl std::fmt::Display for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Systemd => "systemd",
            Self::Cron => "cron",
        })
    }
}

impl Supervisor {
    /// Installs it and starts the client. Gives what was written; nothing if all was as it should be.
    ///
    /// Fails if systemd or cron cannot be used; what was written by then is taken back.
    pub fn install(self, skill: &Path) -> anyhow::Result<Vec<String>> {
        let connect = connect_of(skill)?;
        for path in [skill, &connect] {
            if path.to_str().is_none() {
                let text = format!("`{}` is not UTF-8, which {self} needs", path.display());
                return Err(Fault::not_configured(text).hint("rename the folder").into());
            }
        }
        match self {
            Self::Systemd => systemd::install(skill, &connect),
            Self::Cron => {
                let written = cron::install(skill, &connect)?;
                // The `@reboot` line waits for the next boot.
                client::start(skill, &connect);
                if cron_daemon::is_missing() {
                    let (missing, start) = (cron_daemon::MISSING, cron_daemon::START);
                    out::warning(&format!("{missing}; {start}"));
                }
                Ok(written)
            }
        }
    }

    /// Removes it; systemd stops its client with that. Gives what was removed.
    pub fn remove(self, skill: &Path) -> anyhow::Result<Vec<String>> {
        match self {
            Self::Systemd => systemd::remove(skill),
            Self::Cron => cron::remove(skill),
        }
    }

    /// Whether it can be used on this machine by this user.
    pub fn is_usable(self) -> bool {
        match self {
            Self::Systemd => systemd::has_manager(),
            // Lines that nothing carries out, and that nothing here can have carried out, are of no use.
            Self::Cron => {
                is_there("crontab") && (!cron_daemon::is_missing() || cron_service().is_some())
            }
        }
    }

    /// Whether it is installed as setup writes it. Fails with what is wrong.
    pub fn check(self, skill: &Path) -> Result<(), String> {
        match self {
            Self::Systemd => systemd::check(skill),
            Self::Cron => cron::check(skill),
        }
    }

    /// Where it is, in words for the owner.
    pub fn place(self) -> String {
        match self {
            Self::Systemd => {
                unit_path().map_or_else(|| UNIT.to_owned(), |path| path.display().to_string())
            }
            Self::Cron => "crontab".to_owned(),
        }
    }
}
