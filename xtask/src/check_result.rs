//! The result of a check: passed, failed or skipped, since "could not be run" is neither a pass nor a failure.

use std::process::ExitCode;

use state::exit::Exit;
use state::out;

/// What build systems take for "skipped" (automake, meson); no tool of this workspace ends with it.
const SKIPPED: u8 = 77;

/// The result of a check, with a detail for people.
#[derive(Debug)]
pub(crate) enum CheckResult {
    Passed(String),
    Failed(String),
    /// It was not run, for this reason.
    Skipped(String),
}

impl CheckResult {
    /// Passed or failed, with the same detail.
    pub(crate) fn of(is_passed: bool, detail: String) -> Self {
        if is_passed { Self::Passed(detail) } else { Self::Failed(detail) }
    }

    /// The word for a table, and the detail.
    pub(crate) fn word_and_detail(&self) -> (&'static str, &str) {
        match self {
            Self::Passed(detail) => ("passed", detail),
            Self::Failed(detail) => ("FAILED", detail),
            Self::Skipped(reason) => ("skipped", reason),
        }
    }

    /// Prints it on stderr and gives the exit code: 0, 1, or 77 for skipped.
    pub(crate) fn report(&self, name: &str) -> ExitCode {
        let (word, detail) = self.word_and_detail();
        let line = format!("{name}: {word}: {detail}");
        match self {
            Self::Passed(_) => out::progress(&line),
            Self::Failed(_) => out::error(&line),
            Self::Skipped(_) => out::warning(&line),
        }
        match self {
            Self::Passed(_) => Exit::Done.into(),
            Self::Failed(_) => Exit::No.into(),
            Self::Skipped(_) => ExitCode::from(SKIPPED),
        }
    }
}
