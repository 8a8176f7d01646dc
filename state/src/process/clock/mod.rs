//! The clock of every tool. It can be moved and sped up where the service is a simulator on this machine, so that the real
//! programs can be tested over hours and days.

mod moment;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::process::env;
use crate::text::parse_time;

pub use moment::{Moment, Uptime};

/// Gives the time and waits.
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
    pub fn system() -> Self {
        Self {
            offset: SignedDuration::ZERO,
            speed: 1.0,
            start: Timestamp::UNIX_EPOCH,
            periods: 1.0,
            skew: SignedDuration::ZERO,
        }
    }

    /// The clock for a service. If that is on this machine (`on_loopback`) these variables are obeyed, else ignored:
    ///
    /// - `CLAWDTALK_CLOCK_OFFSET` (`+1h`): so much time has passed; uptime and wall clock both move.
    /// - `CLAWDTALK_CLOCK_SPEED` (a factor), since `CLAWDTALK_CLOCK_START` (RFC 3339, default now): time passes faster.
    /// - `CLAWDTALK_CLOCK_PERIODS` (a divisor): pauses between attempts are shorter.
    /// - `CLAWDTALK_CLOCK_SKEW` (`-1h`): the wall clock was set wrong by so much; the uptime does not move.
    ///
    /// A value that cannot be read is ignored.
    pub fn for_service(on_loopback: bool) -> Self {
        if !on_loopback {
            return Self::system();
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

    /// The time by the wall clock.
    pub fn now(&self) -> Timestamp {
        self.skewed(self.true_time(Timestamp::now()))
    }

    /// The time by the wall clock and by the machine's uptime: what is stored where a later program has to know how long
    /// ago something was.
    pub fn moment(&self) -> Moment {
        let real = Timestamp::now();
        let true_time = self.true_time(real);
        let uptime = Uptime::now().map(|uptime| uptime.later(true_time.duration_since(real)));
        Moment { at: self.skewed(true_time), uptime }
    }

    /// The time that this clock gives for the machine's `real`, before a skew.
    fn true_time(&self, real: Timestamp) -> Timestamp {
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

    fn skewed(&self, true_time: Timestamp) -> Timestamp {
        true_time.checked_add(self.skew).unwrap_or(true_time)
    }

    /// Waits until `duration` has passed on this clock.
    pub fn sleep(&self, duration: Duration) {
        std::thread::sleep(self.real_duration(duration));
    }

    /// How long `duration` on this clock takes in reality.
    pub fn real_duration(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    /// A pause between attempts or the period of a timer: as given, or shortened by `CLAWDTALK_CLOCK_PERIODS`.
    pub fn scale_period(&self, duration: Duration) -> Duration {
        duration.div_f64(self.periods)
    }
}

fn signed(text: &str) -> Option<SignedDuration> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    SignedDuration::try_from(parse_time::unbounded_duration(rest)?)
        .ok()
        .map(|duration| duration * sign)
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
        let clock = Clock { speed: 360.0, start, ..Clock::system() };
        let ahead = clock.now().duration_since(start);
        assert!(ahead >= SignedDuration::from_hours(1), "{ahead}");
        assert_eq!(clock.real_duration(Duration::from_secs(360)), Duration::from_secs(1));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_offset_lets_time_pass_and_a_skew_does_not() {
        let (hour, before) = (SignedDuration::from_hours(1), Clock::system().moment());
        let at_most = SignedDuration::from_secs(30);
        let passed = Clock { offset: hour, ..Clock::system() }.moment().since(before);
        assert!(passed >= hour && passed < hour + at_most, "{passed}");
        for skew in [hour, -hour] {
            let wrong = Clock { skew, ..Clock::system() };
            let passed = wrong.moment().since(before);
            assert!(!passed.is_negative() && passed < at_most, "{passed}");
            assert!(wrong.now().duration_since(before.at).abs() > SignedDuration::from_mins(59));
        }
    }
}
