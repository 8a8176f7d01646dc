//! The systemd user unit for `connect run`.

use super::system_command::run;
use crate::programs::connect_of;
use anyhow::Context as _;
use rustix::process::getuid;
use state::exit::Fault;
use state::{file, shell, systemd_unit};
use std::fs;
use std::path::{Path, PathBuf};

const HINT: &str = "log in as the owner (not through su or sudo), or run `setup --service cron`";

/// The unit's text. Hardened as far as a user's own manager can: what needs a mount namespace is left out,
/// since many machines deny that to users and the unit would not start.
///
/// Fails (exit 2) if a path holds a line break, which a unit cannot hold.
pub fn text(skill: &Path, connect: &Path) -> Result<String, Fault> {
    let exec_start = systemd_unit::exec_start(skill, connect)?;
    let (variable, settings) = systemd_unit::ALLOCATOR;
    Ok(format!(
        "# Written by ClawdTalk's setup; its uninstall removes it.
[Unit]
Description=ClawdTalk: the telephone of this machine's agent
Documentation=https://clawdtalk.com
# A telephone that gave up at night is of no use in the morning.
StartLimitIntervalSec=0

[Service]
Type=exec
{exec_start}
# What each thread would cache of memory is shared.
Environment={variable}={settings}
Restart=on-failure
RestartSec=10
# 2: bad options, 3: the key was refused, 5: another client took over. Trying again changes none of them.
RestartPreventExitStatus=2 3 5
# It finishes the turns in flight, for at most 10 s.
TimeoutStopSec=20
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=default.target
"
    ))
}

pub(super) fn install(skill: &Path, connect: &Path) -> anyhow::Result<Vec<String>> {
    let path = systemd_unit::path().ok_or_else(|| Fault::not_configured("HOME is not set"))?;
    let new = text(skill, connect)?;
    if let Some(folder) = other_folder(skill) {
        let text = format!("`{}` runs the client of `{}`", path.display(), folder.display());
        let uninstall = folder.join("bin/uninstall").display().to_string();
        let hint = format!("run `{}` first", shell::quote(&uninstall));
        return Err(Fault::usage(text).hint(hint).into());
    }
    let old = file::read(&path)?;
    let is_new = old.as_deref() != Some(new.as_bytes());
    if is_new {
        write(&path, new.as_bytes())?;
    }
    let started = || -> anyhow::Result<()> {
        run("systemctl", &["--user", "daemon-reload"], HINT)?;
        run("systemctl", &["--user", "enable", systemd_unit::NAME], HINT)?;
        // An unchanged unit is not restarted: a call may be going on.
        let verb = if is_new { "restart" } else { "start" };
        run("systemctl", &["--user", verb, systemd_unit::NAME], HINT).map(drop)
    };
    if let Err(err) = started() {
        if is_new {
            // Best effort: systemd's error is the one to report.
            let _ = old.map_or_else(|| Ok(fs::remove_file(&path)?), |old| write(&path, &old));
        }
        return Err(err);
    }
    Ok(if is_new { vec![path.display().to_string()] } else { Vec::new() })
}

/// Whether this user has a manager of systemd that can be asked: there is none in most containers, nor after `su`.
pub(super) fn has_manager() -> bool {
    run("systemctl", &["--user", "show-environment"], HINT).is_ok()
}

/// Whether the units of this user run while nobody is logged in; `None` if that cannot be found out.
pub fn lingers() -> Option<bool> {
    let user = getuid().as_raw().to_string();
    let args = ["show-user", &user, "--property=Linger", "--value"];
    match run("loginctl", &args, HINT).ok()?.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Keeps the units of this user running while nobody is logged in.
///
/// Fails (exit 4) if systemd refuses that.
pub fn enable_lingering() -> anyhow::Result<()> {
    run("loginctl", &["enable-linger"], "run `sudo loginctl enable-linger \"$(id -un)\"`").map(drop)
}

/// The other skill folder whose client the unit runs. A folder that is gone, or was moved here, does not count.
fn other_folder(skill: &Path) -> Option<PathBuf> {
    systemd_unit::installed_skill_dir()
        .filter(|folder| folder.is_dir() && !systemd_unit::is_same_dir(folder, skill))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    file::replace(path, bytes)?;
    // The lock file would be one more file in the folder that systemd reads.
    let _ = fs::remove_file(state::paths::lock_of(path));
    Ok(())
}

pub(super) fn remove(skill: &Path) -> anyhow::Result<Vec<String>> {
    let path = systemd_unit::path().ok_or_else(|| Fault::not_configured("HOME is not set"))?;
    if !path.exists() || other_folder(skill).is_some() {
        return Ok(Vec::new());
    }
    run("systemctl", &["--user", "disable", "--now", systemd_unit::NAME], HINT)?;
    fs::remove_file(&path).with_context(|| format!("removing `{}`", path.display()))?;
    run("systemctl", &["--user", "daemon-reload"], HINT)?;
    Ok(vec![path.display().to_string()])
}

pub(super) fn check(skill: &Path) -> Result<(), String> {
    let text_of = |err: anyhow::Error| state::exit::one_line(&err);
    let path = systemd_unit::path().ok_or("HOME is not set")?;
    let connect = connect_of(skill).map_err(text_of)?;
    let wanted = text(skill, &connect).map_err(|fault| fault.to_string())?;
    match file::read(&path).map_err(text_of)? {
        None => return Err(format!("there is no `{}`", path.display())),
        Some(found) if found != wanted.as_bytes() => {
            return Err(format!("`{}` is not as setup writes it", path.display()));
        }
        Some(_) => {}
    }
    run("systemctl", &["--user", "is-enabled", systemd_unit::NAME], HINT).map(drop).map_err(text_of)
}
