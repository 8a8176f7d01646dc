//! Dates the lines of a journal by the present clock, whatever it was set to in between.

use jiff::{SignedDuration, Timestamp};
use state::clock::{Moment, Uptime};

/// Corrects the times of lines. Every process of the client starts with a line of what both clocks of the machine show, the
/// wall clock and the uptime, and counts from there; so one uptime is enough for all its lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClockCorrection {
    now: Moment,
    /// How far the present clock is ahead of the one by which the lines were dated.
    ahead: SignedDuration,
}

impl ClockCorrection {
    /// Reckons from now. Lines without a start line before them were dated by the wall clock.
    pub(super) fn from(now: Moment) -> Self {
        Self { now, ahead: SignedDuration::ZERO }
    }

    /// The lines from here on are those of a process that started then, in milliseconds since 1970 and by the uptime.
    pub(super) fn process_started(&mut self, ms: i64, up: Option<Uptime>) {
        let Ok(at) = Timestamp::from_millisecond(ms) else { return };
        let age = self.now.since(Moment { at, uptime: up });
        self.ahead = self.now.at.duration_since(at) - age;
    }

    /// The corrected time of a line, given in milliseconds since 1970; `None` if there is no such time.
    pub(super) fn corrected(&self, ms: i64) -> Option<Timestamp> {
        Timestamp::from_millisecond(ms).ok()?.checked_add(self.ahead).ok()
    }

    /// How long ago that was.
    pub(super) fn age(&self, at: Timestamp) -> SignedDuration {
        self.now.at.duration_since(at)
    }
}

#[cfg(test)]
mod tests {
    use super::ClockCorrection;
    use jiff::SignedDuration;
    use serde_json::json;
    use state::clock::{Moment, Uptime};

    const T: i64 = 1_800_000_000_000;

    fn up(boot: u32, ms: i64) -> Option<Uptime> {
        serde_json::from_value(json!({"boot": boot, "ms": ms})).unwrap()
    }

    /// A process that started at `T`, ten seconds after the machine; how old is a line that it wrote after five more?
    #[track_caller]
    fn case(now_by_wall: SignedDuration, now_up: Option<Uptime>, wanted: i64) {
        let at = jiff::Timestamp::from_millisecond(T).unwrap() + now_by_wall;
        let mut correction = ClockCorrection::from(Moment { at, uptime: now_up });
        correction.process_started(T, up(1, 10_000));
        let line = correction.corrected(T + 5_000).unwrap();
        assert_eq!(correction.age(line).as_secs(), wanted);
    }

    #[test]
    fn a_line_is_as_old_as_the_uptime_says_until_the_machine_is_started_anew() {
        let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        for jump in [SignedDuration::ZERO, hour, -hour] {
            case(minute + jump, up(1, 70_000), 55);
        }
        case(hour, up(2, 70_000), 3_595);
        case(minute, None, 55);
    }

    #[test]
    fn each_process_counts_for_itself() {
        let at = jiff::Timestamp::from_millisecond(T).unwrap();
        let mut correction = ClockCorrection::from(Moment { at, uptime: up(1, 100_000) });
        assert_eq!(
            correction.age(correction.corrected(T - 1_000).unwrap()).as_secs(),
            1,
            "of an earlier version"
        );
        // An hour ahead, then an hour behind.
        correction.process_started(T + 3_600_000, up(1, 80_000));
        assert_eq!(correction.age(correction.corrected(T + 3_601_000).unwrap()).as_secs(), 19);
        correction.process_started(T - 3_600_000, up(1, 90_000));
        assert_eq!(correction.age(correction.corrected(T - 3_599_000).unwrap()).as_secs(), 9);
        assert_eq!(correction.corrected(i64::MAX), None);
    }
}
