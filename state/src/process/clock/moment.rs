//! Points in time that can be stored, and whose age a later program can tell although the wall clock was set in between.
//!
//! A wall clock that jumps an hour ahead makes everything an hour older than it is: a request that is still unconfirmed
//! would be forgotten, an answer that is ready would be dropped as too old. The machine's uptime does not jump. It starts
//! anew with the machine, and then the wall clock has to do.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A point in time by the two clocks of a machine. [`Clock::moment`](crate::clock::Clock::moment) gives the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the wall clock.
    pub at: Timestamp,
    /// By the machine's uptime; `None` in files of earlier versions, and on systems other than Linux.
    pub uptime: Option<Uptime>,
}

impl Moment {
    /// How long `earlier` was before this: by the uptime if the machine was not started anew in between, else by the wall
    /// clock. Negative if that was set back.
    pub fn since(self, earlier: Self) -> SignedDuration {
        let by_wall = || self.at.duration_since(earlier.at);
        let (Some(now), Some(then)) = (self.uptime, earlier.uptime) else { return by_wall() };
        // A virtual machine that was put back to an earlier state has the same boot id and a shorter uptime.
        if now.boot != then.boot || now.ms < then.ms {
            return by_wall();
        }
        SignedDuration::from_millis(now.ms - then.ms)
    }
}

/// How long the machine has been up, and since which boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptime {
    /// The first 32 bits of the random id that the kernel gives each boot.
    boot: u32,
    /// Milliseconds since the boot, including those in which the machine was suspended.
    ms: i64,
}

impl Uptime {
    /// The machine's uptime now.
    #[cfg(target_os = "linux")]
    pub(crate) fn now() -> Option<Self> {
        use rustix::time::{ClockId, clock_gettime};
        use std::sync::OnceLock;

        static BOOT: OnceLock<Option<u32>> = OnceLock::new();
        let boot = (*BOOT.get_or_init(boot))?;
        let up = clock_gettime(ClockId::Boottime);
        let ms = up.tv_sec.saturating_mul(1_000).saturating_add(up.tv_nsec / 1_000_000);
        Some(Self { boot, ms })
    }

    /// Other systems have no boot id to compare.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn now() -> Option<Self> {
        None
    }

    /// The same machine `by` later.
    pub(crate) fn later(self, by: SignedDuration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or_default();
        Self { ms: self.ms.saturating_add(by), ..self }
    }
}

/// The id of this boot; `None` where `/proc` is missing.
#[cfg(target_os = "linux")]
fn boot() -> Option<u32> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    u32::from_str_radix(id.get(..8)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{Moment, Uptime};
    use jiff::{SignedDuration, Timestamp};

    fn moment(at: &str, uptime: Option<(u32, i64)>) -> Moment {
        let uptime = uptime.map(|(boot, ms)| Uptime { boot, ms });
        Moment { at: at.parse().unwrap(), uptime }
    }

    #[track_caller]
    fn case(then: Option<(u32, i64)>, now: Option<(u32, i64)>, seconds: i64) {
        // By the wall clock an hour has passed.
        let (then, now) =
            (moment("2027-12-01T10:00:00Z", then), moment("2027-12-01T11:00:00Z", now));
        assert_eq!(now.since(then), SignedDuration::from_secs(seconds));
    }

    #[test]
    fn the_uptime_decides_until_the_machine_is_started_anew() {
        case(Some((1, 5_000)), Some((1, 12_000)), 7);
        case(Some((1, 5_000)), Some((1, 5_000)), 0);
        case(Some((1, 5_000)), Some((2, 12_000)), 3600);
        case(Some((1, 5_000)), Some((1, 4_999)), 3600);
    }

    #[test]
    fn without_an_uptime_the_wall_clock_decides() {
        case(None, Some((1, 12_000)), 3600);
        case(Some((1, 5_000)), None, 3600);
        case(None, None, 3600);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_younger() {
        let then = moment("2027-12-01T10:00:00Z", Some((1, 0)));
        let now = moment("2027-12-01T09:00:00Z", Some((1, 60_000)));
        assert_eq!(now.since(then), SignedDuration::from_mins(1));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_uptime_of_this_machine_grows() {
        let (one, other) = (Uptime::now().unwrap(), Uptime::now().unwrap());
        assert!(one.boot == other.boot && one.ms > 0 && other.ms >= one.ms);
        let stored = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Uptime>(&stored).unwrap(), one);
        let now = Timestamp::now();
        let later = Moment { at: now, uptime: Some(one.later(SignedDuration::from_mins(11))) };
        let age = later.since(Moment { at: now, uptime: Some(one) });
        assert_eq!(age, SignedDuration::from_mins(11));
    }
}
