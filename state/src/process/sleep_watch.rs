//! Notices that the machine slept. No connection survives that, and no error reports it; and waits stand still meanwhile,
//! so that a yes may be hours older than it seems.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Notices a sleep of the machine: the clock that counts it runs ahead of the one that does not.
#[derive(Debug)]
pub struct SleepWatch {
    ahead: Duration,
}

impl SleepWatch {
    /// A shorter gap is scheduling, not sleep: TCP survives it.
    const NOTICEABLE: Duration = Duration::from_secs(5);

    /// Starts watching.
    #[expect(clippy::new_without_default, reason = "when it begins is what it is about")]
    pub fn new() -> Self {
        Self { ahead: ahead() }
    }

    /// Whether the machine resumed from sleep since the last call.
    pub fn has_resumed(&mut self) -> bool {
        self.jumped_to(ahead())
    }

    /// Whether the machine slept since this was made, or since the last [`Self::has_resumed`].
    pub fn has_slept(&self) -> bool {
        ahead().saturating_sub(self.ahead) > Self::NOTICEABLE
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
    use super::SleepWatch;
    use std::time::Duration;

    #[test]
    fn a_sleep_is_noticed_once() {
        let mut watch = SleepWatch { ahead: Duration::from_secs(100) };
        assert!(!watch.jumped_to(Duration::from_secs(101)));
        assert!(watch.jumped_to(Duration::from_secs(161)));
        assert!(!watch.jumped_to(Duration::from_secs(161)));
        assert!(!watch.jumped_to(Duration::from_secs(3)), "a clock set back is no sleep");
        assert!(!SleepWatch::new().has_slept());
    }
}
