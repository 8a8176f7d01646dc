//! Locks between processes, by `flock` on a file. The only user of fs2.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fs2::FileExt;

use crate::exit::{Exit, Fault};
use crate::process::out;
use crate::storage::paths;

/// A constant pause between attempts: where it doubled, the unluckiest of 64 writers waited 6 s instead of 0.5 s.
const POLL: Duration = Duration::from_millis(2);
/// How long to wait before that is shown as progress.
const SHOW_AFTER: Duration = Duration::from_millis(500);

/// A lock that is held. It is released when this is dropped, and by the kernel when the process ends in any way, unless a
/// child process shares it.
///
/// There is no `unlock`, since that would release the lock for such a child too; closing the file does not.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock if it is free; `None` if another process holds it.
    ///
    /// Fails if the lock file cannot be opened or created.
    pub fn try_acquire(path: &Path) -> anyhow::Result<Option<Self>> {
        let file = open(path).with_context(|| format!("opening the lock `{}`", path.display()))?;
        match FileExt::try_lock_exclusive(&file) {
            // Somebody removed it in between: others lock the one that is there now.
            Ok(()) if !paths::is_at(&file, path) => Ok(None),
            Ok(()) => Ok(Some(Self(file))),
            Err(err) if err.raw_os_error() == fs2::lock_contended_error().raw_os_error() => {
                Ok(None)
            }
            Err(err) => Err(err).with_context(|| format!("locking `{}`", path.display())),
        }
    }

    /// Takes the lock, waiting at most `wait` for it; shown as progress on stderr after half a second.
    ///
    /// Fails with exit 5 if it is held all that time.
    pub fn acquire(path: &Path, wait: Duration) -> anyhow::Result<Self> {
        let start = Instant::now();
        let mut is_shown = false;
        loop {
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(lock);
            }
            if start.elapsed() >= wait {
                let text =
                    format!("`{}` is locked by another program for {wait:?}", path.display());
                return Err(Fault::new(Exit::Busy, text).hint("run the same command again").into());
            }
            if !is_shown && start.elapsed() >= SHOW_AFTER {
                out::progress(&format!("waiting for `{}`", path.display()));
                is_shown = true;
            }
            std::thread::sleep(POLL);
        }
    }

    /// The lock as a stream for a child process: it stays held until the child has ended, also where this process drops it
    /// or is killed before.
    pub fn share_with_child(&self) -> anyhow::Result<Stdio> {
        Ok(self.0.try_clone().context("sharing a lock")?.into())
    }

    /// Whether this is still the lock that others find at this path.
    pub fn is_at(&self, path: &Path) -> bool {
        paths::is_at(&self.0, path)
    }

    /// Whether some process holds the lock now; false if the lock file cannot be opened.
    pub fn is_held(path: &Path) -> bool {
        path.exists() && matches!(Self::try_acquire(path), Ok(None))
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
    fn a_shared_lock_is_held_until_the_child_has_ended() {
        let path = std::env::temp_dir().join(format!("state-lock-{}", std::process::id()));
        let lock = Lock::try_acquire(&path).unwrap().expect("nobody holds it");
        let mut reader = Command::new("cat");
        reader.stdin(Stdio::piped()).stdout(lock.share_with_child().unwrap());
        let mut child = reader.spawn().unwrap();
        drop((lock, reader));
        assert!(Lock::is_held(&path));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!Lock::is_held(&path));
        std::fs::remove_file(path).unwrap();
    }
}
