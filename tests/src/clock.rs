//! The simulated time: an offset and a speed over the real clock, so that hours pass in seconds.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A clock that the simulator and the programs under test share: `now = start + (real - start) × speed + offset`.
///
/// Cloning gives another handle on the same clock. A fresh one is the real time.
#[derive(Clone, Debug)]
pub struct SimulatedClock(Arc<Mutex<TimeScale>>);

#[derive(Clone, Copy, Debug)]
struct TimeScale {
    start: Timestamp,
    speed: u32,
    offset: SignedDuration,
    periods: u32,
}

impl Default for SimulatedClock {
    fn default() -> Self {
        let setting = TimeScale {
            start: Timestamp::now(),
            speed: 1,
            offset: SignedDuration::ZERO,
            periods: 1,
        };
        Self(Arc::new(Mutex::new(setting)))
    }
}

impl SimulatedClock {
    fn setting(&self) -> MutexGuard<'_, TimeScale> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The simulated instant.
    pub fn now(&self) -> Timestamp {
        let setting = *self.setting();
        let passed = Timestamp::now().duration_since(setting.start);
        setting.start + passed * i32::try_from(setting.speed).unwrap_or(i32::MAX) + setting.offset
    }

    /// Lets the time run `factor` times as fast from now on; what has passed so far stays as it is.
    pub fn speed(&self, factor: u32) {
        let (now, real) = (self.now(), Timestamp::now());
        let mut setting = self.setting();
        setting.start = real;
        setting.offset = now.duration_since(real);
        setting.speed = factor.max(1);
    }

    /// Moves the time by `by`: forwards, or backwards as a clock that was corrected.
    pub fn jump(&self, by: SignedDuration) {
        self.setting().offset += by;
    }

    /// Divides the poll and retry intervals of the programs under test.
    pub fn periods(&self, divisor: u32) {
        self.setting().periods = divisor.max(1);
    }

    /// How long the real clock needs until the simulated one shows `instant`; zero when it is past.
    pub fn real_until(&self, instant: Timestamp) -> Duration {
        let left = instant.duration_since(self.now());
        let speed = self.setting().speed;
        Duration::try_from(left).unwrap_or(Duration::ZERO) / speed
    }

    /// The environment that makes this a program's clock; empty while this is the real time.
    pub fn env(&self) -> Vec<(String, String)> {
        let setting = *self.setting();
        let mut pairs = Vec::new();
        let mut set =
            |name: &str, value: String| pairs.push((format!("CLAWDTALK_CLOCK_{name}"), value));
        if !setting.offset.is_zero() {
            let sign = if setting.offset.is_negative() { '-' } else { '+' };
            set("OFFSET", format!("{sign}{}ms", setting.offset.unsigned_abs().as_millis()));
        }
        if setting.speed != 1 {
            set("SPEED", setting.speed.to_string());
            set("START", setting.start.to_string());
        }
        if setting.periods != 1 {
            set("PERIODS", setting.periods.to_string());
        }
        pairs
    }
}

/// RFC 3339 in UTC with milliseconds, as the service writes its own rows.
pub(crate) fn millis(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// RFC 3339 in UTC with microseconds, the form in rows that come from the carrier behind the service.
pub(crate) fn micros(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// The form of HTTP's `Date` header.
pub(crate) fn http_date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .expect("years of this era fit into the form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_shows_hours_after_moments() {
        let clock = SimulatedClock::default();
        clock.speed(1_000_000);
        let (before, real) = (clock.now(), std::time::Instant::now());
        while real.elapsed() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
        assert!(clock.now().duration_since(before) >= SignedDuration::from_hours(5));
    }

    #[test]
    fn a_change_of_speed_moves_nothing() {
        let clock = SimulatedClock::default();
        clock.jump(SignedDuration::from_hours(3));
        let before = clock.now();
        clock.speed(2);
        assert!(clock.now().duration_since(before) < SignedDuration::from_secs(5));
        let names: Vec<_> = clock.env().into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["CLAWDTALK_CLOCK_OFFSET", "CLAWDTALK_CLOCK_SPEED", "CLAWDTALK_CLOCK_START"]
        );
    }

    #[test]
    fn the_date_header_has_its_prescribed_form() {
        assert_eq!(http_date(Timestamp::UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
