//! The running client's copy of its status, written to the file when something has changed.

use std::collections::VecDeque;
use std::mem;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use state::clock::{Clock, Moment};
use state::file::{self, FileVersion};

use super::gateway_health::GatewayHealth;
use super::{
    ClientCounts, ClientState, ClientStatus, GatewayStatus, LastClose, Latency, WaitingForGateway,
};

/// Changes are written at most this often: a busy client does not write a file per turn.
const PAUSE: Duration = Duration::from_secs(1);

/// Latencies are those of the last so many turns.
const MAX_SAMPLES: usize = 256;

/// The status of the running client. Owned by the loop thread.
#[derive(Debug)]
pub(crate) struct StatusWriter {
    path: PathBuf,
    heartbeat: Duration,
    status: ClientStatus,
    turn_latency: RecentDurations,
    is_changed: bool,
    written_at: Instant,
    /// The file as it was when it was written.
    written: Option<FileVersion>,
    /// Somebody else changed it since that was asked last.
    is_taken: bool,
}

impl StatusWriter {
    /// A writer for a client that starts now.
    pub(crate) fn new(path: PathBuf, heartbeat: Duration, status: ClientStatus) -> Self {
        Self {
            path,
            heartbeat,
            status,
            turn_latency: RecentDurations::default(),
            is_changed: true,
            written_at: Instant::now(),
            written: None,
            is_taken: false,
        }
    }

    /// Enters a state and writes that at once: others wait for it.
    pub(crate) fn enter(&mut self, state: ClientState, reason: Option<String>) {
        if self.status.state != state {
            self.status.since = Timestamp::now();
        }
        self.status.state = state;
        self.status.reason = reason;
        self.write(Instant::now());
    }

    /// Changes something; it is written within a second.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut ClientStatus)) {
        change(&mut self.status);
        self.is_changed = true;
    }

    /// A ping, or the key, was answered.
    pub(crate) fn on_pong(&mut self) {
        let now = Timestamp::now();
        self.change(|status| status.last_pong = Some(now));
    }

    /// A turn showed this of the gateway.
    pub(crate) fn set_gateway_health(&mut self, health: &GatewayHealth) {
        self.change(|status| {
            let gateway = &mut status.gateway;
            gateway.url.clone_from(&health.url);
            gateway.reachable = Some(health.reachable);
            gateway.sessions_send = health.sessions_send.or(gateway.sessions_send);
            gateway.problem.clone_from(&health.problem);
        });
    }

    /// How much the client has in hand now.
    pub(crate) fn set_counts(&mut self, counts: ClientCounts) {
        if self.status.counts != counts {
            self.change(|status| status.counts = counts);
        }
    }

    /// What waits for the gateway now.
    pub(crate) fn set_waiting(&mut self, waiting: WaitingForGateway) {
        if self.status.waiting_for_gateway != waiting {
            self.change(|status| status.waiting_for_gateway = waiting);
        }
    }

    /// What is known of the gateway by now.
    pub(crate) fn gateway(&self) -> &GatewayStatus {
        &self.status.gateway
    }

    /// Whether the journal can be written.
    pub(crate) fn set_journal_writable(&mut self, writable: bool) {
        if self.status.journal_writable != writable {
            self.change(|status| status.journal_writable = writable);
        }
    }

    /// Why opt-outs cannot be put on the list, if that is so.
    pub(crate) fn set_opt_outs_unwritten(&mut self, problem: Option<String>) {
        if self.status.opt_outs_unwritten != problem {
            self.change(|status| status.opt_outs_unwritten = problem);
        }
    }

    /// A connection ended.
    pub(crate) fn on_close(&mut self, code: Option<u16>, reason: &str) {
        let close = LastClose { at: Timestamp::now(), code, reason: reason.to_owned() };
        self.change(|status| status.last_close = Some(close));
    }

    /// A turn took this long.
    pub(crate) fn add_turn_latency(&mut self, took: Duration) {
        self.turn_latency.add(took);
        self.is_changed = true;
    }

    /// When the file is to be written next.
    pub(crate) fn due(&self) -> Instant {
        self.written_at + if self.is_changed { PAUSE } else { self.heartbeat }
    }

    /// Writes the file if it is time.
    pub(crate) fn tick(&mut self, now: Instant) {
        if now >= self.due() {
            self.write(now);
        }
    }

    /// Writes the file, be it time or not.
    pub(crate) fn write(&mut self, now: Instant) {
        Moment { at: self.status.heartbeat, uptime: self.status.up } = Clock::system().moment();
        self.status.turn_latency = self.turn_latency.latency();
        self.is_changed = false;
        self.written_at = now;
        self.is_taken |= self.is_other();
        // A status that cannot be written grows old, and `connect status` says so.
        let _ = self.status.write(&self.path);
        self.written = file::version(&self.path);
    }

    /// Writes the file anew if it is not what was written last. Gives whether somebody changed it or took it away.
    pub(crate) fn check_file(&mut self, now: Instant) -> bool {
        if self.is_other() {
            self.write(now);
        }
        mem::take(&mut self.is_taken)
    }

    /// Whether the file is another than the one that was written last.
    fn is_other(&self) -> bool {
        self.written.is_some() && file::version(&self.path) != self.written
    }

    /// What is wrong with the client's own files.
    pub(crate) fn set_file_problem(&mut self, problem: Option<String>) {
        if self.status.file_problem != problem {
            self.change(|status| status.file_problem = problem);
        }
    }

    /// Somebody took a file away, or changed it.
    pub(crate) fn set_file_taken(&mut self, what: &str) {
        let what = format!("{what} ({:.0})", Timestamp::now());
        self.change(|status| status.file_taken = Some(what));
    }
}

/// The last durations of something.
#[derive(Debug, Default)]
struct RecentDurations(VecDeque<Duration>);

impl RecentDurations {
    fn add(&mut self, took: Duration) {
        if self.0.len() >= MAX_SAMPLES {
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
    use super::{Latency, RecentDurations};
    use std::time::Duration;

    #[test]
    fn percentiles_of_the_last_turns() {
        let mut recent = RecentDurations::default();
        assert_eq!(recent.latency(), Latency::default());
        (1..=100).for_each(|n| recent.add(Duration::from_millis(n)));
        assert_eq!(recent.latency(), Latency { turns: 100, p50_ms: 50.0, p99_ms: 99.0 });
    }
}
