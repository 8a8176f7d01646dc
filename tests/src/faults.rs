//! The ways in which a request to a simulated server can go wrong.

use crate::error_response::{ErrorResponse, Proof};
use crate::rng::Rng;
use crate::wire::http::{Delivery, ServerResponse};
use std::time::Duration;

/// One way for a request to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// This status with the service's own JSON error; nothing is carried out.
    Status(u16),
    /// The same, with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// This status with a proxy's HTML page; nothing is carried out.
    Html(u16),
    /// The connection ends before a response; nothing is carried out.
    Cut,
    /// It is carried out, then the connection ends without a response.
    Lost,
    /// It is carried out, and the connection ends in the middle of the response's body.
    Torn,
    /// It is carried out, and the response comes after this time.
    Slow(Duration),
    /// An error response in place of the service's own.
    Response(ErrorResponse),
    /// Nothing is carried out and no response ever comes; the connection stays open.
    Hang,
}

impl RequestFault {
    /// What a front may answer at random.
    pub(crate) fn foreign(rng: &mut Rng) -> Self {
        Self::Response(ErrorResponse::foreign(rng))
    }

    /// Whether it proves to the client that nothing was carried out.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Response(response) if response.proof() != Proof::None)
    }

    /// The response that replaces the real one, for faults that come before the effect; `error` makes the server's own
    /// error of a status.
    pub(crate) fn instead(&self, error: fn(u16) -> ServerResponse) -> Option<Delivery> {
        match self {
            Self::Status(status) => Some(Delivery::Whole(error(*status))),
            Self::RetryAfter(status, seconds) => {
                Some(Delivery::Whole(error(*status).with("Retry-After", seconds)))
            }
            Self::Html(status) => Some(Delivery::Whole(ServerResponse::html(*status))),
            Self::Cut => Some(Delivery::Cut),
            Self::Response(response) => (!response.carried_out).then(|| response.delivery()),
            Self::Lost | Self::Torn | Self::Slow(_) | Self::Hang => None,
        }
    }
}
