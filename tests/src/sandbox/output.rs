//! What a program left when it ended, and the assertions on it, each of which shows everything when it fails.

use serde_json::Value;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// So many files of the sandbox are named where an assertion fails: a real gateway leaves thousands.
const MOST_FILES: usize = 40;

/// The end of one run.
#[derive(Clone, Debug)]
pub struct Output {
    pub(super) command: String,
    pub(super) status: ExitStatus,
    pub(super) late: Option<Duration>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) took: Duration,
    pub(super) files: Vec<String>,
}

impl Output {
    /// The exit code, or 128 + the signal that ended it, as a shell reports it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    /// All of stdout.
    pub fn out(&self) -> &str {
        &self.stdout
    }

    /// All of stderr.
    pub fn err(&self) -> &str {
        &self.stderr
    }

    /// How long it ran.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// It exited with 0.
    #[track_caller]
    pub fn ok(&self) -> &Self {
        self.fails(0)
    }

    /// It exited with this code.
    #[track_caller]
    pub fn fails(&self, code: i32) -> &Self {
        self.check(self.late.is_none() && self.code() == code, || format!("wanted exit {code}"))
    }

    /// stdout is exactly this.
    #[track_caller]
    pub fn stdout(&self, text: &str) -> &Self {
        self.check(self.stdout == text, || format!("wanted on stdout:\n{text}"))
    }

    /// stderr is exactly this.
    #[track_caller]
    pub fn stderr(&self, text: &str) -> &Self {
        self.check(self.stderr == text, || format!("wanted on stderr:\n{text}"))
    }

    /// stdout contains this.
    #[track_caller]
    pub fn stdout_has(&self, part: &str) -> &Self {
        self.check(self.stdout.contains(part), || format!("wanted somewhere on stdout: {part}"))
    }

    /// stderr contains this.
    #[track_caller]
    pub fn stderr_has(&self, part: &str) -> &Self {
        self.check(self.stderr.contains(part), || format!("wanted somewhere on stderr: {part}"))
    }

    /// Neither stream contains this: secrets, other people's words.
    #[track_caller]
    pub fn never_says(&self, part: &str) -> &Self {
        let is_there = self.stdout.contains(part) || self.stderr.contains(part);
        self.check(!is_there, || format!("wanted nowhere: {part}"))
    }

    /// stderr is one error and one hint, in this order, with warnings anywhere.
    #[track_caller]
    pub fn one_error_one_hint(&self) -> &Self {
        let labels = self.stderr.lines().filter_map(|line| line.split(':').next());
        let labels: Vec<_> = labels.filter(|label| *label != "warning").collect();
        self.check(labels == ["error", "hint"], || {
            "wanted on stderr: one error, one hint".to_owned()
        })
    }

    /// stderr is empty.
    #[track_caller]
    pub fn quiet(&self) -> &Self {
        self.stderr("")
    }

    /// stdout is empty.
    #[track_caller]
    pub fn silent(&self) -> &Self {
        self.stdout("")
    }

    /// stdout is one JSON document, which is returned.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(err) => self.fail(&format!("stdout is not one JSON document: {err}")),
        }
    }

    /// Each line of stdout is a JSON document.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| match serde_json::from_str(line) {
            Ok(document) => document,
            Err(err) => self.fail(&format!("a line of stdout is no JSON: {err}")),
        };
        self.stdout.lines().map(parse).collect()
    }

    /// Exit 0, nothing on stderr, and exactly this document on stdout.
    #[track_caller]
    pub fn is(&self, document: &Value) -> &Self {
        self.ok().quiet();
        let found = self.json();
        self.check(found == *document, || format!("wanted this document:\n{document:#}"))
    }

    #[track_caller]
    fn check(&self, holds: bool, wanted: impl FnOnce() -> String) -> &Self {
        if !holds {
            self.fail(&wanted());
        }
        self
    }

    #[track_caller]
    fn fail(&self, wanted: &str) -> ! {
        panic!("{wanted}\n{self}")
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- command: {}", self.command)?;
        match self.late {
            Some(limit) => writeln!(f, "--- killed after {limit:?}")?,
            None => writeln!(f, "--- {} after {:?}", self.status, self.took)?,
        }
        writeln!(f, "--- stdout:\n{}", self.stdout)?;
        writeln!(f, "--- stderr:\n{}", self.stderr)?;
        let (shown, rest) = self.files.split_at(self.files.len().min(MOST_FILES));
        let more =
            if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
        writeln!(f, "--- files: {}{more}", shown.join(", "))
    }
}
