//! The one table of exit codes (spec 2), and the one place that tells a failure to people.

use std::fmt;
use std::process::ExitCode;

use crate::{api, out};

/// How a program ends. The numbers are the same in every tool and in both output modes (spec 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or the answer is yes.
    Done = 0,
    /// The answer is no: denied, not running, unhealthy, busy line, refused by the server.
    No = 1,
    /// Usage or bad input; nothing was sent.
    Usage = 2,
    /// Not configured, or the key was refused.
    NotConfigured = 3,
    /// Unavailable, and nothing was done.
    Unavailable = 4,
    /// A lock is held, it already runs, or another client replaced it.
    Busy = 5,
    /// Undecided: pending, timed out, expired, or a wait that was interrupted.
    Undecided = 6,
    /// Nobody to ask: no device, or none could be reached.
    Nobody = 7,
    /// It may have been carried out, and was not repeated.
    Unknown = 8,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// An error that knows its exit code and, where there is one, the command that helps.
#[derive(Debug)]
pub struct Fault {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Fault {
    /// A fault with the code that it ends the program with.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// Bad input: exit 2. Say what was found and what was wanted.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something in the configuration is missing or cannot be used: exit 3.
    pub fn not_configured(message: impl Into<String>) -> Self {
        Self::new(Exit::NotConfigured, message)
    }

    /// Adds the next command to run, told on a line of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The code this fault ends the program with.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Prints a failure as `error: …` and `hint: …` on stderr and gives the code to leave with.
pub fn report(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(err) => {
            out::error(&told(&err));
            if let Some(hint) = hint_of(&err) {
                out::hint(&hint);
            }
            code_of(&err).into()
        }
    }
}

/// The exit code of an error: that of the first cause that has one. An error of this machine's own
/// (a full disk, a folder without permission) is [`Exit::Unavailable`]: nothing was done.
pub fn code_of(err: &anyhow::Error) -> Exit {
    let code = |cause: &(dyn std::error::Error + 'static)| {
        let of_fault = cause.downcast_ref::<Fault>().map(Fault::exit);
        of_fault.or_else(|| cause.downcast_ref::<api::Error>().map(api::Error::exit))
    };
    err.chain().find_map(code).unwrap_or(Exit::Unavailable)
}

/// The next command to run, of the first cause that names one.
pub fn hint_of(err: &anyhow::Error) -> Option<String> {
    err.chain().find_map(|cause| {
        let of_fault = cause.downcast_ref::<Fault>().and_then(|fault| fault.hint.clone());
        of_fault.or_else(|| cause.downcast_ref::<api::Error>().and_then(api::Error::hint))
    })
}

/// The chain of causes in one line, leaving out a cause that the text before already ends with
/// (some libraries repeat their source in their own message).
pub fn told(err: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in err.chain() {
        let text = cause.to_string();
        let text = text.trim();
        if text.is_empty() || line.ends_with(text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(text);
    }
    line.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::{Exit, Fault, code_of, told};
    use anyhow::Context as _;

    #[test]
    fn the_first_cause_with_a_code_decides() {
        let err = Err::<(), _>(Fault::new(Exit::Busy, "lock held"))
            .context("opening the state file")
            .unwrap_err();
        assert_eq!(code_of(&err), Exit::Busy);
        assert_eq!(told(&err), "opening the state file: lock held");
    }

    #[test]
    fn a_repeated_cause_is_told_once() {
        let io = std::io::Error::other("broken pipe");
        let err = anyhow::Error::new(io).context("sending: broken pipe");
        assert_eq!(told(&err), "sending: broken pipe");
        assert_eq!(code_of(&err), Exit::Unavailable);
    }
}
