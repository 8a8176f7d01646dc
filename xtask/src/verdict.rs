//! How a check ended. Three ways, since "could not be run" is neither a pass nor a failure.

use std::process::ExitCode;

use state::exit::Exit;
use state::out;

/// What build systems take for "skipped" (automake, meson); no tool of this workspace ends with it.
const SKIPPED: u8 = 77;

/// How a check ended, and what is worth saying about it.
#[derive(Debug)]
pub(crate) enum Verdict {
    Passed(String),
    Failed(String),
    /// It was not run, for this reason.
    Skipped(String),
}

impl Verdict {
    /// Passed or failed, with the same words.
    pub(crate) fn of(passed: bool, words: String) -> Self {
        if passed { Self::Passed(words) } else { Self::Failed(words) }
    }

    /// The word for a table, and the detail.
    pub(crate) fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Passed(detail) => ("passed", detail),
            Self::Failed(detail) => ("FAILED", detail),
            Self::Skipped(reason) => ("skipped", reason),
        }
    }

    /// Tells it on stderr and gives the exit code: 0, 1, or 77 for skipped.
    pub(crate) fn report(&self, name: &str) -> ExitCode {
        let (word, detail) = self.words();
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
