//! The record of everything that a simulated server received, and the waiting for more of it without a sleep.

use crate::wire::http::ServerRequest;
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One HTTP request as it was received.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// When it had been read.
    pub at: Instant,
    /// In capitals.
    pub method: String,
    /// Percent signs resolved, without the query.
    pub path: String,
    /// As on the wire.
    pub raw_path: String,
    /// Decoded, in order.
    pub pairs: Vec<(String, String)>,
    /// `Authorization`, whole.
    pub auth: Option<String>,
    /// All headers, names as sent.
    pub headers: Vec<(String, String)>,
    /// The JSON body; null where there was none, a text where it was no JSON.
    pub body: Value,
    /// Whether a front said in place of the server that it did not pass it on.
    pub refused: bool,
}

impl RecordedRequest {
    pub(crate) fn new(request: &ServerRequest) -> Self {
        let text = || Value::String(String::from_utf8_lossy(&request.body).into_owned());
        let empty = request.body.is_empty();
        Self {
            at: Instant::now(),
            method: request.method.clone(),
            path: request.path(),
            raw_path: request.raw_path.clone(),
            pairs: request.pairs(),
            auth: request.header("authorization").map(str::to_owned),
            headers: request.headers.clone(),
            body: if empty { Value::Null } else { request.json().unwrap_or_else(|_| text()) },
            refused: false,
        }
    }

    /// A header's value; names are compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of that name in the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is that method, and a path that fits the pattern (`:x` = one segment, `*` at the end = the rest).
    pub fn is(&self, method: &str, pattern: &str) -> bool {
        fits(method, &self.method) && matches(pattern, &self.path).is_some()
    }
}

/// `*` fits every method.
pub(crate) fn fits(wanted: &str, method: &str) -> bool {
    wanted == "*" || wanted == method
}

/// The segments that stand for `:x` in the pattern; `None` where the path is another.
pub(crate) fn matches(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut segments = path.trim_start_matches('/').split('/');
    for wanted in pattern.trim_start_matches('/').split('/') {
        if wanted == "*" {
            return Some(found);
        }
        let segment = segments.next()?;
        if wanted.starts_with(':') && !segment.is_empty() {
            found.push(segment.to_owned());
        } else if wanted != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(found)
}

/// One JSON frame that a client sent on the socket.
#[derive(Clone, Debug)]
pub struct RecordedFrame {
    /// When it had been read.
    pub at: Instant,
    /// The connection it came on, counted from 1.
    pub connection: usize,
    /// The frame; a text where it was no JSON.
    pub json: Value,
}

impl RecordedFrame {
    /// The frame's `type`, or nothing.
    pub fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap_or("")
    }
}

/// One connection to `/ws`, from the request to its end.
#[derive(Clone, Debug)]
pub struct RecordedConnection {
    /// When the upgrade was requested.
    pub at: Instant,
    /// 101, or what the upgrade was refused with.
    pub status: u16,
    /// Whether `auth_ok` was sent.
    pub authenticated: bool,
    /// Pings that came in.
    pub pings: usize,
    /// When the last one of them was answered.
    pub ponged: Option<Instant>,
    /// `None` while it lives; then the close code the client sent or answered, 1006 where the stream just ended.
    pub closed: Option<u16>,
}

impl RecordedConnection {
    pub(crate) fn new(status: u16) -> Self {
        let at = Instant::now();
        Self { at, status, authenticated: false, pings: 0, ponged: None, closed: None }
    }

    /// Counts a ping that came in just now, and notes when it was answered, if it was.
    pub(crate) fn add_ping(&mut self, is_answered: bool) {
        self.pings += 1;
        self.ponged = is_answered.then(Instant::now).or(self.ponged);
    }
}

/// Everything that a simulated service received; entries are only ever added.
#[derive(Clone, Debug, Default)]
pub struct ServiceLog {
    /// HTTP requests, upgrades excepted.
    pub requests: Vec<RecordedRequest>,
    /// JSON frames from the socket.
    pub frames: Vec<RecordedFrame>,
    /// Connections to `/ws`, refused ones too.
    pub connections: Vec<RecordedConnection>,
}

impl ServiceLog {
    /// The requests of that method and pattern (see [`RecordedRequest::is`]).
    pub fn to(&self, method: &str, pattern: &str) -> Vec<&RecordedRequest> {
        self.requests.iter().filter(|seen| seen.is(method, pattern)).collect()
    }

    /// The frames of that `type`.
    pub fn frames_of(&self, kind: &str) -> Vec<&Value> {
        self.frames.iter().filter(|frame| frame.kind() == kind).map(|frame| &frame.json).collect()
    }

    /// The connections that got their `auth_ok`.
    pub fn authenticated(&self) -> usize {
        self.connections.iter().filter(|connection| connection.authenticated).count()
    }

    /// The record in lines, for the message of a failed test.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for seen in &self.requests {
            let _ =
                writeln!(text, "  {} {} {:?} {}", seen.method, seen.path, seen.pairs, seen.body);
        }
        for (n, connection) in self.connections.iter().enumerate() {
            let _ = writeln!(text, "  socket {}: {connection:?}", n + 1);
        }
        for frame in &self.frames {
            let _ = writeln!(text, "  socket {} sent {}", frame.connection, frame.json);
        }
        text
    }
}

/// A log that threads add to and tests wait on.
#[derive(Default)]
pub(crate) struct Recorder<L> {
    log: Mutex<L>,
    grown: Condvar,
}

impl<L> Recorder<L> {
    pub(crate) fn log(&self) -> MutexGuard<'_, L> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add<T>(&self, change: impl FnOnce(&mut L) -> T) -> T {
        let made = change(&mut self.log());
        self.grown.notify_all();
        made
    }

    /// What `pick` finds in the record, now or within `limit`.
    pub(crate) fn wait<T>(
        &self,
        limit: Duration,
        mut pick: impl FnMut(&L) -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + limit;
        let mut log = self.log();
        loop {
            if let Some(found) = pick(&log) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            log = self.grown.wait_timeout(log, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(pattern: &str, path: &str, expected: Option<&[&str]>) {
        let found = matches(pattern, path);
        assert_eq!(
            found.as_ref().map(|v| v.iter().map(String::as_str).collect()),
            expected.map(<[_]>::to_vec)
        );
    }

    #[test]
    fn a_pattern_names_segments_and_may_leave_the_rest_open() {
        case("/v1/calls/:id", "/v1/calls/c1", Some(&["c1"]));
        case("/v1/calls/:id", "/v1/calls", None);
        case("/v1/calls/:id", "/v1/calls/", None);
        case("/v1/calls/:id", "/v1/calls/c1/end", None);
        case("/v1/*", "/v1/calls/c1/end", Some(&[]));
        case("*", "/", Some(&[]));
    }
}
