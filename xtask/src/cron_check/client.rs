//! The lines of `setup --service cron`: one starts the client at boot, the other brings it back within a minute.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use harness::ServiceLog;
use state::lock::Lock;
use state::paths;

use super::crontab::Crontab;
use super::scene::{CRON_MINUTE, CronScene};

/// A client that has been started is connected by then.
const CONNECTS_WITHIN: Duration = Duration::from_secs(20);

/// Sets the machine up; setup starts the client itself.
pub(super) fn set_up(scene: &CronScene) -> Result<()> {
    let out = scene.run("setup", &["--yes", "--no-gateway", "--service", "cron"]);
    let document = out.json();
    let checks = document["checks"].as_array().context("setup checked nothing")?;
    let status =
        |id: &str| checks.iter().find(|check| check["id"] == id).map(|check| &check["status"]);
    ensure!(
        status("client").is_some_and(|status| status == "pass"),
        "no client after setup\n{out}"
    );
    // Cron is started only now: until then a warning says that nothing carries out the crontab.
    let is_set_up = status("background").is_some_and(|status| status == "pass" || status == "warn");
    ensure!(is_set_up, "the check `background` fails after setup\n{out}");
    let added = Crontab::now()?;
    let added = added.strip_prefix(scene.crontab.others()).context("setup changed other lines")?;
    ensure!(added.lines().count() == 2, "wanted two lines of setup, found:\n{added}");
    ensure!(is_connected(scene, 1, CONNECTS_WITHIN), "setup's own start did not connect\n{out}");
    Ok(())
}

/// Ends the client as a crash does.
pub(super) fn crashes(scene: &CronScene) -> Result<()> {
    let pid = scene.sandbox.read("skill/.connect.pid");
    let killed = Command::new("kill").args(["-KILL", pid.trim()]).status();
    ensure!(killed.is_ok_and(|status| status.success()), "there was no client to kill: {pid}");
    Ok(())
}

/// Waits until cron has started the crashed client: by the line at boot, if this cron takes its own start for one
/// (`boots`), and by the watchdog. What of this was seen, in words.
pub(super) fn comes_back(scene: &CronScene, boots: bool) -> Result<&'static str> {
    let mut n_connections = 2;
    if boots {
        let booted = is_connected(scene, n_connections, CONNECTS_WITHIN);
        ensure!(booted, "cron's @reboot line did not start the client within {CONNECTS_WITHIN:?}");
        n_connections += 1;
        crashes(scene)?;
    }
    let watched = is_connected(scene, n_connections, CRON_MINUTE);
    ensure!(watched, "cron's watchdog line did not start the client within {CRON_MINUTE:?}");
    Ok(if boots {
        "cron started the client at boot and after a crash"
    } else {
        "cron started the client after a crash (it ran already, so nothing is known of @reboot)"
    })
}

/// `uninstall` stops the client and takes the lines out; the others stay, to the byte.
pub(super) fn undo(scene: &CronScene) -> Result<()> {
    let out = scene.run("uninstall", &["--keep-config"]);
    ensure!(out.code() == 0, "uninstall failed\n{out}");
    let left = Crontab::now()?;
    ensure!(left == scene.crontab.others(), "uninstall left another crontab:\n{left}");
    ensure!(!Lock::is_held(&paths::connect_lock(&scene.skill)), "the client still runs");
    Ok(())
}

fn is_connected(scene: &CronScene, n_connections: usize, within: Duration) -> bool {
    let enough = |log: &ServiceLog| (log.authenticated() >= n_connections).then_some(());
    scene.service.try_wait_for(within, enough).is_some()
}
