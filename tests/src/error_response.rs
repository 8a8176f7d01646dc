//! Error responses as proxies and failing services give them: any status with any kind of body, before the effect or after
//! it; and what each of them proves about a POST.

use crate::rng::Rng;
use crate::service::refusal;
use crate::wire::http::{Delivery, ServerResponse};
use serde_json::json;

/// The form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// The service's own error.
    Own,
    /// JSON of a proxy, for clients that accept JSON.
    OtherJson,
    /// A proxy's page.
    Html,
    /// No body at all.
    Empty,
    /// The head, half of the service's own error, and then the connection ends.
    Cut,
}

impl BodyKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Own, Self::OtherJson, Self::Html, Self::Empty, Self::Cut];
}

/// One error response in place of the service's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The HTTP status, from 100 to 599.
    pub status: u16,
    /// Its body.
    pub body: BodyKind,
    /// `Retry-After` in seconds, if it has one.
    pub retry_after: Option<u64>,
    /// Whether the request was carried out all the same.
    pub carried_out: bool,
}

/// What a response proves about the POST that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It was refused.
    Refused,
    /// The key was refused.
    KeyRefused,
    /// Nothing was done for now.
    Later,
    /// Nothing: it may have been carried out.
    None,
}

impl ErrorResponse {
    /// This status with this body, and nothing is carried out.
    pub fn new(status: u16, body: BodyKind) -> Self {
        Self { status, body, retry_after: None, carried_out: false }
    }

    /// What a front may say at random: any status that is not the service's own, any body. Where that proves nothing, the
    /// request may have been carried out.
    pub fn foreign(rng: &mut Rng) -> Self {
        const STATUSES: [u16; 28] = [
            200, 202, 204, 301, 302, 307, 308, 400, 403, 404, 408, 413, 425, 429, 499, 500, 502,
            503, 504, 520, 521, 522, 523, 524, 525, 526, 530, 599,
        ];
        let bodies = [BodyKind::OtherJson, BodyKind::Html, BodyKind::Empty, BodyKind::Cut];
        let mut response = Self::new(STATUSES[rng.index(STATUSES.len())], bodies[rng.index(4)]);
        response.retry_after = (response.status == 429).then_some(3600);
        response.carried_out = response.proof() == Proof::None && rng.chance(50);
        response
    }

    /// Each kind of body with the statuses between which the rules differ, and their neighbours.
    pub fn samples() -> Vec<Self> {
        const STATUSES: [u16; 22] = [
            202, 204, 302, 400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 451, 499, 500, 502,
            503, 504, 520, 524, 599,
        ];
        let every =
            STATUSES.iter().flat_map(|status| BodyKind::ALL.map(|body| Self::new(*status, body)));
        let mut every: Vec<Self> = every.collect();
        for response in &mut every {
            // So that nobody waits for it.
            response.retry_after = (response.status == 429).then_some(3600);
        }
        every.push(Self { retry_after: Some(3600), ..Self::new(503, BodyKind::Own) });
        every.push(Self { retry_after: Some(3600), ..Self::new(503, BodyKind::Html) });
        every
    }

    /// What it proves: the rule written a second time, for tests to compare the programs' own with.
    pub fn proof(self) -> Proof {
        let is_own = self.body == BodyKind::Own;
        match self.status {
            401 => Proof::KeyRefused,
            429 => Proof::Later,
            400 | 402..=405 | 410 | 411 | 413..=417 | 421 | 426 | 428 | 431 | 451 => Proof::Refused,
            409 | 422 if is_own => Proof::Refused,
            503 if is_own && self.retry_after.is_some() => Proof::Later,
            _ => Proof::None,
        }
    }

    /// The exit code of a command whose POST gets this response.
    pub fn exit(self) -> i32 {
        match self.proof() {
            Proof::Refused => 1,
            Proof::KeyRefused => 3,
            Proof::Later => 4,
            Proof::None => 8,
        }
    }

    pub(crate) fn delivery(self) -> Delivery {
        let status = self.status;
        let response = match self.body {
            BodyKind::Own | BodyKind::Cut => {
                refusal(status, "not_today", "the service cannot do it")
            }
            BodyKind::OtherJson => ServerResponse::json(
                status,
                &json!({"title": format!("Error {status}"), "status": status, "retryable": true}),
            ),
            BodyKind::Html => ServerResponse::html(status),
            BodyKind::Empty => ServerResponse { status, headers: Vec::new(), body: Vec::new() },
        };
        let response = match status {
            300..400 => response.with("Location", "/sign-in"),
            _ => response,
        };
        let response = match self.retry_after {
            Some(seconds) => response.with("Retry-After", seconds),
            None => response,
        };
        if self.body == BodyKind::Cut {
            Delivery::Torn(response)
        } else {
            Delivery::Whole(response)
        }
    }
}
