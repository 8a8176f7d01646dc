//! Requests to one gateway: the token, read again after a 401, the address, read again when it cannot be reached, and the wait for a gateway that shuts down or restarts.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::answer::{self, TurnInterface};
use super::session_key::SessionKey;
use super::{GatewayEndpoint, TurnOutcome};
use crate::http::{HttpClient, HttpRequest, Method, Response, SendError};
use crate::text::secret::Secret;

/// The shortest wait between attempts at a gateway that answers 503 or restarts.
const MIN_WAIT: Duration = Duration::from_millis(500);

/// How long a turn waits for a gateway that drains or restarts. Draining alone can take 315 s; but the caller is told
/// meanwhile that the turn is running, and a turn that begins minutes later would be carried out after they have hung up.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Sends requests to one gateway.
#[derive(Debug)]
pub(super) struct Transport {
    pub(super) endpoint: GatewayEndpoint,
    http: HttpClient,
    token: Mutex<Option<Secret>>,
    /// Where it is by now.
    base: Mutex<String>,
}

impl Transport {
    pub(super) fn new(endpoint: GatewayEndpoint) -> Self {
        let (token, base) = (Mutex::new(endpoint.token.clone()), Mutex::new(endpoint.base.clone()));
        let http = HttpClient::for_gateway(endpoint.certificates.clone());
        Self { endpoint, http, token, base }
    }

    /// Where the gateway is by now.
    pub(super) fn base(&self) -> String {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a GET, which starts no turn.
    pub(super) fn get(&self, path: &str, within: Duration) -> Result<Response, SendError> {
        self.send(Method::Get, path, &[], None, within)
    }

    /// Calls a tool that starts no turn, with one attempt.
    pub(super) fn invoke(
        &self,
        body: &impl Serialize,
        within: Duration,
    ) -> Result<Response, SendError> {
        self.send(Method::Post, "/tools/invoke", &[], Some(&json(body)), within)
    }

    /// Sends a request that starts a turn. There is another attempt only after a response that comes before any turn: once
    /// after 401, if the token has changed where it comes from; after 503 with `Retry-After`, and while the gateway
    /// restarts or starts, for [`MAX_WAIT`] from the first attempt and not beyond the deadline.
    pub(super) fn start_turn(
        &self,
        interface: TurnInterface,
        headers: &[(&str, &str)],
        body: &impl Serialize,
        deadline: Instant,
    ) -> TurnOutcome {
        let body = json(body);
        let begin_by = deadline.min(Instant::now() + MAX_WAIT);
        let mut token_was_renewed = false;
        let mut is_restarting = false;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let sent = self.send(Method::Post, interface.path(), headers, Some(&body), left);
            let (outcome, wait) = match sent {
                Ok(response) => {
                    let (status, retry_after) = (response.status(), response.retry_after());
                    let outcome =
                        answer::parse_answer(interface, status, retry_after, response.body());
                    let is_bad_token = outcome == TurnOutcome::BadToken;
                    if is_bad_token && !token_was_renewed && self.renew_token() {
                        token_was_renewed = true;
                        continue;
                    }
                    let wait = match &outcome {
                        TurnOutcome::Busy { retry_after } if status != 429 => *retry_after,
                        _ => None,
                    };
                    is_restarting |= wait.is_some();
                    (outcome, wait)
                }
                Err(SendError::ResponseLost(cause)) => {
                    return TurnOutcome::Unconfirmed { why: cause.to_string() };
                }
                Err(SendError::NotSent(cause)) => {
                    let wait = is_restarting.then_some(MIN_WAIT);
                    (TurnOutcome::unreachable(&cause), wait)
                }
            };
            let left = begin_by.saturating_duration_since(Instant::now());
            match wait.map(|wait| wait.max(MIN_WAIT)) {
                Some(wait) if wait < left => thread::sleep(wait),
                _ => return outcome,
            }
        }
    }

    /// Sends a request, and once more to where the gateway has moved if it cannot be reached.
    fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        within: Duration,
    ) -> Result<Response, SendError> {
        let deadline = Instant::now() + within;
        match self.send_once(method, path, headers, body, within) {
            Err(SendError::NotSent(_)) if self.has_moved() => {
                self.renew_token();
                let left = deadline.saturating_duration_since(Instant::now());
                self.send_once(method, path, headers, body, left)
            }
            sent => sent,
        }
    }

    fn send_once(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        within: Duration,
    ) -> Result<Response, SendError> {
        let authorization = self.token().map(|token| format!("Bearer {}", token.expose()));
        let mut all = headers.to_vec();
        all.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let url = format!("{}{path}", self.base());
        self.http.send(&HttpRequest { method, url: &url, headers: &all, body }, within)
    }

    pub(super) fn token(&self) -> Option<Secret> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the address again; whether it has changed.
    fn has_moved(&self) -> bool {
        let Some(found) = self.endpoint.address_source.as_ref().and_then(|source| source()) else {
            return false;
        };
        let mut base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        let has_moved = *base != found;
        *base = found;
        has_moved
    }

    /// Reads the token again; whether it has changed.
    pub(super) fn renew_token(&self) -> bool {
        let Some(token) = self.endpoint.token_source.as_ref().and_then(|source| source()) else {
            return false;
        };
        let mut current = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let token = Some(token);
        let has_changed = *current != token;
        *current = token;
        has_changed
    }
}

/// The body of `/tools/invoke`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InvokeBody<'a, A> {
    tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_key: Option<&'a str>,
    args: A,
}

/// A call of the tool `name`, in the name of the session `caller` if there is one.
pub(super) fn invoke_body<'a, A>(
    name: &'static str,
    caller: Option<&'a SessionKey>,
    args: A,
) -> InvokeBody<'a, A> {
    InvokeBody { tool: name, session_key: caller.map(SessionKey::as_str), args }
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts, numbers and lists of them are JSON")
}
