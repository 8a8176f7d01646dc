//! The waits of a running client that follow the service clock, so that a test can make them all shorter.

use std::time::{Duration, Instant};

use state::clock::Clock;

/// How long things may take and how often they are done. Lengths of [`Instant`]; a service clock that runs faster
/// ([`Clock::scale_period`], on loopback only) shortens them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periods {
    /// One deadline for DNS, TCP, proxy, TLS and upgrade together.
    pub(crate) dial: Duration,
    /// How long `auth` may stay unanswered.
    pub(crate) auth: Duration,
    /// From one ping to the next.
    pub(crate) ping: Duration,
    /// How long a ping may stay unanswered.
    pub(crate) pong: Duration,
    /// A connection that lasted this long was a good one: the next failure counts as the first.
    pub(crate) healthy: Duration,
    /// The status file is written at least this often, so that a watchdog sees a live client.
    pub(crate) heartbeat: Duration,
    /// How often the client looks whether its own files are still there.
    pub(crate) files: Duration,
    /// When the first progress message goes to a waiting caller.
    pub(crate) first_progress: Duration,
    /// And from then on this often.
    pub(crate) next_progress: Duration,
    /// When the answer becomes "still running".
    pub(crate) still_running: Duration,
    /// How long a request waits for a free worker.
    pub(crate) queue: Duration,
    /// How long a ready answer is worth delivering.
    pub(crate) answer_lifetime: Duration,
    /// From one poll of the session history to the next, while a late reply is awaited.
    pub(crate) late_poll: Duration,
    /// How long a late reply is awaited.
    pub(crate) late_reply: Duration,
    /// How long texts with HELP are collected before the agent is notified of them.
    pub(crate) help_notice: Duration,
    /// How long turns in flight may take to end after SIGTERM.
    pub(crate) drain: Duration,
}

impl Periods {
    /// The periods, as long as this clock makes them.
    pub(crate) fn on(clock: &Clock) -> Self {
        let seconds = |seconds| clock.scale_period(Duration::from_secs(seconds));
        Self {
            dial: seconds(15),
            auth: seconds(15),
            ping: seconds(30),
            pong: seconds(10),
            healthy: seconds(60),
            heartbeat: seconds(60),
            files: seconds(5),
            first_progress: seconds(8),
            next_progress: seconds(25),
            still_running: seconds(90),
            queue: seconds(60),
            answer_lifetime: seconds(120),
            late_poll: seconds(3),
            late_reply: seconds(600),
            help_notice: seconds(15),
            drain: seconds(10),
        }
    }
}

/// The earlier of two moments, where none means never.
pub(crate) fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::sooner;
    use std::time::{Duration, Instant};

    #[test]
    fn never_is_later_than_any_moment() {
        let now = Instant::now();
        assert_eq!(sooner(None, Some(now)), Some(now));
        assert_eq!(sooner(Some(now + Duration::from_secs(1)), Some(now)), Some(now));
        assert_eq!(sooner(None, None), None);
    }
}
