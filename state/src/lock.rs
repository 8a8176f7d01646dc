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

/// A lock file held; released when dropped, and by the kernel when the process ends in any way. A program that shares it
/// holds it on.
///
/// There is no unlocking: that would take it from that program as well, while closing a file leaves it to whoever has the
/// same file open.
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
    /// this one drops it or is killed before.
    pub fn shared(&self) -> anyhow::Result<Stdio> {
        Ok(self.0.try_clone().context("sharing a lock")?.into())
    }

    /// Whether some process holds the lock now. A lock that cannot be opened is not held by us.
    pub fn is_held(path: &Path) -> bool {
        path.exists() && matches!(Self::try_hold(path), Ok(None))
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use std::process::{Command, Stdio};

    #[test]
    fn a_shared_lock_stays_until_the_program_has_ended() {
        let path = std::env::temp_dir().join(format!("state-lock-{}", std::process::id()));
        let lock = Lock::try_hold(&path).unwrap().expect("nobody holds it");
        let mut reader = Command::new("cat");
        reader.stdin(Stdio::piped()).stdout(lock.shared().unwrap());
        let mut child = reader.spawn().unwrap();
        drop((lock, reader));
        assert!(Lock::is_held(&path));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!Lock::is_held(&path));
        std::fs::remove_file(path).unwrap();
    }
}
