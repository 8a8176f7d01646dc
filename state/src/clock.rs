//! The one clock. It can be moved and sped up, but only when the service is on loopback (spec 6): that
//! is how retries hours away are tried with the real programs.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{env, times};

/// Tells the time and waits. [`Clock::real`] is the machine's.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    offset: SignedDuration,
    speed: f64,
    start: Timestamp,
    periods: f64,
}

impl Clock {
    /// The machine's own clock.
    pub fn real() -> Self {
        Self {
            offset: SignedDuration::ZERO,
            speed: 1.0,
            start: Timestamp::UNIX_EPOCH,
            periods: 1.0,
        }
    }

    /// The clock for a service: `CLAWDTALK_CLOCK_OFFSET` (`+1h`), `CLAWDTALK_CLOCK_SPEED` (a factor) since
    /// `CLAWDTALK_CLOCK_START` (RFC 3339) and `CLAWDTALK_CLOCK_PERIODS` (a divisor of pauses between
    /// tries) are obeyed if `on_loopback`, else ignored. What cannot be read is ignored as well.
    pub fn for_service(on_loopback: bool) -> Self {
        if !on_loopback {
            return Self::real();
        }
        let factor = |name| {
            let factor: Option<f64> = env::var(name).and_then(|text| text.parse().ok());
            factor.filter(|factor| factor.is_finite() && *factor > 0.0).unwrap_or(1.0)
        };
        Self {
            offset: env::var("CLAWDTALK_CLOCK_OFFSET")
                .and_then(|text| signed(&text))
                .unwrap_or_default(),
            speed: factor("CLAWDTALK_CLOCK_SPEED"),
            start: env::var("CLAWDTALK_CLOCK_START")
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(Timestamp::now),
            periods: factor("CLAWDTALK_CLOCK_PERIODS"),
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::now();
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
    SignedDuration::try_from(times::duration(rest).ok()?).ok().map(|duration| duration * sign)
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
}
