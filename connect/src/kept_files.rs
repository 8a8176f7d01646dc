//! The lock and the pid file of a running client, which somebody may take away: `git clean`, a backup, a careless `rm`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use state::lock::Lock;
use state::{file, paths};

/// Keeps the skill folder this process's own.
#[derive(Debug)]
pub(crate) struct KeptFiles {
    skill: PathBuf,
    /// The one that is held at last; those before it stay held until the process ends.
    locks: Vec<Lock>,
    period: Duration,
    checked_at: Instant,
}

/// What was found of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FilesCheck {
    /// Which file somebody took away.
    pub(crate) taken: Option<&'static str>,
    /// What is wrong and could not be mended.
    pub(crate) problem: Option<String>,
}

impl KeptFiles {
    /// Keeps these of a skill folder, of which the lock is held.
    pub(crate) fn new(skill: &Path, lock: Lock, period: Duration) -> Self {
        Self { skill: skill.to_owned(), locks: vec![lock], period, checked_at: Instant::now() }
    }

    /// When to look next.
    pub(crate) fn due(&self) -> Instant {
        self.checked_at + self.period
    }

    /// Looks if it is time, and makes anew what is gone.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<FilesCheck> {
        if now < self.due() {
            return None;
        }
        self.checked_at = now;
        let mut check = FilesCheck::default();
        let pid = format!("{}\n", std::process::id());
        let pid_path = paths::connect_pid(&self.skill);
        if !file::contents_equal(&pid_path, pid.as_bytes()) {
            check.taken = Some("`.connect.pid` was removed or changed");
            // Others find this process without it, too.
            let _ = file::replace_or_overwrite_unsynced(&pid_path, pid.as_bytes());
        }
        let path = paths::connect_lock(&self.skill);
        if self.locks.last().is_some_and(|lock| lock.is_at(&path)) {
            return Some(check);
        }
        check.taken = Some("`.connect.lock` was removed or replaced");
        match Lock::try_acquire(&path) {
            Ok(Some(lock)) => {
                // The first stays held: whoever found it before looks at that one. More than that are of no use.
                self.locks.truncate(1);
                self.locks.push(lock);
            }
            Ok(None) => {
                check.problem = Some("another program holds `.connect.lock`".to_owned());
            }
            Err(err) => check.problem = Some(state::exit::one_line(&err)),
        }
        Some(check)
    }
}

#[cfg(test)]
mod tests {
    use super::{FilesCheck, KeptFiles};
    use state::lock::Lock;
    use state::paths;
    use std::time::{Duration, Instant};

    #[test]
    fn a_lock_that_was_taken_away_is_taken_anew() {
        let dir = std::env::temp_dir().join(format!("connect-kept-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let path = paths::connect_lock(&dir);
        let lock = Lock::try_acquire(&path).unwrap().unwrap();
        let mut kept = KeptFiles::new(&dir, lock, Duration::ZERO);
        assert!(kept.tick(Instant::now()).unwrap().taken.is_some(), "no pid file yet");
        assert_eq!(kept.tick(Instant::now()), Some(FilesCheck::default()));
        for _ in 0..3 {
            std::fs::remove_file(&path).unwrap();
            let check = kept.tick(Instant::now()).unwrap();
            assert!(check.taken.is_some() && check.problem.is_none());
            assert!(Lock::is_held(&path));
            assert_eq!(kept.tick(Instant::now()), Some(FilesCheck::default()));
        }
        std::fs::remove_file(&path).unwrap();
        let _other = Lock::try_acquire(&path).unwrap().unwrap();
        assert!(kept.tick(Instant::now()).unwrap().problem.is_some());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
