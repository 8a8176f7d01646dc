//! Whether anything carries out what stands in the crontab: containers and small systems often have the `crontab` program and
//! no daemon.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The daemons that read the crontabs of users, by the names of their programs.
const DAEMONS: [&str; 5] = ["cron", "crond", "cronie", "bcron-sched", "dcron"];

/// Programs that are called with the name of what they are to be.
const MULTI_CALL: [&str; 2] = ["busybox", "toybox"];

/// What turns crontabs into timers of systemd, without a daemon.
const GENERATORS: [&str; 2] = [
    "/usr/lib/systemd/system-generators/systemd-crontab-generator",
    "/lib/systemd/system-generators/systemd-crontab-generator",
];

/// What to say where [none runs](is_missing).
pub const MISSING: &str = "no cron daemon runs here, so that nothing carries out the crontab";

/// The fix for that.
pub const START: &str = "start it, as with: sudo service cron start";

/// Whether it is sure that no cron daemon runs. It is not where the processes of others cannot be seen, and on systems without
/// `/proc`, such as macOS, which starts its own when there is a crontab.
pub fn is_missing() -> bool {
    let has_generator = GENERATORS.iter().any(|path| Path::new(path).exists());
    !has_generator && find(Path::new("/proc")) == Some(false)
}

/// Whether one of these processes is a cron daemon; `None` if some of them cannot be seen.
fn find(proc: &Path) -> Option<bool> {
    // Where only one's own processes are shown, the first is not among them.
    fs::metadata(proc.join("1")).ok()?;
    let mut is_hidden = false;
    for entry in fs::read_dir(proc).ok()?.flatten() {
        let is_process = entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok());
        match fs::read(entry.path().join("cmdline")) {
            Ok(line) if is_process && is_daemon(&line) => return Some(true),
            Err(err) if is_process && err.kind() == ErrorKind::PermissionDenied => is_hidden = true,
            // One that has ended meanwhile, or no process.
            _ => {}
        }
    }
    (!is_hidden).then_some(false)
}

/// Whether this is the command line of a daemon, its words ended by zeros.
fn is_daemon(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    // A program may write its state into the first word, as in `crond: running`.
    let name = |word: &str| {
        let path = word.split([':', ' ']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let mut words = line.split('\0').map(name);
    let Some(program) = words.next() else { return false };
    let called = if MULTI_CALL.contains(&&*program) { words.next() } else { Some(program) };
    called.is_some_and(|name| DAEMONS.contains(&&*name))
}

#[cfg(test)]
mod tests {
    use super::is_daemon;

    #[test]
    fn a_daemon_is_known_by_its_name() {
        for line in [
            &b"/usr/sbin/cron\0-f\0"[..],
            b"crond\0",
            b"/usr/sbin/crond\0-n\0",
            b"busybox\0crond\0-f\0",
            b"/bin/busybox\0crond\0",
            b"crond: running\0",
        ] {
            assert!(is_daemon(line), "{}", String::from_utf8_lossy(line));
        }
        for line in [
            &b""[..],
            b"vim\0/etc/cron\0",
            b"/usr/bin/crontab\0-l\0",
            b"busybox\0sh\0crond\0",
            b"/home/cron/bin/x\0",
            b"CRON\0",
            b"sh\0-c\0cron\0",
        ] {
            assert!(!is_daemon(line), "{}", String::from_utf8_lossy(line));
        }
    }
}
