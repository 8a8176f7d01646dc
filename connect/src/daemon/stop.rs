//! `connect stop`: ends the running client, and remembers that this was wanted.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use state::args::Common;
use state::config::Config;
use state::exit::{Exit, Fault};
use state::lock::Lock;
use state::out::Printer;
use state::{paths, shell};

use super::running::{self, LockHolder};
use super::systemd;
use crate::status::{ClientState, ClientStatus};

/// Turns in flight have 10 s to end, and the close frame a little more.
pub(super) const TERM_TIMEOUT: Duration = Duration::from_secs(13);

/// Runs the command.
pub(crate) fn run(common: &Common) -> anyhow::Result<Exit> {
    let printer = Printer::new(common);
    let config = Config::load(common)?;
    let was_running = stop(config.skill_dir())?;
    let text = if was_running { "Stopped" } else { "Not running" };
    printer.print(&json!({"state": "stopped", "was_running": was_running}), || text.to_owned())?;
    Ok(Exit::Done)
}

/// Ends the client of a skill folder and records in its status that this was wanted, so that the watchdog leaves it alone.
/// Gives whether one ran.
///
/// Fails without having signalled any process if the lock is held and it cannot be proved by which.
pub(crate) fn stop(skill: &Path) -> anyhow::Result<bool> {
    let was_running = match running::find(skill) {
        LockHolder::Nobody => {
            if systemd::is_enabled(skill) {
                // It may be about to start a client again that has just failed. Where it does not stop, none runs all the
                // same.
                let _ = systemd::run("stop");
            }
            false
        }
        LockHolder::Unverified => {
            let lock = paths::connect_lock(skill);
            let text = format!(
                "`{}` is held, but not by the process that the pid file names",
                lock.display()
            );
            let name = shell::quote(&lock.display().to_string());
            let hint = format!("run `fuser {name}` to see who holds it");
            return Err(Fault::new(Exit::Busy, text).hint(hint).into());
        }
        LockHolder::Client(client) => {
            if systemd::is_active(skill) {
                systemd::run("stop")?;
            }
            // Gone by now if systemd ran it; whatever systemd says, what counts is that the lock is free.
            client.end(skill, TERM_TIMEOUT)?;
            true
        }
    };
    record_stop(skill)?;
    Ok(was_running)
}

/// Writes into the status that a command stopped the client.
fn record_stop(skill: &Path) -> anyhow::Result<()> {
    // Only while the lock is ours nobody else writes the file.
    let Some(_lock) = Lock::try_acquire(&paths::connect_lock(skill))? else { return Ok(()) };
    let path = paths::connect_status(skill);
    let status = match ClientStatus::read(&path) {
        Ok(Some(status)) => status,
        Ok(None) => return Ok(()),
        // It says nothing that would be lost, and without it the watchdog would start a client again.
        Err(_) => ClientStatus { format: 1, journal_writable: true, ..ClientStatus::default() },
    };
    let now = Timestamp::now();
    let since = if status.state == ClientState::Stopped { status.since } else { now };
    let reason = Some("`connect stop`".to_owned());
    ClientStatus { state: ClientState::Stopped, since, by_command: true, reason, ..status }
        .write(&path)
}
