//! Answers as fronts and services in trouble give them: any status with any kind of body, before the effect or after it;
//! and what each of them proves about a POST.

use crate::service::refusal;
use crate::wire::http::{Answer, Delivery};
use serde_json::json;

/// What a body looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The service's own error.
    Own,
    /// JSON that a front answers to clients that accept JSON.
    OtherJson,
    /// A front's page.
    Html,
    /// No body at all.
    Empty,
    /// The head, half of the service's own error, and then the connection ends.
    Cut,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Own, Self::OtherJson, Self::Html, Self::Empty, Self::Cut];
}

/// One answer that is not what was hoped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The HTTP status, from 100 to 599.
    pub status: u16,
    /// Its body.
    pub shape: Shape,
    /// `Retry-After` in seconds, if it has one.
    pub retry_after: Option<u64>,
    /// Whether the request was carried out all the same.
    pub carried_out: bool,
}

/// What an answer proves about the POST that it answers.
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

impl Foreign {
    /// This status with this body, and nothing is carried out.
    pub fn new(status: u16, shape: Shape) -> Self {
        Self { status, shape, retry_after: None, carried_out: false }
    }

    /// Each kind of body with the statuses that tell rules apart, and their neighbours.
    pub fn telling() -> Vec<Self> {
        const STATUSES: [u16; 22] = [
            202, 204, 302, 400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 451, 499, 500, 502,
            503, 504, 520, 524, 599,
        ];
        let every =
            STATUSES.iter().flat_map(|status| Shape::ALL.map(|shape| Self::new(*status, shape)));
        let mut every: Vec<Self> = every.collect();
        for foreign in &mut every {
            // So that nobody waits for it.
            foreign.retry_after = (foreign.status == 429).then_some(3600);
        }
        every.push(Self { retry_after: Some(3600), ..Self::new(503, Shape::Own) });
        every.push(Self { retry_after: Some(3600), ..Self::new(503, Shape::Html) });
        every
    }

    /// What it proves: a second wording of the rule, for tests to hold the first one against.
    pub fn proof(self) -> Proof {
        let is_own = self.shape == Shape::Own;
        match self.status {
            401 => Proof::KeyRefused,
            429 => Proof::Later,
            400 | 402..=405 | 410 | 411 | 413..=417 | 421 | 426 | 428 | 431 | 451 => Proof::Refused,
            409 | 422 if is_own => Proof::Refused,
            503 if is_own && self.retry_after.is_some() => Proof::Later,
            _ => Proof::None,
        }
    }

    /// The exit code of a command whose POST is answered so.
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
        let answer = match self.shape {
            Shape::Own | Shape::Cut => refusal(status, "not_today", "the service cannot do it"),
            Shape::OtherJson => Answer::json(
                status,
                &json!({"title": format!("Error {status}"), "status": status, "retryable": true}),
            ),
            Shape::Html => Answer::html(status),
            Shape::Empty => Answer { status, headers: Vec::new(), body: Vec::new() },
        };
        let answer = match self.retry_after {
            Some(seconds) => answer.with("Retry-After", seconds),
            None => answer,
        };
        if self.shape == Shape::Cut { Delivery::Torn(answer) } else { Delivery::Whole(answer) }
    }
}
