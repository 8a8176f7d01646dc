//! The client of the service: four methods, JSON in and out, one deadline for all attempts of a request.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::retry::{self, RetryDecision};
use super::{Error, JsonResponse, Refusal, Request, Service, UrlPath};
use crate::config::Config;
use crate::exit::Exit;
use crate::http::{HttpClient, HttpRequest, Method, NetError, Response, SendError, backoff};
use crate::process::clock::Clock;
use crate::process::out;
use crate::text::{sanitize, url};

/// The longest wait after the first failure.
const BACKOFF_BASE: Duration = Duration::from_millis(400);
/// The longest wait that the server did not ask for.
const BACKOFF_CAP: Duration = Duration::from_secs(5);
/// A wait from this length on is shown as progress.
const SHOWN_WAIT: Duration = Duration::from_secs(2);

/// The least time that a poll gets, however little is left of the wait that it is part of.
const MIN_POLL: Duration = Duration::from_secs(5);

/// The header by which Telnyx, and perhaps the service, recognises a request that is sent again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Clocks that differ by less count as equal: `Date` has whole seconds, and a response takes a while.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(1);

/// Talks to the service. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: HttpClient,
    service: Service,
    deadline: Duration,
    clock: Clock,
    /// How many milliseconds the service's clock is ahead of ours, by its last response. Clones share it.
    clock_offset_ms: Arc<AtomicI64>,
    pacing: Pacing,
    is_quiet: bool,
}

/// How the client waits, which tests replace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pacing {
    pub(super) sleep: fn(Duration),
    pub(super) random: fn() -> f64,
}

impl Client {
    /// A client whose every request, with all its attempts and waits, takes at most `deadline`.
    pub fn new(service: &Service, deadline: Duration) -> Self {
        Self {
            http: HttpClient::for_service(),
            service: service.clone(),
            deadline,
            clock: Clock::for_service(service.is_on_loopback()),
            clock_offset_ms: Arc::default(),
            pacing: Pacing { sleep: std::thread::sleep, random: backoff::random },
            is_quiet: false,
        }
    }

    /// A client of the configured service; see [`new`](Self::new) for `deadline`.
    ///
    /// Fails as [`Service::from_config`] does.
    pub fn from_config(config: &Config, deadline: Duration) -> anyhow::Result<Self> {
        Ok(Self::new(&Service::from_config(config)?, deadline))
    }

    /// The same, without progress on stderr: for programs that have a log of their own.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    /// The same with another deadline per request.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same for one poll within a wait of which `left` is left: a service that does not answer prolongs the wait by
    /// 5 s at the most, and not by a whole `--deadline`.
    #[must_use]
    pub fn for_poll(&self, left: Duration) -> Self {
        self.clone().with_deadline(self.deadline.min(left.max(MIN_POLL)))
    }

    #[cfg(test)]
    pub(super) fn with_pacing(self, pacing: Pacing) -> Self {
        Self { pacing, ..self }
    }

    /// The service it talks to.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The time by the service's clock, to be compared with times that the service gives: our own, corrected by the `Date` of
    /// its last response if that was a minute or more off.
    pub fn service_time(&self) -> Timestamp {
        let now = self.clock.now();
        let offset = SignedDuration::from_millis(self.clock_offset_ms.load(Ordering::Relaxed));
        let is_equal = offset.abs() < CLOCK_TOLERANCE;
        if is_equal { now } else { now.saturating_add(offset).unwrap_or(now) }
    }

    /// `GET path?query`.
    pub fn get(
        &self,
        path: impl Into<UrlPath>,
        query: &[(&str, &str)],
    ) -> Result<JsonResponse, Error> {
        let request = Request::new(Method::Get, path);
        self.send(&query.iter().fold(request, |request, (name, value)| request.query(name, value)))
    }

    /// `POST path` with a JSON body.
    pub fn post(&self, path: impl Into<UrlPath>, body: Value) -> Result<JsonResponse, Error> {
        self.send(&Request::new(Method::Post, path).body(body))
    }

    /// `POST path` with an idempotency key (1 to 255 of `A-Za-z0-9_-`) that the caller has stored, so that the request can be
    /// sent again later. Other POSTs get a key of their own, the same for all attempts of one request.
    pub fn post_with_key(
        &self,
        path: impl Into<UrlPath>,
        body: Value,
        key: &str,
    ) -> Result<JsonResponse, Error> {
        self.send(&Request::new(Method::Post, path).body(body).header(IDEMPOTENCY_KEY, key))
    }

    /// `PATCH path` with a JSON body.
    pub fn patch(&self, path: impl Into<UrlPath>, body: Value) -> Result<JsonResponse, Error> {
        self.send(&Request::new(Method::Patch, path).body(body))
    }

    /// `DELETE path`. A 404 to a second attempt is success, if the first may have had its effect.
    pub fn delete(&self, path: impl Into<UrlPath>) -> Result<JsonResponse, Error> {
        self.send(&Request::new(Method::Delete, path))
    }

    /// Sends a request, and sends it again where that cannot do a thing twice. See [`Error`] for how it may fail.
    pub fn send(&self, request: &Request) -> Result<JsonResponse, Error> {
        let request = &with_key(request);
        let start = Instant::now();
        let mut may_have_had_effect = false;
        let mut attempt = 0;
        loop {
            let left = self.deadline.saturating_sub(start.elapsed());
            let error = match self.send_once(request, left) {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let is_gone = request.method() == Method::Delete && error.status() == Some(404);
            if may_have_had_effect && is_gone {
                return Ok(JsonResponse::gone(request.line()));
            }
            let ended = |error| Err(in_doubt(error, may_have_had_effect, request));
            let wait = match retry::decide(&error, request.method()) {
                _ if attempt + 1 >= retry::MAX_ATTEMPTS => return ended(error),
                RetryDecision::GiveUp => return ended(error),
                RetryDecision::Backoff => {
                    backoff::delay(attempt, BACKOFF_BASE, BACKOFF_CAP, (self.pacing.random)())
                }
                RetryDecision::After(wait) => wait,
            };
            let wait = self.clock.scale_period(wait);
            if wait >= self.deadline.saturating_sub(start.elapsed()) {
                return ended(error);
            }
            may_have_had_effect |= retry::may_have_had_effect(&error);
            if wait >= SHOWN_WAIT && !self.is_quiet {
                out::progress(&format!("waiting {} s: {error}", wait.as_secs()));
            }
            (self.pacing.sleep)(wait);
            attempt += 1;
        }
    }

    fn send_once(&self, request: &Request, within: Duration) -> Result<JsonResponse, Error> {
        let authorization = format!("Bearer {}", self.service.key().expose());
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(request.headers().iter().map(|(name, value)| (*name, value.as_str())));
        let body = request.bytes();
        let sent = self.http.send(
            &HttpRequest {
                method: request.method(),
                url: &request.url(self.service.base()),
                headers: &headers,
                body: body.as_deref(),
            },
            within,
        );
        match sent {
            Ok(response) => self.interpret(request, response),
            Err(SendError::ResponseLost(cause)) => {
                Err(Error::ResponseLost { request: request.line(), cause })
            }
            Err(SendError::NotSent(cause)) => {
                Err(Error::Unreachable { base: url::redact(self.service.base()), cause })
            }
        }
    }

    /// What a response means, by its status and body.
    fn interpret(&self, request: &Request, response: Response) -> Result<JsonResponse, Error> {
        let line = request.line();
        match response.status() {
            status @ 200..=299 => {
                let date = response.date();
                if let Some(date) = date {
                    let offset = date.duration_since(self.clock.now()).as_millis();
                    let offset = i64::try_from(offset).unwrap_or_default();
                    self.clock_offset_ms.store(offset, Ordering::Relaxed);
                }
                let has_excess = response.has_excess();
                let read = JsonResponse::read(line, status, response.into_body());
                read.map(|read| read.with_head(date, has_excess))
            }
            status @ 300..=399 => {
                let to = response.header("location").unwrap_or("nowhere");
                let is_elsewhere = is_elsewhere(&request.url(self.service.base()), to);
                let to = sanitize::line(&url::redact(to));
                Err(Error::Redirected { request: line, status, to, is_elsewhere })
            }
            _ => Err(Error::Refused(Box::new(Refusal::read(line, &response)))),
        }
    }
}

/// The error of the last attempt, as the error of all: that it did nothing says nothing of one before it that may have had
/// its effect.
fn in_doubt(error: Error, may_have_had_effect: bool, request: &Request) -> Error {
    if !may_have_had_effect || request.method() == Method::Get || error.exit() != Exit::Unavailable
    {
        return error;
    }
    let cause = NetError::transient(format!("an attempt had no certain answer, and then: {error}"));
    Error::ResponseLost { request: request.line(), cause }
}

/// The request, a POST with an idempotency key: to a service that obeys it all attempts are one request.
fn with_key(request: &Request) -> Cow<'_, Request> {
    let has_key = request.headers().iter().any(|(name, _)| *name == IDEMPOTENCY_KEY);
    if request.method() != Method::Post || has_key {
        return Cow::Borrowed(request);
    }
    // If the system has no randomness it is sent without a key.
    getrandom::u64().map_or(Cow::Borrowed(request), |random| {
        Cow::Owned(request.clone().header(IDEMPOTENCY_KEY, format!("{random:016x}")))
    })
}

/// Whether `to` has the path of `url` and another scheme or host, such as `https` for `http`, or `www.` before the name.
fn is_elsewhere(url: &str, to: &str) -> bool {
    let parts = |url: &str| {
        let (scheme, rest) = url.split_once("://")?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = rest.split_once('/')?;
        Some((format!("{scheme}://{host}").to_ascii_lowercase(), path.to_owned()))
    };
    match (parts(url), parts(to)) {
        (Some((here, path)), Some((there, same))) => {
            there.starts_with("http") && here != there && path == same
        }
        _ => false,
    }
}
