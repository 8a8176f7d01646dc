//! The check `background`: whether something starts `connect` again after a crash or a reboot.

use super::finding::Finding;
use super::installation::Installation;
use crate::manifest::Manifest;
use crate::supervisor::Supervisor;
use state::{cron_daemon, crontab, exit};
use std::path::Path;

pub(super) fn check(installation: &Installation) -> Vec<Finding> {
    let manifest = match &installation.config {
        Ok(config) => Manifest::of(config.values()),
        Err(broken) => return vec![broken.blocks("not checked: see `config`")],
    };
    let skill = &installation.skill;
    vec![match manifest.map(|manifest| manifest.supervisor) {
        Err(err) => Finding::fail(exit::one_line(&err), "setup"),
        Ok(supervisor) if needs_daemon(supervisor, skill) && cron_daemon::is_missing() => {
            Finding::warn(cron_daemon::MISSING, cron_daemon::START)
        }
        Ok(None) => Finding::warn(
            "nothing starts the client after a crash or a reboot",
            "setup --service systemd",
        ),
        Ok(Some(supervisor)) => match supervisor.check(skill) {
            Ok(()) => Finding::pass(format!("{supervisor}: {}", supervisor.place())),
            Err(why) => Finding::fail(
                format!("{supervisor}: {why}"),
                format!("setup --service {supervisor}"),
            ),
        },
    }]
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
