//! The user's crontab: lines of these tools end in a mark, by which they are added and removed. No other line is touched.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::exit::{Exit, Fault};
use crate::storage::lock::Lock;
use crate::storage::{file, paths};
use crate::text::{sanitize, shell};

/// How long a change waits for the lock of another program.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// What stands between a command and its mark: both outputs are dropped, the mark is a comment.
const COMMENT: &str = " >/dev/null 2>&1 # ";

/// How the mark of a mission's line begins.
const MISSION: &str = "clawdtalk mission ";

/// A line of a crontab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrontabLine(String);

impl CrontabLine {
    /// A line that runs `command` by `schedule` (`@reboot` or five fields) and ends in `mark`. The words of the command
    /// are quoted for the shell; its output is dropped.
    ///
    /// Fails (exit 2) if a word contains a line break, which cannot stand in a crontab.
    pub fn new(schedule: &str, command: &[&str], mark: &str) -> Result<Self, Fault> {
        let words: Vec<_> = command.iter().map(|word| shell::quote(word)).collect();
        let line = format!("{schedule} {}{COMMENT}{mark}", words.join(" "));
        if line.contains(['\n', '\r', '\0']) {
            return Err(Fault::usage("a path with a line break cannot stand in a crontab")
                .hint("install the skill in a folder with a plainer name"));
        }
        // cron takes a bare `%` for the end of the command.
        Ok(Self(line.replace('%', "\\%")))
    }

    /// The line as it stands in the crontab.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The user's crontab; empty if there is none, or no cron.
///
/// Fails (exit 4) if the `crontab` program refuses this user.
pub fn read() -> anyhow::Result<String> {
    let mut list = Command::new("crontab");
    let output = match list.arg("-l").env("LC_ALL", "C").stdin(Stdio::null()).output() {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(String::new()),
        output => output.map_err(|err| unavailable(&err.to_string()))?,
    };
    if output.status.success() {
        return String::from_utf8(output.stdout).context("the crontab is not UTF-8");
    }
    let why = String::from_utf8_lossy(&output.stderr);
    if says_none(&why) {
        return Ok(String::new());
    }
    Err(unavailable(&sanitize::line(&why)).into())
}

/// Whether the `crontab` program says that this user has none: cron's own words, or those of busybox, to which it is a file that
/// does not exist.
fn says_none(why: &str) -> bool {
    let is_no_file = why.contains("can't open") && why.contains("No such file or directory");
    why.contains("no crontab") || is_no_file
}

/// The lines of a crontab that end in `mark`.
pub fn lines_with_mark<'a>(crontab: &'a str, mark: &str) -> Vec<&'a str> {
    crontab.lines().filter(|line| is_marked(line, mark)).collect()
}

/// The mark of the line that runs the ticks of a mission.
pub fn mission_mark(slug: &str, skill: &Path) -> String {
    format!("{MISSION}{slug} {}", skill.display())
}

/// The slug of the mission whose [`mission_mark`] of this skill folder a line ends in, if it ends in one.
pub fn mission_slug(line: &str, skill: &Path) -> Option<String> {
    let (_, mark) = line.trim_end().rsplit_once(&format!("{COMMENT}{MISSION}"))?;
    let mark = mark.replace("\\%", "%");
    let slug = mark.strip_suffix(&format!(" {}", skill.display()))?;
    Some(slug.to_owned())
}

/// The marks of all missions of this skill folder that have a line.
///
/// Fails (exit 4) as [`read`] does.
pub fn mission_marks(skill: &Path) -> anyhow::Result<Vec<String>> {
    let crontab = read()?;
    let slugs = crontab.lines().filter_map(|line| mission_slug(line, skill));
    Ok(slugs.map(|slug| mission_mark(&slug, skill)).collect())
}

/// Makes `lines` the only ones that end in `mark`; with no lines they are removed. Whether something changed.
///
/// Fails with exit 5 if another of these tools changes the crontab for 10 s, for whichever skill folder, and with exit 4
/// if the `crontab` program refuses.
pub fn set_lines(skill: &Path, mark: &str, lines: &[CrontabLine]) -> anyhow::Result<bool> {
    let lock = paths::crontab_lock(skill);
    lock.parent().map_or(Ok(()), file::create_dir)?;
    let lock = Lock::acquire(&lock, LOCK_WAIT)?;
    let old = read()?;
    let new = replaced(&old, mark, lines);
    if new == old {
        return Ok(false);
    }
    install(skill, &new, &lock)?;
    // A program may take the lines, and keep others.
    let kept = read()?;
    if lines_with_mark(&kept, mark) == lines_with_mark(&new, mark) {
        return Ok(true);
    }
    Err(unavailable("the lines that were written are not in it now").into())
}

/// `crontab` with `lines` instead of those that end in `mark`: unchanged if it has them, else at its end.
fn replaced(crontab: &str, mark: &str, lines: &[CrontabLine]) -> String {
    let texts: Vec<&str> = lines.iter().map(CrontabLine::text).collect();
    if lines_with_mark(crontab, mark) == texts {
        return crontab.to_owned();
    }
    let mut new = String::with_capacity(crontab.len());
    for line in crontab.split_inclusive('\n').filter(|line| !is_marked(line, mark)) {
        new.push_str(line);
    }
    if !texts.is_empty() && !new.is_empty() && !new.ends_with('\n') {
        new.push('\n');
    }
    for text in texts {
        new.push_str(text);
        new.push('\n');
    }
    new
}

fn is_marked(line: &str, mark: &str) -> bool {
    // Percent signs in the mark were escaped like those of the command.
    line.trim_end_matches(['\n', '\r'])
        .strip_suffix(&mark.replace('%', "\\%"))
        .is_some_and(|rest| rest.ends_with(" # "))
}

/// Installs a crontab with the `crontab` program. It gets a file as its stdin, not a pipe: if this process were killed it
/// would take the end of the pipe for the end of the crontab and install a part of it. It prints nothing on its stdout,
/// which is the lock: so that stays held until it has ended, even if this process is killed, and it cannot undo the
/// changes of a later program.
fn install(skill: &Path, crontab: &str, lock: &Lock) -> anyhow::Result<()> {
    let file = unnamed_file(&paths::crontab_temp(skill), crontab)?;
    let child = Command::new("crontab")
        .arg("-")
        .stdin(file)
        .stdout(lock.share_with_child()?)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| unavailable(&err.to_string()))?;
    let output = child.wait_with_output().context("waiting for `crontab`")?;
    if output.status.success() {
        return Ok(());
    }
    Err(unavailable(&sanitize::line(&String::from_utf8_lossy(&output.stderr))).into())
}

/// A file with `text`, open at its beginning and already removed from the folder.
fn unnamed_file(path: &Path, text: &str) -> anyhow::Result<File> {
    file::catch_size_limit_signal();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| {
        let written = file.write_all(text.as_bytes());
        // If it cannot be removed, the next writer overwrites it.
        let _ = std::fs::remove_file(path);
        written?;
        file.rewind()?;
        Ok(file)
    });
    written.with_context(|| format!("writing `{}`", path.display()))
}

fn unavailable(why: &str) -> Fault {
    Fault::new(Exit::Unavailable, format!("the crontab cannot be used: {why}"))
        .hint("install cron, or run `setup --service systemd`")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{CrontabLine, lines_with_mark, mission_mark, mission_slug, replaced, says_none};
    use proptest::prelude::*;

    fn line(word: &str) -> CrontabLine {
        CrontabLine::new("@reboot", &[word, "start"], "ours").unwrap()
    }

    #[test]
    fn a_command_is_quoted_for_the_shell_and_cron() {
        assert_eq!(line("/a/b").text(), "@reboot /a/b start >/dev/null 2>&1 # ours");
        assert_eq!(line("/it's 5%").text(), r"@reboot '/it'\''s 5\%' start >/dev/null 2>&1 # ours");
        assert!(CrontabLine::new("@reboot", &["/a\nb"], "ours").is_err());
    }

    #[test]
    fn a_user_without_a_crontab_has_an_empty_one() {
        for words in [
            "no crontab for ada",
            "crontab: no crontab for ada",
            "crontab: can't open 'ada': No such file or directory",
        ] {
            assert!(says_none(words), "{words}");
        }
        for words in [
            "",
            "you (ada) are not allowed to use this program (crontab)",
            "crontab: can't open 'ada': Permission denied",
            "crontab: can't change directory to '/var/spool/cron/crontabs': No such file or directory",
        ] {
            assert!(!says_none(words), "{words}");
        }
    }

    #[test]
    fn only_marked_lines_change() {
        let old = "MAILTO=me\n0 1 * * * backup # ours too\n";
        let new = replaced(old, "ours", &[line("/a")]);
        assert_eq!(new, format!("{old}@reboot /a start >/dev/null 2>&1 # ours\n"));
        assert_eq!(replaced(&new, "ours", &[line("/a")]), new);
        assert_eq!(replaced(&new, "ours", &[]), old);
        assert_eq!(lines_with_mark(&new, "ours").len(), 1);
        assert_eq!(replaced("no newline at the end", "ours", &[]), "no newline at the end");
    }

    #[test]
    fn the_mission_of_a_line_is_recognised() {
        let skill = Path::new("/a b/5%");
        for slug in ["sms-test-003", "a # b", "50%", "it's"] {
            let mark = mission_mark(slug, skill);
            let line = CrontabLine::new("* * * * *", &["/x", "tick", slug], &mark).unwrap();
            assert_eq!(mission_slug(line.text(), skill).as_deref(), Some(slug));
            assert_eq!(lines_with_mark(line.text(), &mark).len(), 1);
            assert_eq!(mission_slug(line.text(), Path::new("/b/5%")), None);
        }
        assert_eq!(mission_slug("* * * * * tick # clawdtalk connect /x", Path::new("/x")), None);
    }

    proptest! {
        #[test]
        fn added_lines_can_be_removed(old in "([a-z*#% ]{0,12}\n){0,4}", word in "\\PC{1,9}", mark in "[a-z%/ ]{1,9}") {
            prop_assume!(lines_with_mark(&old, &mark).is_empty());
            let lines = [CrontabLine::new("* * * * *", &[&word], &mark).unwrap()];
            let new = replaced(&old, &mark, &lines);
            prop_assert_eq!(lines_with_mark(&new, &mark), [lines[0].text()]);
            prop_assert_eq!(replaced(&new, &mark, &[]), old);
        }
    }
}
