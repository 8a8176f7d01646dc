//! Every period of the client in one place, and the watch that notices that the machine slept.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use state::clock::Clock;

/// How long things may take and how often they are done. The values are those of spec 3; a moved clock
/// (`state::clock`, loopback only) shortens them.
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
    /// A caller who waits this long hears that work goes on.
    pub(crate) first_progress: Duration,
    /// And from then on this often.
    pub(crate) next_progress: Duration,
    /// A turn held by `chat` is told as still running after this.
    pub(crate) still_running: Duration,
    /// How long a request waits for a free worker.
    pub(crate) queue: Duration,
    /// How long a ready answer is worth delivering.
    pub(crate) lifetime: Duration,
    /// From one look at the session history to the next, while a late reply is awaited.
    pub(crate) late_look: Duration,
    /// How long a late reply is awaited.
    pub(crate) late_limit: Duration,
    /// How long others may still ask who this is before the agent is told of the first.
    pub(crate) who: Duration,
    /// How long turns in flight may take to end after SIGTERM.
    pub(crate) drain: Duration,
}

impl Periods {
    /// The periods of spec 3, on this clock.
    pub(crate) fn on(clock: &Clock) -> Self {
        let seconds = |seconds| clock.period(Duration::from_secs(seconds));
        Self {
            dial: seconds(15),
            auth: seconds(15),
            ping: seconds(30),
            pong: seconds(10),
            healthy: seconds(60),
            heartbeat: seconds(60),
            first_progress: seconds(8),
            next_progress: seconds(25),
            still_running: seconds(90),
            queue: seconds(60),
            lifetime: seconds(120),
            late_look: seconds(3),
            late_limit: seconds(600),
            who: seconds(15),
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

/// Notices a sleep of the machine: the clock that counts it runs ahead of the one that does not.
#[derive(Debug)]
pub(crate) struct SleepWatch {
    ahead: Duration,
}

impl SleepWatch {
    /// A shorter gap is scheduling, not sleep: TCP survives it.
    const NOTICEABLE: Duration = Duration::from_secs(5);

    /// Starts watching.
    pub(crate) fn new() -> Self {
        Self { ahead: ahead() }
    }

    /// Whether the machine slept since the last call.
    pub(crate) fn slept(&mut self) -> bool {
        self.jumped_to(ahead())
    }

    fn jumped_to(&mut self, ahead: Duration) -> bool {
        let slept = ahead.saturating_sub(self.ahead) > Self::NOTICEABLE;
        self.ahead = ahead;
        slept
    }
}

/// How far the clock that goes on during sleep is ahead of the one that stands still.
#[cfg(target_os = "linux")]
fn ahead() -> Duration {
    since(ClockId::Boottime).saturating_sub(since(ClockId::Monotonic))
}

/// Elsewhere only the calendar goes on during sleep; a jump of it costs one reconnect.
#[cfg(not(target_os = "linux"))]
fn ahead() -> Duration {
    since(ClockId::Realtime).saturating_sub(since(ClockId::Monotonic))
}

fn since(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::{SleepWatch, sooner};
    use std::time::{Duration, Instant};

    #[test]
    fn a_sleep_is_noticed_once() {
        let mut watch = SleepWatch { ahead: Duration::from_secs(100) };
        assert!(!watch.jumped_to(Duration::from_secs(101)));
        assert!(watch.jumped_to(Duration::from_secs(161)));
        assert!(!watch.jumped_to(Duration::from_secs(161)));
        assert!(!watch.jumped_to(Duration::from_secs(3)), "a clock set back is no sleep");
    }

    #[test]
    fn never_is_later_than_any_moment() {
        let now = Instant::now();
        assert_eq!(sooner(None, Some(now)), Some(now));
        assert_eq!(sooner(Some(now + Duration::from_secs(1)), Some(now)), Some(now));
        assert_eq!(sooner(None, None), None);
    }
}
