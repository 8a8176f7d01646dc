//! The one clock. It can be moved and sped up, but only when the service is on loopback (spec 6): that
//! is how retries hours away are tried with the real programs.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::moment::{Moment, Uptime};
use crate::{env, times};

/// Tells the time and waits. [`Clock::real`] is the machine's.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    offset: SignedDuration,
    speed: f64,
    start: Timestamp,
    periods: f64,
    skew: SignedDuration,
}

impl Clock {
    /// The machine's own clock.
    pub fn real() -> Self {
        Self {
            offset: SignedDuration::ZERO,
            speed: 1.0,
            start: Timestamp::UNIX_EPOCH,
            periods: 1.0,
            skew: SignedDuration::ZERO,
        }
    }

    /// The clock for a service: `CLAWDTALK_CLOCK_OFFSET` (`+1h`), `CLAWDTALK_CLOCK_SPEED` (a factor) since
    /// `CLAWDTALK_CLOCK_START` (RFC 3339) and `CLAWDTALK_CLOCK_PERIODS` (a divisor of pauses between
    /// tries) are obeyed if `on_loopback`, else ignored. What cannot be read is ignored as well.
    ///
    /// By these, time really passes. `CLAWDTALK_CLOCK_SKEW` (`-1h`), likewise obeyed on loopback only, is a machine
    /// whose clock on the wall was set wrong by that much: its uptime knows nothing of it.
    pub fn for_service(on_loopback: bool) -> Self {
        if !on_loopback {
            return Self::real();
        }
        let factor = |name| {
            let factor: Option<f64> = env::var(name).and_then(|text| text.parse().ok());
            factor.filter(|factor| factor.is_finite() && *factor > 0.0).unwrap_or(1.0)
        };
        let span = |name| env::var(name).and_then(|text| signed(&text)).unwrap_or_default();
        Self {
            offset: span("CLAWDTALK_CLOCK_OFFSET"),
            speed: factor("CLAWDTALK_CLOCK_SPEED"),
            start: env::var("CLAWDTALK_CLOCK_START")
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(Timestamp::now),
            periods: factor("CLAWDTALK_CLOCK_PERIODS"),
            skew: span("CLAWDTALK_CLOCK_SKEW"),
        }
    }

    /// The time, by the clock on the wall.
    pub fn now(&self) -> Timestamp {
        self.shown(self.passed(Timestamp::now()))
    }

    /// The time by the clock on the wall and by the machine's uptime: what is kept to tell later how long ago
    /// it was.
    pub fn moment(&self) -> Moment {
        let real = Timestamp::now();
        let passed = self.passed(real);
        let up = Uptime::now().map(|up| up.later(passed.duration_since(real)));
        Moment { at: self.shown(passed), up }
    }

    /// What a clock that is right shows of the time that has passed.
    fn passed(&self, real: Timestamp) -> Timestamp {
        let fast = if (self.speed - 1.0).abs() < f64::EPSILON {
            real
        } else {
            let since = real.duration_since(self.start).as_secs_f64() * self.speed;
            SignedDuration::try_from_secs_f64(since)
                .ok()
                .and_then(|since| self.start.checked_add(since).ok())
                .unwrap_or(real)
        };
        fast.checked_add(self.offset).unwrap_or(fast)
    }

    fn shown(&self, right: Timestamp) -> Timestamp {
        right.checked_add(self.skew).unwrap_or(right)
    }

    /// Waits until `duration` has passed on this clock.
    pub fn sleep(&self, duration: Duration) {
        std::thread::sleep(self.wall(duration));
    }

    /// How long `duration` of this clock takes on the machine's.
    pub fn wall(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    /// A pause between tries or a timer: as given, or shortened by `CLAWDTALK_CLOCK_PERIODS`.
    pub fn period(&self, duration: Duration) -> Duration {
        duration.div_f64(self.periods)
    }
}

fn signed(text: &str) -> Option<SignedDuration> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    SignedDuration::try_from(times::any(rest)?).ok().map(|duration| duration * sign)
}

#[cfg(test)]
mod tests {
    use super::{Clock, signed};
    use jiff::{SignedDuration, Timestamp};
    use std::time::Duration;

    #[test]
    fn offsets_have_a_sign() {
        assert_eq!(signed("+1h"), Some(SignedDuration::from_hours(1)));
        assert_eq!(signed("-30m"), Some(SignedDuration::from_mins(-30)));
        assert_eq!(signed("90"), Some(SignedDuration::from_secs(90)));
        assert_eq!(signed("soon"), None);
    }

    #[test]
    fn a_fast_clock_runs_from_its_start() {
        let start = Timestamp::now() - SignedDuration::from_secs(10);
        let clock = Clock { speed: 360.0, start, ..Clock::real() };
        let ahead = clock.now().duration_since(start);
        assert!(ahead >= SignedDuration::from_hours(1), "{ahead}");
        assert_eq!(clock.wall(Duration::from_secs(360)), Duration::from_secs(1));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_offset_lets_time_pass_and_a_skew_does_not() {
        let (hour, before) = (SignedDuration::from_hours(1), Clock::real().moment());
        let at_most = SignedDuration::from_secs(30);
        let passed = Clock { offset: hour, ..Clock::real() }.moment().since(before);
        assert!(passed >= hour && passed < hour + at_most, "{passed}");
        for skew in [hour, -hour] {
            let wrong = Clock { skew, ..Clock::real() };
            let passed = wrong.moment().since(before);
            assert!(!passed.is_negative() && passed < at_most, "{passed}");
            assert!(wrong.now().duration_since(before.at).abs() > SignedDuration::from_mins(59));
        }
    }
}
