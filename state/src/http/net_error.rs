//! Why a request failed on the network, in one line for people. The errors of ureq and of the system are put into words here.

use std::io::{self, ErrorKind};
use std::time::Duration;

use ureq::{Error, Timeout};

use crate::text::sanitize;

/// The longest wait for name, TCP, proxy and TLS together.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Why a request failed on the network, and what to do about it where that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NetError {
    message: String,
    hint: Option<String>,
    is_permanent: bool,
}

impl NetError {
    /// An error that may go away by itself: another attempt can help.
    pub fn transient(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, is_permanent: false }
    }

    /// An error that stays until somebody fixes it: a certificate, a setting.
    pub(crate) fn permanent(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, is_permanent: true }
    }

    /// Adds the hint.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do about it, for a `hint:` line.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether another attempt is useless until somebody fixes something.
    pub(crate) fn is_permanent(&self) -> bool {
        self.is_permanent
    }
}

impl From<NetError> for Error {
    fn from(error: NetError) -> Self {
        Error::Other(Box::new(error))
    }
}

/// The error of ureq's in words. `within` is the time that the request had.
pub(super) fn from_ureq(err: Error, within: Duration) -> NetError {
    match err {
        Error::Other(inner) => match inner.downcast::<NetError>() {
            Ok(error) => *error,
            Err(other) => NetError::transient(sanitize::line(&other.to_string())),
        },
        Error::Io(err) => NetError::transient(io_error_text(&err)),
        Error::Timeout(Timeout::Connect) => {
            NetError::transient(format!("no connection within {}", seconds(CONNECT_WITHIN)))
        }
        Error::Timeout(_) => NetError::transient(format!("no answer within {}", seconds(within))),
        Error::BodyExceedsLimit(limit) => {
            NetError::transient(format!("the answer is larger than {} MiB", limit >> 20))
        }
        Error::LargeResponseHeader(_, limit) => NetError::transient(format!(
            "the head of the answer is larger than {} KiB",
            limit >> 10
        )),
        Error::Protocol(err) => NetError::transient(format!(
            "the answer is no HTTP: {}",
            sanitize::line(&err.to_string())
        )),
        Error::Http(err) => NetError::permanent(sanitize::line(&err.to_string())),
        Error::BadUri(why) => NetError::permanent(sanitize::line(&why)),
        other => NetError::transient(sanitize::line(&other.to_string())),
    }
}

/// An error of the system in a few plain words.
pub fn io_error_text(err: &io::Error) -> String {
    match err.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer in time".to_owned(),
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => {
            "the connection was closed before the whole answer came".to_owned()
        }
        _ => sanitize::line(&err.to_string()),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f32().ceil())
}

#[cfg(test)]
mod tests {
    use super::{NetError, from_ureq};
    use std::io;
    use std::time::Duration;
    use ureq::{Error, Timeout};

    #[track_caller]
    fn case(err: Error, wanted: &str) {
        assert_eq!(from_ureq(err, Duration::from_secs(60)).to_string(), wanted);
    }

    #[test]
    fn errors_are_put_into_words() {
        case(io::Error::from(io::ErrorKind::ConnectionRefused).into(), "connection refused");
        case(
            io::Error::from(io::ErrorKind::ConnectionReset).into(),
            "the connection was closed before the whole answer came",
        );
        case(Error::Timeout(Timeout::Connect), "no connection within 10 s");
        case(Error::Timeout(Timeout::Global), "no answer within 60 s");
        case(Error::BodyExceedsLimit(8 << 20), "the answer is larger than 8 MiB");
        case(NetError::permanent("no roots").into(), "no roots");
    }
}
