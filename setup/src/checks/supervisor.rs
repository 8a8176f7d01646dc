//! The check `background`: whether something starts `connect` again after a crash or a reboot.

use super::config_fix;
use super::finding::{Finding, Found};
use super::fix::Fix;
use super::installation::Installation;
use crate::client;
use crate::manifest::Manifest;
use crate::supervisor::{Supervisor, lingers};
use state::{cron_daemon, crontab, exit};
use std::path::Path;

pub(super) fn check(installation: &Installation) -> Vec<Found> {
    let manifest = match &installation.config {
        Ok(config) => Manifest::of(config.values()),
        Err(broken) => return vec![broken.blocks("config", "not checked: see `config`")],
    };
    let skill = &installation.skill;
    let finding = match manifest.map(|manifest| manifest.supervisor) {
        Err(err) => Finding::fail(exit::one_line(&err), config_fix::of_file(skill)),
        Ok(supervisor) if needs_daemon(supervisor, skill) && cron_daemon::is_missing() => {
            Finding::warn(cron_daemon::MISSING, Fix::start_cron())
        }
        Ok(None) => match Fix::keep_running(None) {
            // In a container that is the business of whatever started it.
            Fix::KeepRunningByHand if client::is_running(skill) => {
                Finding::pass("neither systemd nor cron can be used here, and the client runs")
            }
            fix => Finding::warn("nothing starts the client after a crash or a reboot", fix),
        },
        Ok(Some(supervisor)) => match supervisor.check(skill) {
            Err(why) => {
                Finding::fail(format!("{supervisor}: {why}"), Fix::keep_running(Some(supervisor)))
            }
            Ok(()) if supervisor == Supervisor::Systemd && lingers() == Some(false) => {
                Finding::warn(
                    "systemd ends the client when you log out, and starts it only when you log in",
                    Fix::Linger,
                )
            }
            Ok(()) => Finding::pass(format!("{supervisor}: {}", supervisor.place())),
        },
    };
    vec![finding.into()]
}

/// Whether the crontab holds lines that somebody waits for: the client's, where nothing is wrong with them, or those of missions.
fn needs_daemon(supervisor: Option<Supervisor>, skill: &Path) -> bool {
    let has_ticks = || crontab::mission_marks(skill).is_ok_and(|marks| !marks.is_empty());
    match supervisor {
        Some(cron @ Supervisor::Cron) => cron.check(skill).is_ok(),
        Some(Supervisor::Systemd) => Supervisor::Systemd.check(skill).is_ok() && has_ticks(),
        None => has_ticks(),
    }
}
