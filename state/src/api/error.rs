//! Why a request to the service did not succeed. Callers match on it; people read it in one line.

use std::fmt;

use super::{Asked, Refusal};
use crate::exit::Exit;
use crate::http::{Method, Trouble};

/// An error of the service's API.
#[derive(Clone, Debug)]
pub enum Error {
    /// When the request never left: no name, no connection, no TLS, no proxy. Nothing was done.
    Unreachable {
        /// The service's address.
        base: String,
        /// What was in the way.
        why: Trouble,
    },
    /// When it left and no whole answer came: a POST may have been carried out.
    Lost {
        /// What was asked.
        asked: Asked,
        /// How the answer was lost.
        why: Trouble,
    },
    /// When the service answered 4xx or 5xx.
    Refused(Box<Refusal>),
    /// When it answered with a redirect, which is never followed: a POST would become a GET, and the key
    /// would go elsewhere.
    Redirected {
        /// What was asked.
        asked: Asked,
        /// The HTTP status.
        status: u16,
        /// Where to, without userinfo and query.
        to: String,
        /// Whether the same path at another scheme or host is meant: then the address in the configuration is wrong, and
        /// nothing was done. Any other redirect may follow what was done.
        is_elsewhere: bool,
    },
    /// When a 2xx is no JSON, or lacks what was promised: a POST may have been carried out.
    NotAsPromised {
        /// What was asked.
        asked: Asked,
        /// The HTTP status.
        status: u16,
        /// What came: `an HTML page "x"`, "without `call_id`".
        what: String,
    },
}

impl Error {
    /// The exit code that it ends a program with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } => Exit::Unavailable,
            Self::Refused(refusal) => refusal.exit(),
            Self::Redirected { asked, is_elsewhere, .. } => {
                let is_in_doubt = asked.method == Method::Post && !is_elsewhere;
                if is_in_doubt { Exit::Unknown } else { Exit::NotConfigured }
            }
            Self::Lost { asked, .. } | Self::NotAsPromised { asked, .. } => {
                if asked.method == Method::Post { Exit::Unknown } else { Exit::Unavailable }
            }
        }
    }

    /// Whether the service did nothing for now, and the same request with the same key may be sent later.
    pub fn is_for_now(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_for_now())
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Redirected { status, .. } | Self::NotAsPromised { status, .. } => Some(*status),
            Self::Unreachable { .. } | Self::Lost { .. } => None,
        }
    }

    /// The service's own code (`not_found`, `step_not_found`, …), if it gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.code.as_deref(),
            _ => None,
        }
    }

    /// What to do next, in one line.
    pub fn hint(&self) -> Option<String> {
        let words = match self {
            Self::Unreachable { why, .. } | Self::Lost { why, .. } if why.hint().is_some() => {
                return why.hint().map(str::to_owned);
            }
            _ if self.exit() == Exit::Unknown => {
                "it may have been carried out and was not repeated: look before you try again"
            }
            Self::Unreachable { .. } => {
                "check the network and the server's address, then try again"
            }
            Self::Redirected { .. } => "set `server` in the configuration to the address meant",
            Self::Lost { .. } | Self::NotAsPromised { .. } => "try again in a minute",
            Self::Refused(refusal) => return refusal.hint(),
        };
        Some(words.to_owned())
    }
}

impl Refusal {
    fn hint(&self) -> Option<String> {
        let words = match self.status {
            _ if self.is_about_the_key() => {
                "run `setup` with a key that works, or set CLAWDTALK_API_KEY"
            }
            _ if self.is_about_the_plan() => "run `status` to see your plan and what is left of it",
            404 => "check the id: the service knows no such id",
            429 | 503 => match self.retry_after {
                Some(wait) => return Some(format!("try again in {} s", wait.as_secs().max(1))),
                None => "try again in a minute",
            },
            _ if self.exit() == Exit::Unavailable => "try again in a minute",
            _ => return None,
        };
        Some(words.to_owned())
    }

    /// What the service said, or what its status stands for where it said nothing.
    fn words(&self) -> &str {
        let said = self.upstream.as_ref().map_or(&self.message, |upstream| &upstream.message);
        match self.status {
            _ if !said.is_empty() => said,
            401 => "the API key was refused",
            402 => "payment is required",
            403 => "not allowed",
            404 => "there is no such thing",
            429 => "too many requests",
            503 => "the service is unavailable",
            _ => "no reason given",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let did = match self.exit() {
            Exit::Unavailable | Exit::Unknown if self.status >= 500 => "failed on",
            _ => "refused",
        };
        write!(f, "server {did} {}: {} (HTTP {}", self.asked, self.words(), self.status)?;
        match (&self.upstream, &self.code) {
            (Some(upstream), _) => write!(f, ", Telnyx {})", upstream.status),
            (None, Some(code)) if *code != self.message => write!(f, ", {code})"),
            _ => f.write_str(")"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { base, why } => write!(f, "cannot reach `{base}`: {why}"),
            Self::Lost { asked, why } => write!(f, "no whole answer to {asked}: {why}"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Redirected { asked, status, to, .. } => {
                write!(
                    f,
                    "server redirects {asked} to `{to}`, which is not followed (HTTP {status})"
                )
            }
            Self::NotAsPromised { asked, status, what } => {
                write!(f, "server answered {asked} {what} (HTTP {status})")
            }
        }
    }
}

impl std::error::Error for Error {}
