//! Why a request to the service failed. Callers match on it; people read it in one line.

use std::fmt;

use super::{Refusal, RequestLine};
use crate::exit::Exit;
use crate::http::{Method, NetError};

/// Why a request to the service failed.
#[derive(Clone, Debug)]
pub enum Error {
    /// When the request was not sent: no name, no connection, no TLS, no proxy. Nothing was done.
    Unreachable {
        /// The service's address.
        base: String,
        /// What prevented it.
        cause: NetError,
    },
    /// When it was sent and no whole response came: all but a GET may have been carried out.
    ResponseLost {
        /// The request.
        request: RequestLine,
        /// How the response was lost.
        cause: NetError,
    },
    /// When the service answered 4xx or 5xx.
    Refused(Box<Refusal>),
    /// When it answered with a redirect, which is never followed: a POST would become a GET, and the key
    /// would be sent elsewhere.
    Redirected {
        /// The request.
        request: RequestLine,
        /// The HTTP status.
        status: u16,
        /// Where to, without user name, password and query.
        to: String,
        /// Whether it leads to the same path at another scheme or host: then the configured address is wrong, and
        /// nothing was done. Any other redirect may come after the request was carried out.
        is_elsewhere: bool,
    },
    /// When a 2xx response is no JSON, says that there was no success, or lacks what has to be there: all but a GET may
    /// have been carried out.
    InvalidResponse {
        /// The request.
        request: RequestLine,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it: `with an HTML page "x"`, "without `call_id`".
        problem: String,
    },
}

impl Error {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } => Exit::Unavailable,
            Self::Refused(refusal) => refusal.exit(),
            Self::Redirected { request, is_elsewhere, .. } => {
                let is_unconfirmed = request.method != Method::Get && !is_elsewhere;
                if is_unconfirmed { Exit::Unconfirmed } else { Exit::NotConfigured }
            }
            Self::ResponseLost { request, .. } | Self::InvalidResponse { request, .. } => {
                let is_unconfirmed = request.method != Method::Get;
                if is_unconfirmed { Exit::Unconfirmed } else { Exit::Unavailable }
            }
        }
    }

    /// Whether the service did nothing for now, and the same request with the same key may be sent later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_temporary())
    }

    /// The HTTP status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Redirected { status, .. } | Self::InvalidResponse { status, .. } => Some(*status),
            Self::Unreachable { .. } | Self::ResponseLost { .. } => None,
        }
    }

    /// The service's own code (`not_found`, `step_not_found`, …), if it gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.code.as_deref(),
            _ => None,
        }
    }

    fn method(&self) -> Option<Method> {
        match self {
            Self::Unreachable { .. } => None,
            Self::Refused(refusal) => Some(refusal.request.method),
            Self::ResponseLost { request, .. }
            | Self::Redirected { request, .. }
            | Self::InvalidResponse { request, .. } => Some(request.method),
        }
    }

    /// Whether the service answered in JSON, and without what has to be there: it may not know that at all.
    pub fn is_without_what_was_asked(&self) -> bool {
        matches!(self, Self::InvalidResponse { problem, .. } if problem.starts_with("without "))
    }

    /// What to do next, in one line.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Unreachable { cause, .. } | Self::ResponseLost { cause, .. }
                if cause.hint().is_some() =>
            {
                return cause.hint().map(str::to_owned);
            }
            _ if self.exit() == Exit::Unconfirmed => match self.method() {
                Some(Method::Patch | Method::Delete) => {
                    "it may have been carried out; to send the same again does no harm"
                }
                _ => "it may have been carried out and was not repeated: look before you try again",
            },
            Self::Unreachable { .. } => {
                "check the network and the server's address, then try again"
            }
            Self::Redirected { .. } => "set `server` in the configuration to the address meant",
            Self::ResponseLost { .. } | Self::InvalidResponse { .. } => "try again in a minute",
            Self::Refused(refusal) => return refusal.hint(),
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { base, cause } => write!(f, "cannot reach `{base}`: {cause}"),
            Self::ResponseLost { request, cause } => {
                write!(f, "no whole answer to {request}: {cause}")
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Redirected { request, status, to, .. } => {
                write!(
                    f,
                    "server redirects {request} to `{to}`, which is not followed (HTTP {status})"
                )
            }
            Self::InvalidResponse { request, status, problem } => {
                write!(f, "server answered {request} {problem} (HTTP {status})")
            }
        }
    }
}

impl std::error::Error for Error {}
