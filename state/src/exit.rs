//! Exit codes, and the error type that carries one with the hint for the user.

use std::process::ExitCode;

/// How a program ends. The numbers mean the same in every tool and in both output modes.
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
    NoDevice = 7,
    /// It may have been carried out, and was not repeated.
    Unconfirmed = 8,
}

impl Exit {
    /// How another of these tools ended, by its exit code; `None` for a code that none of them has.
    pub fn from_code(code: i32) -> Option<Self> {
        Some(match code {
            0 => Self::Done,
            1 => Self::No,
            2 => Self::Usage,
            3 => Self::NotConfigured,
            4 => Self::Unavailable,
            5 => Self::Busy,
            6 => Self::Undecided,
            7 => Self::NoDevice,
            8 => Self::Unconfirmed,
            _ => return None,
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// An error that has an exit code and, where one helps, a hint: the command to run next.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Fault {
    /// A fault that ends the program with `exit`.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    /// Bad input: exit 2. The message says what was found and what was wanted.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something in the configuration is missing or cannot be used: exit 3.
    pub fn not_configured(message: impl Into<String>) -> Self {
        Self::new(Exit::NotConfigured, message)
    }

    /// Adds the hint, which is printed on a line of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The hint, if there is one.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// An error and its causes in one line. A cause that the text before already ends with is left out, since some
/// libraries repeat their cause in their own message.
pub fn one_line(err: &anyhow::Error) -> String {
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
    use super::one_line;

    #[test]
    fn a_repeated_cause_is_printed_once() {
        let io = std::io::Error::other("broken pipe");
        let err = anyhow::Error::new(io).context("sending: broken pipe");
        assert_eq!(one_line(&err), "sending: broken pipe");
    }
}
