//! What the running client says of itself, in a file that `connect status`, the watchdog and `start` read.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::clock::Clock;
use state::moment::{Moment, Uptime};
use state::{file, secret};

use crate::report::Contact;

/// Changes are written at most this often: a busy client does not write a file per turn.
const PAUSE: Duration = Duration::from_secs(1);

/// "connected" is not claimed later than this after the last answered ping (spec 3).
const BELIEVED: SignedDuration = SignedDuration::from_secs(45);

/// Latencies are those of the last so many turns.
const REMEMBERED: usize = 256;

/// Where the client stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Dialling or waiting for the key to be accepted.
    #[default]
    Connecting,
    /// The key was accepted and pings are answered.
    Connected,
    /// Between two tries.
    Waiting,
    /// The service refused the key; it ended for that.
    Refused,
    /// Another client took over; it ended for that.
    Replaced,
    /// It ended because it was told to.
    Stopped,
}

/// The last connection that ended or did not come about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastClose {
    /// When.
    pub(crate) at: Timestamp,
    /// The close code, where the service sent one.
    pub(crate) code: Option<u16>,
    /// One plain line.
    pub(crate) reason: String,
}

/// What is known of the gateway, from the turns that were tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatewayStatus {
    /// Its address.
    pub(crate) url: String,
    /// Whether it answered last time; `null` before the first time.
    pub(crate) reachable: Option<bool>,
    /// Whether it lets us send; `null` before the first turn.
    pub(crate) sessions_send: Option<bool>,
    /// What is in the way, in one plain line.
    pub(crate) problem: Option<String>,
}

/// Half of the turns took at most `p50_ms`, ninety-nine in a hundred at most `p99_ms`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Of how many turns.
    pub(crate) turns: usize,
    /// Milliseconds.
    pub(crate) p50_ms: f64,
    /// Milliseconds.
    pub(crate) p99_ms: f64,
}

/// How much there is of what a client has under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Turns that run now.
    pub(crate) in_flight: usize,
    /// Requests that wait for a worker.
    pub(crate) queued: usize,
    /// Answers that are not delivered yet.
    pub(crate) undelivered: usize,
    /// Answers that were given up since nobody could take them in time.
    pub(crate) expired: u64,
    /// Frames that were dropped since too many waited.
    pub(crate) dropped: u64,
    /// Requests that came again and were not run again.
    pub(crate) repeated: u64,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// The format of this file.
    pub(crate) format: u32,
    /// Where the client stands.
    pub(crate) state: State,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Why, where that is not plain.
    pub(crate) reason: Option<String>,
    /// Whether it stopped because `connect stop` told it to: then nothing starts it again.
    pub(crate) by_command: bool,
    /// The process that writes this.
    pub(crate) pid: u32,
    /// Its version.
    pub(crate) version: String,
    /// The service's address.
    pub(crate) server: String,
    /// When this was written.
    pub(crate) heartbeat: Timestamp,
    /// The same by the machine's uptime, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) up: Option<Uptime>,
    /// When a ping, or the key, was last answered.
    pub(crate) last_pong: Option<Timestamp>,
    /// Connections after the first.
    pub(crate) reconnects: u64,
    /// The last connection that ended.
    pub(crate) last_close: Option<LastClose>,
    /// How much there is of everything.
    pub(crate) counts: Counts,
    /// Whether the journal can be written: if not, nothing sensitive is done.
    pub(crate) journal_writable: bool,
    /// Why opt-outs that came by text cannot be put on the do-not-call list, if that is so.
    #[serde(default)]
    pub(crate) opt_outs_unwritten: Option<String>,
    /// The gateway.
    pub(crate) gateway: GatewayStatus,
    /// From request to answer.
    pub(crate) turn_latency: Latency,
    /// Our own share of it.
    pub(crate) own_latency: Latency,
}

impl Status {
    /// Reads the file; `None` if no client ever ran here.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        file::read(path)?
            .map(|bytes| {
                serde_json::from_slice(&bytes)
                    .with_context(|| format!("reading `{}`", path.display()))
            })
            .transpose()
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        // It holds what others said: close reasons, refusals, problems of the gateway.
        let told = serde_json::to_value(self)?;
        file::show(path, &serde_json::to_vec(&*secret::clean_json(&told))?)
    }

    /// How long ago it was written, even if the clock on the wall was set since.
    pub(crate) fn silence(&self, now: Moment) -> SignedDuration {
        now.since(Moment { at: self.heartbeat, up: self.up })
    }

    /// Seconds since a ping was last answered.
    pub(crate) fn pong_age(&self, now: Timestamp) -> Option<i64> {
        self.last_pong.map(|at| now.duration_since(at).as_secs())
    }

    /// Whether it may be said that pings are answered.
    pub(crate) fn is_answered(&self, now: Timestamp) -> bool {
        // A time in the future is a clock that was set back: it proves nothing.
        self.last_pong.is_some_and(|at| {
            let age = now.duration_since(at);
            age <= BELIEVED && age >= -BELIEVED
        })
    }
}

/// The running client's copy of its status, written when something changed. Its times are the machine's own, since
/// they tell of this process and not of what it works on: a moved clock makes no client hang.
#[derive(Debug)]
pub(crate) struct Board {
    path: PathBuf,
    heartbeat: Duration,
    status: Status,
    turns: Recent,
    own: Recent,
    changed: bool,
    written: Instant,
}

impl Board {
    /// A board for a client that begins now.
    pub(crate) fn new(path: PathBuf, heartbeat: Duration, status: Status) -> Self {
        let (turns, own) = (Recent::default(), Recent::default());
        let written = Instant::now();
        Self { path, heartbeat, status, turns, own, changed: true, written }
    }

    /// Enters a state and writes that at once: others wait for it.
    pub(crate) fn enter(&mut self, state: State, reason: Option<String>) {
        if self.status.state != state {
            self.status.since = Timestamp::now();
        }
        self.status.state = state;
        self.status.reason = reason;
        self.write(Instant::now());
    }

    /// Changes something; it is written within a second.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status);
        self.changed = true;
    }

    /// A ping, or the key, was answered.
    pub(crate) fn answered(&mut self) {
        let now = Timestamp::now();
        self.change(|status| status.last_pong = Some(now));
    }

    /// A turn showed this of the gateway.
    pub(crate) fn contact(&mut self, contact: &Contact) {
        self.change(|status| {
            let gateway = &mut status.gateway;
            gateway.reachable = Some(contact.reachable);
            gateway.sessions_send = contact.sessions_send.or(gateway.sessions_send);
            gateway.problem.clone_from(&contact.problem);
        });
    }

    /// The numbers of now.
    pub(crate) fn counts(&mut self, counts: Counts) {
        if self.status.counts != counts {
            self.change(|status| status.counts = counts);
        }
    }

    /// What is known of the gateway by now.
    pub(crate) fn gateway(&self) -> &GatewayStatus {
        &self.status.gateway
    }

    /// Whether the journal can be written.
    pub(crate) fn journal(&mut self, writable: bool) {
        if self.status.journal_writable != writable {
            self.change(|status| status.journal_writable = writable);
        }
    }

    /// Why opt-outs cannot be put on the list, if that is so.
    pub(crate) fn opt_outs(&mut self, problem: Option<String>) {
        if self.status.opt_outs_unwritten != problem {
            self.change(|status| status.opt_outs_unwritten = problem);
        }
    }

    /// A connection ended.
    pub(crate) fn closed(&mut self, code: Option<u16>, reason: &str) {
        let close = LastClose { at: Timestamp::now(), code, reason: reason.to_owned() };
        self.change(|status| status.last_close = Some(close));
    }

    /// A turn took this long.
    pub(crate) fn turned(&mut self, took: Duration) {
        self.turns.add(took);
        self.changed = true;
    }

    /// This much of a turn was our own share.
    pub(crate) fn shared(&mut self, share: Duration) {
        self.own.add(share);
        self.changed = true;
    }

    /// When the file is to be written next.
    pub(crate) fn due(&self) -> Instant {
        self.written + if self.changed { PAUSE } else { self.heartbeat }
    }

    /// Writes the file if it is time.
    pub(crate) fn tick(&mut self, now: Instant) {
        if now >= self.due() {
            self.write(now);
        }
    }

    /// Writes the file, be it time or not.
    pub(crate) fn write(&mut self, now: Instant) {
        Moment { at: self.status.heartbeat, up: self.status.up } = Clock::real().moment();
        self.status.turn_latency = self.turns.latency();
        self.status.own_latency = self.own.latency();
        self.changed = false;
        self.written = now;
        // A status that cannot be written grows old, and `connect status` says so.
        let _ = self.status.write(&self.path);
    }
}

/// The last durations of something.
#[derive(Debug, Default)]
struct Recent(VecDeque<Duration>);

impl Recent {
    fn add(&mut self, took: Duration) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(took);
    }

    fn latency(&self) -> Latency {
        let mut sorted: Vec<Duration> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let at = |hundredths: usize| {
            let place = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
            sorted.get(place).map_or(0.0, |took| (took.as_secs_f64() * 1e6).round() / 1e3)
        };
        Latency { turns: sorted.len(), p50_ms: at(50), p99_ms: at(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::{BELIEVED, Latency, Recent, Status};
    use jiff::{SignedDuration, Timestamp};
    use std::time::Duration;

    #[test]
    fn a_pong_is_believed_for_45_seconds() {
        let now = Timestamp::now();
        let at = |age: SignedDuration| Status { last_pong: Some(now - age), ..Status::default() };
        assert!(at(BELIEVED).is_answered(now));
        assert!(!at(BELIEVED + SignedDuration::from_secs(1)).is_answered(now));
        assert!(!at(SignedDuration::from_hours(-1)).is_answered(now));
        assert!(!Status::default().is_answered(now));
    }

    #[test]
    fn percentiles_of_the_last_turns() {
        let mut recent = Recent::default();
        assert_eq!(recent.latency(), Latency::default());
        (1..=100).for_each(|n| recent.add(Duration::from_millis(n)));
        assert_eq!(recent.latency(), Latency { turns: 100, p50_ms: 50.0, p99_ms: 99.0 });
    }
}
