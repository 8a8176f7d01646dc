//! The user's crontab: lines of ours are added and removed by a mark, and nothing else in it is touched.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::exit::{Exit, Fault};
use crate::lock::Lock;
use crate::{file, paths, words};

/// How long a change waits for another program.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// What stands between a command and the mark.
const COMMENT: &str = " >/dev/null 2>&1 # ";

/// How the mark of a mission's line begins.
const MISSION: &str = "clawdtalk mission ";

/// A line of a crontab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// `schedule` (`@reboot` or five fields) runs `command`, given as words that the shell shall not
    /// interpret, with both outputs dropped; `mark` stands behind it as a comment.
    ///
    /// Fails (exit 2) if a word holds a line break, which a crontab cannot carry.
    pub fn new(schedule: &str, command: &[&str], mark: &str) -> Result<Self, Fault> {
        let words: Vec<_> = command.iter().map(|word| words::for_shell(word)).collect();
        let line = format!("{schedule} {}{COMMENT}{mark}", words.join(" "));
        if line.contains(['\n', '\r', '\0']) {
            return Err(Fault::usage("a path with a line break cannot stand in a crontab")
                .hint("install the skill in a folder with a plainer name"));
        }
        // To cron a bare `%` is the end of the command.
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
    if why.contains("no crontab") {
        return Ok(String::new());
    }
    Err(unavailable(&crate::words::line(&why)).into())
}

/// The marked lines that stand in it.
pub fn marked<'a>(crontab: &'a str, mark: &str) -> Vec<&'a str> {
    crontab.lines().filter(|line| is_marked(line, mark)).collect()
}

/// What stands behind the line that runs the ticks of a mission.
pub fn mission_mark(slug: &str, skill: &Path) -> String {
    format!("{MISSION}{slug} {}", skill.display())
}

/// The slug of a line with a [`mission_mark`] of this folder.
pub fn mission_of(line: &str, skill: &Path) -> Option<String> {
    let (_, mark) = line.trim_end().rsplit_once(&format!("{COMMENT}{MISSION}"))?;
    let mark = mark.replace("\\%", "%");
    let slug = mark.strip_suffix(&format!(" {}", skill.display()))?;
    Some(slug.to_owned())
}

/// The marks of the missions of this folder that have a line.
///
/// Fails (exit 4) as [`read`] does.
pub fn mission_marks(skill: &Path) -> anyhow::Result<Vec<String>> {
    let crontab = read()?;
    let slugs = crontab.lines().filter_map(|line| mission_of(line, skill));
    Ok(slugs.map(|slug| mission_mark(&slug, skill)).collect())
}

/// Makes `lines` the only ones with `mark`; none removes them. Whether something changed.
///
/// Changes by our programs wait for each other, those of other skill folders too (exit 5 after 10 s).
pub fn set(skill: &Path, mark: &str, lines: &[Line]) -> anyhow::Result<bool> {
    let lock = paths::crontab_lock(skill);
    lock.parent().map_or(Ok(()), file::make_dir)?;
    let lock = Lock::hold(&lock, LOCK_WAIT)?;
    let old = read()?;
    let new = with(&old, mark, lines);
    if new == old {
        return Ok(false);
    }
    install(skill, &new, &lock)?;
    Ok(true)
}

/// `crontab` with `lines` in place of those with `mark`, at their place if they had one, else at its end.
fn with(crontab: &str, mark: &str, lines: &[Line]) -> String {
    let texts: Vec<&str> = lines.iter().map(Line::text).collect();
    if marked(crontab, mark) == texts {
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
    // The mark was written as part of the command, percent signs and all.
    line.trim_end_matches(['\n', '\r'])
        .strip_suffix(&mark.replace('%', "\\%"))
        .is_some_and(|rest| rest.ends_with(" # "))
}

/// Hands the whole crontab over as a file: what reads a pipe takes a writer that was killed for the end of the
/// crontab, and installs what it got so far, or nothing. It says nothing on its stdout, which holds the lock for it:
/// what it installs after we were killed must not undo what others have added by then.
fn install(skill: &Path, crontab: &str, lock: &Lock) -> anyhow::Result<()> {
    let whole = handed_over(&paths::crontab_new(skill), crontab)?;
    let child = Command::new("crontab")
        .arg("-")
        .stdin(whole)
        .stdout(lock.shared()?)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| unavailable(&err.to_string()))?;
    let output = child.wait_with_output().context("waiting for `crontab`")?;
    if output.status.success() {
        return Ok(());
    }
    Err(unavailable(&crate::words::line(&String::from_utf8_lossy(&output.stderr))).into())
}

/// A file that holds `text`, to be read from its beginning; its name is gone already.
fn handed_over(path: &Path, text: &str) -> anyhow::Result<File> {
    file::survive_size_limit();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| {
        let written = file.write_all(text.as_bytes());
        // One that a kill left behind is overwritten by the next writer.
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

    use super::{Line, marked, mission_mark, mission_of, with};
    use proptest::prelude::*;

    fn line(word: &str) -> Line {
        Line::new("@reboot", &[word, "start"], "ours").unwrap()
    }

    #[test]
    fn a_command_is_taken_as_it_is() {
        assert_eq!(line("/a/b").text(), "@reboot /a/b start >/dev/null 2>&1 # ours");
        assert_eq!(line("/it's 5%").text(), r"@reboot '/it'\''s 5\%' start >/dev/null 2>&1 # ours");
        assert!(Line::new("@reboot", &["/a\nb"], "ours").is_err());
    }

    #[test]
    fn only_marked_lines_change() {
        let old = "MAILTO=me\n0 1 * * * backup # ours too\n";
        let new = with(old, "ours", &[line("/a")]);
        assert_eq!(new, format!("{old}@reboot /a start >/dev/null 2>&1 # ours\n"));
        assert_eq!(with(&new, "ours", &[line("/a")]), new);
        assert_eq!(with(&new, "ours", &[]), old);
        assert_eq!(marked(&new, "ours").len(), 1);
        assert_eq!(with("no newline at the end", "ours", &[]), "no newline at the end");
    }

    #[test]
    fn a_line_tells_its_mission() {
        let skill = Path::new("/a b/5%");
        for slug in ["sms-test-003", "a # b", "50%", "it's"] {
            let mark = mission_mark(slug, skill);
            let line = Line::new("* * * * *", &["/x", "tick", slug], &mark).unwrap();
            assert_eq!(mission_of(line.text(), skill).as_deref(), Some(slug));
            assert_eq!(marked(line.text(), &mark).len(), 1);
            assert_eq!(mission_of(line.text(), Path::new("/b/5%")), None);
        }
        assert_eq!(mission_of("* * * * * tick # clawdtalk connect /x", Path::new("/x")), None);
    }

    proptest! {
        #[test]
        fn added_lines_go_again(old in "([a-z*#% ]{0,12}\n){0,4}", word in "\\PC{1,9}", mark in "[a-z%/ ]{1,9}") {
            prop_assume!(marked(&old, &mark).is_empty());
            let lines = [Line::new("* * * * *", &[&word], &mark).unwrap()];
            let new = with(&old, &mark, &lines);
            prop_assert_eq!(marked(&new, &mark), [lines[0].text()]);
            prop_assert_eq!(with(&new, &mark, &[]), old);
        }
    }
}
