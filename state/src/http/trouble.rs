//! What stopped a request, in one plain line: ureq's, rustls' and the system's errors are reworded here.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use ureq::{Error, Timeout};

use super::CONNECT_WITHIN;
use crate::words;

/// Why a request came to nothing, in words for people, and what to do about it where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    words: String,
    hint: Option<String>,
    lasting: bool,
}

impl Trouble {
    /// Something that may pass: trying again can help.
    pub fn passing(words: impl Into<String>) -> Self {
        Self { words: words.into(), hint: None, lasting: false }
    }

    /// Something that stays until it is mended: a certificate, a setting.
    pub(crate) fn lasting(words: impl Into<String>) -> Self {
        Self { words: words.into(), hint: None, lasting: true }
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether trying again is useless before something is mended.
    pub(crate) fn is_lasting(&self) -> bool {
        self.lasting
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        Error::Other(Box::new(trouble))
    }
}

/// One of ureq's errors in plain words. `within` is the deadline that the request had.
pub(super) fn plain(err: Error, within: Duration) -> Trouble {
    match err {
        Error::Other(inner) => match inner.downcast::<Trouble>() {
            Ok(trouble) => *trouble,
            Err(other) => Trouble::passing(words::line(&other.to_string())),
        },
        Error::Io(err) => match err.kind() {
            ErrorKind::ConnectionRefused => Trouble::passing("connection refused"),
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => {
                Trouble::passing("the connection was closed before the whole answer came")
            }
            _ => Trouble::passing(words::line(&err.to_string())),
        },
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
            Trouble::passing(format!("no connection within {}", seconds(CONNECT_WITHIN)))
        }
        Error::Timeout(_) => Trouble::passing(format!("no answer within {}", seconds(within))),
        Error::HostNotFound => Trouble::passing("there is no such host"),
        Error::BodyExceedsLimit(limit) => {
            Trouble::passing(format!("the answer is larger than {} MiB", limit >> 20))
        }
        Error::LargeResponseHeader(..) => Trouble::passing("the answer's headers are too large"),
        Error::Protocol(err) => {
            Trouble::passing(format!("the answer is no HTTP: {}", words::line(&err.to_string())))
        }
        Error::Http(err) => Trouble::lasting(words::line(&err.to_string())),
        Error::BadUri(why) => Trouble::lasting(words::line(&why)),
        other => Trouble::passing(words::line(&other.to_string())),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f32().ceil())
}

#[cfg(test)]
mod tests {
    use super::{Trouble, plain};
    use std::io;
    use std::time::Duration;
    use ureq::{Error, Timeout};

    #[track_caller]
    fn case(err: Error, wanted: &str) {
        assert_eq!(plain(err, Duration::from_secs(60)).to_string(), wanted);
    }

    #[test]
    fn errors_are_told_plainly() {
        case(io::Error::from(io::ErrorKind::ConnectionRefused).into(), "connection refused");
        case(
            io::Error::from(io::ErrorKind::ConnectionReset).into(),
            "the connection was closed before the whole answer came",
        );
        case(Error::Timeout(Timeout::Connect), "no connection within 10 s");
        case(Error::Timeout(Timeout::Global), "no answer within 60 s");
        case(Error::BodyExceedsLimit(8 << 20), "the answer is larger than 8 MiB");
        case(Trouble::lasting("no roots").into(), "no roots");
    }
}
