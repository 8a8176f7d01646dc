//! Which failed request may be sent again, and after what: a pure decision, so that it can be read and tested.

use std::time::Duration;

use super::{Error, Refusal};
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

/// Decides. A POST goes again only if it never left, or if the service says that it did nothing for now: 429, or 503 with
/// `Retry-After`.
pub(super) fn next(error: &Error, method: Method) -> Next {
    match error {
        Error::Unreachable { why, .. } if !why.is_lasting() => Next::Soon,
        Error::Lost { .. } if method.is_repeatable() => Next::Soon,
        Error::Refused(refusal) => {
            let is_busy = refusal.is_for_now() || matches!(refusal.status, 429 | 503);
            match (refusal.status, refusal.retry_after) {
                (_, Some(wait)) if is_busy && may_go_again(refusal, method) => Next::After(wait),
                _ if refusal.is_for_now() => Next::Soon,
                // A mistake that was found stays one.
                _ if refusal.is_certain() => Next::GiveUp,
                (408 | 425 | 500..=599, _) if method.is_repeatable() => Next::Soon,
                _ => Next::GiveUp,
            }
        }
        _ => Next::GiveUp,
    }
}

fn may_go_again(refusal: &Refusal, method: Method) -> bool {
    method.is_repeatable() || refusal.is_for_now()
}

/// Whether a failed try may have had its effect all the same.
pub(super) fn may_be_done(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } => false,
        Error::Refused(refusal) => !refusal.is_certain(),
        _ => true,
    }
}
