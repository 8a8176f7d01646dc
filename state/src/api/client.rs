//! The client of the service: four verbs, JSON in and out, one deadline over all tries.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::retry::{self, Next};
use super::{Answer, Error, Path, Refusal, Request, Service};
use crate::clock::Clock;
use crate::http::{self, Agent, Failure, Method, Proxied, Reply, waits};
use crate::{config, json, out};

/// The wait after a first failure, at most.
const BASE: Duration = Duration::from_millis(400);
/// The longest wait that is our own choice.
const CAP: Duration = Duration::from_secs(5);
/// A wait from here on is told on stderr.
const TOLD: Duration = Duration::from_secs(2);

/// What a look may take that has no time left: a service that answers does so sooner.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// The header by which Telnyx, and perhaps the service, tells a repeated request from a new one.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Two clocks that are no further apart show the same time: `Date` has whole seconds, and an answer takes a while.
const SAME_TIME: SignedDuration = SignedDuration::from_mins(1);

/// Talks to the service. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    service: Service,
    deadline: Duration,
    clock: Clock,
    /// How many milliseconds the service's clock is ahead of ours, by its last answer. Clones share it.
    ahead: Arc<AtomicI64>,
    waits: Waits,
    is_silent: bool,
}

/// How it waits; tests wait otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub(super) sleep: fn(Duration),
    pub(super) random: fn() -> f64,
}

impl Client {
    /// A client whose every request, with all its tries and waits, takes at most `deadline`.
    pub fn new(service: &Service, deadline: Duration) -> Self {
        Self {
            agent: Agent::new(Proxied::ByEnvironment),
            service: service.clone(),
            deadline,
            clock: Clock::for_service(service.is_on_loopback()),
            ahead: Arc::default(),
            waits: Waits { sleep: std::thread::sleep, random: waits::random },
            is_silent: false,
        }
    }

    /// The same, without a word on stderr about waits: for programs that keep a log of their own.
    #[must_use]
    pub fn silent(self) -> Self {
        Self { is_silent: true, ..self }
    }

    /// The same with another deadline per request.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same for a look by one who waits for something and has so much time left: a silent service draws the wait
    /// out by 5 s at the most, not by a whole `--deadline`.
    #[must_use]
    pub fn for_a_look(&self, left: Duration) -> Self {
        self.clone().with_deadline(self.deadline.min(left.max(LAST_LOOK)))
    }

    #[cfg(test)]
    pub(super) fn with_waits(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }

    /// The service it talks to.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The time by the service's clock, for what happens there; by ours, as long as no answer told that it is another.
    pub fn service_time(&self) -> Timestamp {
        let now = self.clock.now();
        let ahead = SignedDuration::from_millis(self.ahead.load(Ordering::Relaxed));
        if ahead.abs() < SAME_TIME { now } else { now.saturating_add(ahead).unwrap_or(now) }
    }

    /// `GET path?query`.
    pub fn get(&self, path: impl Into<Path>, query: &[(&str, &str)]) -> Result<Answer, Error> {
        let request = Request::new(Method::Get, path);
        self.send(&query.iter().fold(request, |request, (name, value)| request.query(name, value)))
    }

    /// `POST path` with a JSON body.
    pub fn post(&self, path: impl Into<Path>, body: Value) -> Result<Answer, Error> {
        self.send(&Request::new(Method::Post, path).body(body))
    }

    /// The same with an idempotency key, 1 to 255 of `A-Za-z0-9_-`, that is kept for a later try. A POST without one gets
    /// a key of its own, the same at each try of this call.
    pub fn post_with_key(
        &self,
        path: impl Into<Path>,
        body: Value,
        key: &str,
    ) -> Result<Answer, Error> {
        self.send(&Request::new(Method::Post, path).body(body).header(IDEMPOTENCY_KEY, key))
    }

    /// `PATCH path` with a JSON body.
    pub fn patch(&self, path: impl Into<Path>, body: Value) -> Result<Answer, Error> {
        self.send(&Request::new(Method::Patch, path).body(body))
    }

    /// `DELETE path`. That it is gone after a repeated try is success.
    pub fn delete(&self, path: impl Into<Path>) -> Result<Answer, Error> {
        self.send(&Request::new(Method::Delete, path))
    }

    /// Sends a request, again where that cannot do a thing twice (see [`Error`] for what may come of it).
    pub fn send(&self, request: &Request) -> Result<Answer, Error> {
        let request = &keyed(request);
        let start = Instant::now();
        let mut may_be_done = false;
        let mut attempt = 0;
        loop {
            let error = match self.once(request, self.deadline.saturating_sub(start.elapsed())) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if may_be_done && request.method() == Method::Delete && error.status() == Some(404) {
                let json = Value::Null;
                return Ok(Answer { asked: request.asked(), status: 204, json, date: None });
            }
            let wait = match retry::next(&error, request.method()) {
                _ if attempt + 1 >= retry::TRIES => return Err(error),
                Next::GiveUp => return Err(error),
                Next::Soon => waits::backoff(attempt, BASE, CAP, (self.waits.random)()),
                Next::After(wait) => wait,
            };
            let wait = self.clock.period(wait);
            if wait >= self.deadline.saturating_sub(start.elapsed()) {
                return Err(error);
            }
            may_be_done |= retry::may_be_done(&error);
            if wait >= TOLD && !self.is_silent {
                out::progress(&format!("waiting {} s: {error}", wait.as_secs()));
            }
            (self.waits.sleep)(wait);
            attempt += 1;
        }
    }

    fn once(&self, request: &Request, within: Duration) -> Result<Answer, Error> {
        let authorization = format!("Bearer {}", self.service.key().expose());
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(request.headers().iter().map(|(name, value)| (*name, value.as_str())));
        let body = request.bytes();
        let sent = self.agent.send(
            &http::Request {
                method: request.method(),
                url: &request.url(self.service.base()),
                headers: &headers,
                body: body.as_deref(),
            },
            within,
        );
        match sent {
            Ok(reply) => self.judged(request, &reply),
            Err(Failure::Lost(why)) => Err(Error::Lost { asked: request.asked(), why }),
            Err(Failure::NeverLeft(why)) => {
                Err(Error::Unreachable { base: config::shown(self.service.base()), why })
            }
        }
    }

    fn judged(&self, request: &Request, reply: &Reply) -> Result<Answer, Error> {
        let asked = request.asked();
        match reply.status() {
            status @ 200..=299 => {
                let date = reply.date();
                if let Some(date) = date {
                    let ahead = date.duration_since(self.clock.now()).as_millis();
                    self.ahead.store(i64::try_from(ahead).unwrap_or_default(), Ordering::Relaxed);
                }
                if reply.body().iter().all(u8::is_ascii_whitespace) {
                    return Ok(Answer { asked, status, json: Value::Null, date });
                }
                if let Ok(json) = json::parse(reply.body()) {
                    return Ok(Answer { asked, status, json, date });
                }
                let what = super::refusal::unreadable(reply.body());
                Err(Error::NotAsPromised { asked, status, what })
            }
            status @ 300..=399 => {
                let to = reply.header("location").unwrap_or("nowhere");
                let is_elsewhere = is_elsewhere(&request.url(self.service.base()), to);
                let to = crate::words::line(&config::shown(to));
                Err(Error::Redirected { asked, status, to, is_elsewhere })
            }
            _ => Err(Error::Refused(Box::new(Refusal::read(asked, reply)))),
        }
    }
}

/// A POST with an idempotency key: to a service that heeds it, all tries are one request.
fn keyed(request: &Request) -> Cow<'_, Request> {
    let has_key = request.headers().iter().any(|(name, _)| *name == IDEMPOTENCY_KEY);
    if request.method() != Method::Post || has_key {
        return Cow::Borrowed(request);
    }
    // Without a source of randomness it goes out as it is.
    getrandom::u64().map_or(Cow::Borrowed(request), |random| {
        Cow::Owned(request.clone().header(IDEMPOTENCY_KEY, format!("{random:016x}")))
    })
}

/// Whether `to` is the path of `url` at another scheme or host: `https` instead of `http`, `www.` before the name.
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
