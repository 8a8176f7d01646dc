//! Which failed request may be sent again, and after what: a pure decision, so that it can be read and tested.

use std::time::Duration;

use super::Error;
use crate::http::Method;

/// Tries in all, the first included (spec 2).
pub(super) const TRIES: u32 = 3;

/// What follows a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The error is told.
    GiveUp,
    /// Again, after a wait with full jitter.
    Soon,
    /// Again, after the wait that the server asked for.
    After(Duration),
}

/// Decides. A POST goes again only if it never left, or if the server says that it did nothing: 429, or
/// 503 with `Retry-After`.
pub(super) fn next(error: &Error, method: Method) -> Next {
    match error {
        Error::Unreachable { why, .. } if !why.is_lasting() => Next::Soon,
        Error::Lost { .. } if method.is_repeatable() => Next::Soon,
        Error::Refused(refusal) => match (refusal.status, refusal.retry_after) {
            (429 | 503, Some(wait)) => Next::After(wait),
            (429, None) => Next::Soon,
            // A mistake that Telnyx found stays one.
            (500, _) if matches!(&refusal.upstream, Some(up) if (400..500).contains(&up.status)) => {
                Next::GiveUp
            }
            (500..=599, _) if method.is_repeatable() => Next::Soon,
            _ => Next::GiveUp,
        },
        _ => Next::GiveUp,
    }
}

/// Whether a failed try may have had its effect all the same.
pub(super) fn may_be_done(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } => false,
        Error::Refused(refusal) => refusal.status >= 500 && refusal.status != 503,
        _ => true,
    }
}
