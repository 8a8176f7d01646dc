//! Locks between processes: the only user of fs2.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fs2::FileExt;

use crate::exit::{Exit, Fault};
use crate::out;

/// Flat polling: with 64 writers, doubling the pause makes the unlucky wait 6 s instead of 0.5 s (facts/crates.md).
const POLL: Duration = Duration::from_millis(2);
const SAY_AFTER: Duration = Duration::from_millis(500);

/// A lock file held; released when dropped, and by the kernel when the process ends in any way.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock if it is free. `None` if another process holds it.
    pub fn try_hold(path: &Path) -> anyhow::Result<Option<Self>> {
        let file = open(path).with_context(|| format!("opening the lock `{}`", path.display()))?;
        match FileExt::try_lock_exclusive(&file) {
            Ok(()) => Ok(Some(Self(file))),
            Err(err) if err.raw_os_error() == fs2::lock_contended_error().raw_os_error() => {
                Ok(None)
            }
            Err(err) => Err(err).with_context(|| format!("locking `{}`", path.display())),
        }
    }

    /// Takes the lock, waiting at most `wait`; says so on stderr after half a second. Exit 5 if it stays held.
    pub fn hold(path: &Path, wait: Duration) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut said = false;
        loop {
            if let Some(lock) = Self::try_hold(path)? {
                return Ok(lock);
            }
            if began.elapsed() >= wait {
                let text =
                    format!("`{}` is locked by another program for {wait:?}", path.display());
                return Err(Fault::new(Exit::Busy, text).hint("run the same command again").into());
            }
            if !said && began.elapsed() >= SAY_AFTER {
                out::progress(&format!("waiting for `{}`", path.display()));
                said = true;
            }
            std::thread::sleep(POLL);
        }
    }

    /// The lock as a stream for a program that this one starts: it stays held until that program has ended, even where
    /// this one is killed before.
    pub fn shared(&self) -> anyhow::Result<Stdio> {
        Ok(self.0.try_clone().context("sharing a lock")?.into())
    }

    /// Whether some process holds the lock now. A lock that cannot be opened is not held by us.
    pub fn is_held(path: &Path) -> bool {
        path.exists() && matches!(Self::try_hold(path), Ok(None))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file releases it too; this only makes the moment explicit.
        let _ = FileExt::unlock(&self.0);
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}
