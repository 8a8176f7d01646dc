//! Which process is the running client: proved by its lock, never by a number in a file alone.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use state::exit::{Exit, Fault};
use state::lock::Lock;
use state::{file, paths};

/// From one test of the lock to the next while a client ends.
const POLL: Duration = Duration::from_millis(20);

/// The running client, by a handle that stays its own even if the number is used again.
#[derive(Debug)]
pub(crate) struct RunningClient {
    /// Its process number.
    pub(crate) pid: i32,
    handle: OwnedFd,
}

/// Who holds the lock of a skill folder.
#[derive(Debug)]
pub(crate) enum LockHolder {
    /// Nobody: no client runs.
    Nobody,
    /// This process, proved to be the one.
    Client(RunningClient),
    /// Some process, and it cannot be proved which. It is never signalled.
    Unverified,
}

/// Whether a client runs in this skill folder.
pub(crate) fn is_running(skill: &Path) -> bool {
    Lock::is_held(&paths::connect_lock(skill)) || without_lock(skill).is_some()
}

/// The client that runs in this skill folder although its lock is free: somebody removed or renamed the lock's file. It is
/// known by the files of the client that it has open.
pub(crate) fn without_lock(skill: &Path) -> Option<i32> {
    let pid = client_by_open_files(skill)?;
    // One that is just ending, or looks at the files as this process does, is gone a moment later.
    thread::sleep(POLL);
    (client_by_open_files(skill) == Some(pid)).then_some(pid)
}

fn client_by_open_files(skill: &Path) -> Option<i32> {
    let prefix = skill.canonicalize().ok()?.join(".connect.").into_os_string();
    let own = i32::try_from(std::process::id()).ok()?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| *pid != own && is_client(*pid))
        .find(|pid| {
            let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            files.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|open| {
                open.as_os_str().as_encoded_bytes().starts_with(prefix.as_encoded_bytes())
            })
        })
}

/// Whether a process is `connect run`.
fn is_client(pid: i32) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = line.split(|byte| *byte == 0);
    let program = words.next().unwrap_or_default();
    let name = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    // A link to it may have something before that, as in `clawdtalk-connect`.
    (name == b"connect" || name.ends_with(b"-connect")) && words.any(|word| word == b"run")
}

/// Finds the running client. The number in the pid file is only a hint: a handle on that process is opened
/// first, and then it must be the one that has the lock file open while the lock is held. A number that was
/// planted, or used again after a reboot, fails that.
pub(crate) fn find(skill: &Path) -> LockHolder {
    let lock = paths::connect_lock(skill);
    if !Lock::is_held(&lock) {
        let client = without_lock(skill).and_then(|pid| {
            let handle = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
            Some(RunningClient { pid, handle })
        });
        return client.map_or(LockHolder::Nobody, LockHolder::Client);
    }
    let written = written_pid(skill).filter(|pid| has_open(*pid, &lock));
    // The pid file may be garbled or gone.
    let client = written.or_else(|| client_by_open_files(skill)).and_then(|pid| {
        let handle = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
        has_open(pid, &lock).then_some(RunningClient { pid, handle })
    });
    match client {
        Some(client) if Lock::is_held(&lock) => LockHolder::Client(client),
        None if Lock::is_held(&lock) => LockHolder::Unverified,
        _ => LockHolder::Nobody,
    }
}

/// The number that the client wrote down.
pub(crate) fn written_pid(skill: &Path) -> Option<i32> {
    let bytes = file::read(&paths::connect_pid(skill)).ok()??;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok().filter(|pid| *pid > 1)
}

/// Why another client is not started: this one runs.
pub(crate) fn already_running(pid: Option<i32>) -> Fault {
    let who = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    Fault::new(Exit::Busy, format!("already running{who}")).hint("run `connect status`")
}

/// Whether a process has a file open.
fn has_open(pid: i32, path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    entries.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|open| open == path))
}

impl RunningClient {
    /// Sends SIGTERM, and SIGKILL after `grace`. Returns when the lock is free.
    ///
    /// Fails if it may not be signalled, or does not end.
    pub(crate) fn end(&self, skill: &Path, grace: Duration) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        if is_free_within(skill, grace) {
            return Ok(());
        }
        self.signal(Signal::KILL)?;
        if is_free_within(skill, Duration::from_secs(5)) {
            return Ok(());
        }
        let text = format!("the client (pid {}) does not end, not even when killed", self.pid);
        Err(Fault::new(Exit::Busy, text).into())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        match pidfd_send_signal(&self.handle, signal) {
            // Gone already: that is what was wanted.
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(err) => {
                Err(err).with_context(|| format!("signalling the client (pid {})", self.pid))
            }
        }
    }
}

fn is_free_within(skill: &Path, time: Duration) -> bool {
    let until = Instant::now() + time;
    while is_running(skill) {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}
