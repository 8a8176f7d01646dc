//! When a scheduled event is polled next.
//!
//! | how far its time is away | next poll |
//! |---|---|
//! | never polled | 2 minutes after its time |
//! | more than a day | in 4 to 8 hours |
//! | 1 to 24 hours | in 15 to 30 minutes |
//! | half an hour to an hour | in 5 minutes |
//! | 5 to 30 minutes | in 2 to 5 minutes |
//! | less, or its time has come | in 30 seconds |
//! | the phone rings | in 90 seconds |
//! | somebody talks | in 150 seconds |

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// When an event is polled for the first time, after its own time: earlier there is nothing to see.
pub(crate) const FIRST: SignedDuration = SignedDuration::from_mins(2);

/// Between two polls for insights that are not there yet.
pub(crate) const INSIGHTS: SignedDuration = SignedDuration::from_secs(10);

/// Once its time has come.
const DUE: SignedDuration = SignedDuration::from_secs(30);
/// A phone that rings: the middle of one to two minutes.
const RINGING: SignedDuration = SignedDuration::from_secs(90);
/// A conversation: the middle of two to three minutes.
const TALKING: SignedDuration = SignedDuration::from_secs(150);

/// What an event was doing when it was last polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Activity {
    /// It waits for its time, or is under way in a way that is not known.
    #[serde(rename = "nothing")]
    Unknown,
    /// The phone rings.
    Ringing,
    /// Somebody talks.
    Talking,
}

/// When an event that is scheduled for `at` is polled next.
///
/// An event that was polled while it waited (the list of one that was due shows the others too) is polled again before
/// its time, but never later than one that was not.
pub(crate) fn next_poll(at: Timestamp, last: Option<Timestamp>, activity: Activity) -> Timestamp {
    let first = later(at, FIRST);
    let Some(last) = last else { return first };
    match activity {
        Activity::Ringing => later(last, RINGING),
        Activity::Talking => later(last, TALKING),
        Activity::Unknown if last >= at => later(last, DUE),
        Activity::Unknown => later(last, ahead(at.duration_since(last))).min(first),
    }
}

/// The interval for an event whose time is that far away.
fn ahead(distance: SignedDuration) -> SignedDuration {
    let minutes = SignedDuration::from_mins;
    let hours = SignedDuration::from_hours;
    // Within each row of the table the interval grows with the distance.
    let between = |least: SignedDuration, part: i32, most| (distance / part).clamp(least, most);
    match distance {
        near if near < minutes(5) => DUE,
        near if near < minutes(30) => between(minutes(2), 6, minutes(5)),
        near if near < hours(1) => minutes(5),
        near if near < hours(24) => between(minutes(15), 48, minutes(30)),
        _ => between(hours(4), 42, hours(8)),
    }
}

/// A time after another one; at most the calendar's end.
pub(crate) fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Activity, next_poll};
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    const AT: &str = "2027-12-01T15:00:00Z";

    fn at() -> Timestamp {
        AT.parse().unwrap()
    }

    /// Polled `before` its time, it is polled again after `wanted` seconds.
    #[track_caller]
    fn case(before: SignedDuration, activity: Activity, wanted: i64) {
        let last = at() - before;
        assert_eq!(next_poll(at(), Some(last), activity).duration_since(last).as_secs(), wanted);
    }

    #[test]
    fn the_table_of_intervals() {
        assert_eq!(next_poll(at(), None, Activity::Unknown).to_string(), "2027-12-01T15:02:00Z");
        let (minutes, hours) = (SignedDuration::from_mins, SignedDuration::from_hours);
        case(minutes(4), Activity::Unknown, 30);
        case(minutes(6), Activity::Unknown, 2 * 60);
        case(minutes(24), Activity::Unknown, 4 * 60);
        case(minutes(29), Activity::Unknown, 290);
        case(minutes(59), Activity::Unknown, 5 * 60);
        case(hours(2), Activity::Unknown, 15 * 60);
        case(hours(20), Activity::Unknown, 25 * 60);
        case(hours(25), Activity::Unknown, 4 * 3600);
        case(hours(14 * 24), Activity::Unknown, 8 * 3600);
        case(minutes(0), Activity::Unknown, 30);
        case(minutes(-60), Activity::Unknown, 30);
        case(minutes(-3), Activity::Ringing, 90);
        case(minutes(-3), Activity::Talking, 150);
    }

    proptest! {
        #[test]
        fn a_poll_is_later_than_the_last_and_never_misses_the_time(before in -100_000i64..3_000_000) {
            let last = at() - SignedDuration::from_secs(before);
            let due = next_poll(at(), Some(last), Activity::Unknown);
            prop_assert!(due > last);
            prop_assert!(before <= 0 || due <= at() + super::FIRST);
        }
    }
}
