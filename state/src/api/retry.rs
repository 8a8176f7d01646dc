//! Whether a request that failed is sent again, and when: a pure decision.

use std::time::Duration;

use super::{Error, Refusal};
use crate::http::Method;

/// How often a request is sent at the most.
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryDecision {
    /// The error is final.
    GiveUp,
    /// Another attempt after a wait with full jitter.
    Backoff,
    /// Another attempt after the wait that the server asked for.
    After(Duration),
}

/// Decides. A POST is sent again only if it was not sent, or if the service says that it did nothing for now: 429, or 503
/// with `Retry-After`.
pub(super) fn decide(error: &Error, method: Method) -> RetryDecision {
    match error {
        Error::Unreachable { cause, .. } if !cause.is_permanent() => RetryDecision::Backoff,
        Error::ResponseLost { .. } if method.is_idempotent() => RetryDecision::Backoff,
        Error::Refused(refusal) => {
            let is_busy = refusal.is_temporary() || matches!(refusal.status, 429 | 503);
            match (refusal.status, refusal.retry_after) {
                (_, Some(wait)) if is_busy && is_allowed(refusal, method) => {
                    RetryDecision::After(wait)
                }
                _ if refusal.is_temporary() => RetryDecision::Backoff,
                // The request itself is wrong, and would be again.
                _ if refusal.proves_no_effect() => RetryDecision::GiveUp,
                (408 | 425 | 500..=599, _) if method.is_idempotent() => RetryDecision::Backoff,
                _ => RetryDecision::GiveUp,
            }
        }
        _ => RetryDecision::GiveUp,
    }
}

fn is_allowed(refusal: &Refusal, method: Method) -> bool {
    method.is_idempotent() || refusal.is_temporary()
}

/// Whether a failed attempt may have had its effect all the same.
pub(super) fn may_have_had_effect(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } => false,
        Error::Refused(refusal) => !refusal.proves_no_effect(),
        _ => true,
    }
}
