//! One request to the gateway: the token, read anew after a 401, and the wait that a draining gateway asks for.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::reply::{self, Asked};
use super::{Outcome, Target};
use crate::http::{Agent, Failure, Method, Proxied, Reply, Request};
use crate::secret::Secret;

/// The wait for a gateway that says 503 and gives no shorter time, and between looks at one that restarts.
const AGAIN: Duration = Duration::from_millis(500);

/// How long a turn waits to begin at a gateway that drains or restarts: draining alone can take it 315 s (facts/gateway.md
/// 4j). Whoever asked would be told meanwhile that the turn is running, and have it done when they have long hung up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The connection to one gateway.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) target: Target,
    agent: Agent,
    token: Mutex<Option<Secret>>,
}

impl Wire {
    pub(super) fn new(target: Target) -> Self {
        let token = Mutex::new(target.token.clone());
        Self { target, agent: Agent::new(Proxied::Never), token }
    }

    /// Reads an endpoint that starts nothing.
    pub(super) fn get(&self, path: &str, within: Duration) -> Result<Reply, Failure> {
        self.send(Method::Get, path, &[], None, within)
    }

    /// Sends a body once and gives the bare reply.
    pub(super) fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        within: Duration,
    ) -> Result<Reply, Failure> {
        self.send(Method::Post, path, &[], Some(&json(body)), within)
    }

    /// Has a turn: sends the body, and again only after an answer that comes before any turn. 401: once,
    /// if the token has changed where it came from. 503 with `Retry-After`, and the restart that follows
    /// it: [`PATIENCE`] from the first try, and not beyond the deadline.
    pub(super) fn ask(
        &self,
        asked: Asked,
        path: &str,
        headers: &[(&str, &str)],
        body: &impl Serialize,
        deadline: Instant,
    ) -> Outcome {
        let body = json(body);
        let begin_by = deadline.min(Instant::now() + PATIENCE);
        let mut is_renewed = false;
        let mut waits = false;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let sent = self.send(Method::Post, path, headers, Some(&body), left);
            let (outcome, wait) = match sent {
                Ok(reply) => {
                    let (status, body) = (reply.status(), reply.body());
                    let outcome = reply::read(asked, status, reply.retry_after(), body);
                    if outcome == Outcome::BadToken && !is_renewed && self.renew() {
                        is_renewed = true;
                        continue;
                    }
                    let asks = reply.retry_after().filter(|_| reply.status() == 503);
                    waits |= asks.is_some();
                    (outcome, asks)
                }
                Err(Failure::Lost(why)) => {
                    return Outcome::MayBeRunning { why: why.to_string() };
                }
                Err(Failure::NeverLeft(why)) => {
                    let again = waits.then_some(AGAIN);
                    (Outcome::Unreachable { why: why.to_string() }, again)
                }
            };
            let left = begin_by.saturating_duration_since(Instant::now());
            match wait.map(|wait| wait.max(AGAIN)) {
                Some(wait) if wait < left => thread::sleep(wait),
                _ => return outcome,
            }
        }
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        within: Duration,
    ) -> Result<Reply, Failure> {
        let authorization = self.token().map(|token| format!("Bearer {}", token.expose()));
        let mut all = headers.to_vec();
        all.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let url = format!("{}{path}", self.target.base);
        self.agent.send(&Request { method, url: &url, headers: &all, body }, within)
    }

    fn token(&self) -> Option<Secret> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the token anew; whether it is another one now.
    fn renew(&self) -> bool {
        let Some(token) = self.target.reread.as_ref().and_then(|reread| reread()) else {
            return false;
        };
        let mut held = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let token = Some(token);
        let is_another = *held != token;
        *held = token;
        is_another
    }
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts, numbers and lists of them are JSON")
}
