//! When a scheduled call or text is looked at next (the seed's table of poll intervals).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The first look: nothing is to be seen earlier.
pub(crate) const FIRST: SignedDuration = SignedDuration::from_mins(2);

/// Between two looks at insights that are not there yet.
pub(crate) const INSIGHTS: SignedDuration = SignedDuration::from_secs(10);

/// Once the time has come.
const DUE: SignedDuration = SignedDuration::from_secs(30);
/// A phone that rings: the middle of one to two minutes.
const RINGING: SignedDuration = SignedDuration::from_secs(90);
/// A conversation: the middle of two to three minutes.
const TALKING: SignedDuration = SignedDuration::from_secs(150);

/// What the last look saw, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Seen {
    /// It waits for its time, or is under way in a way that we do not know.
    Nothing,
    /// The phone rings.
    Ringing,
    /// Somebody talks.
    Talking,
}

/// When an event that is scheduled for `at` is due for a look.
///
/// Never looked at: two minutes after its time. Looked at while it waited (a list shows the others too): the
/// longer it takes until its time, the later again, but never after those two minutes.
pub(crate) fn next(at: Timestamp, last: Option<Timestamp>, seen: Seen) -> Timestamp {
    let first = later(at, FIRST);
    let Some(last) = last else { return first };
    match seen {
        Seen::Ringing => later(last, RINGING),
        Seen::Talking => later(last, TALKING),
        Seen::Nothing if last >= at => later(last, DUE),
        Seen::Nothing => later(last, ahead(at.duration_since(last))).min(first),
    }
}

/// The interval for an event that is that far away.
fn ahead(distance: SignedDuration) -> SignedDuration {
    let minutes = SignedDuration::from_mins;
    let hours = SignedDuration::from_hours;
    // Within each line of the table the interval grows with the distance.
    let between = |least: SignedDuration, part: i32, most| (distance / part).clamp(least, most);
    match distance {
        near if near < minutes(5) => DUE,
        near if near < minutes(30) => between(minutes(2), 6, minutes(5)),
        near if near < hours(1) => minutes(5),
        near if near < hours(24) => between(minutes(15), 48, minutes(30)),
        _ => between(hours(4), 42, hours(8)),
    }
}

/// Saturates at the calendar's end.
fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Seen, next};
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    const AT: &str = "2027-12-01T15:00:00Z";

    fn at() -> Timestamp {
        AT.parse().unwrap()
    }

    /// Looked at `before` its time, it is looked at again after `wanted` seconds.
    #[track_caller]
    fn case(before: SignedDuration, seen: Seen, wanted: i64) {
        let last = at() - before;
        assert_eq!(next(at(), Some(last), seen).duration_since(last).as_secs(), wanted);
    }

    #[test]
    fn the_table_of_intervals() {
        assert_eq!(next(at(), None, Seen::Nothing).to_string(), "2027-12-01T15:02:00Z");
        let (minutes, hours) = (SignedDuration::from_mins, SignedDuration::from_hours);
        case(minutes(4), Seen::Nothing, 30);
        case(minutes(6), Seen::Nothing, 2 * 60);
        case(minutes(24), Seen::Nothing, 4 * 60);
        case(minutes(29), Seen::Nothing, 290);
        case(minutes(59), Seen::Nothing, 5 * 60);
        case(hours(2), Seen::Nothing, 15 * 60);
        case(hours(20), Seen::Nothing, 25 * 60);
        case(hours(25), Seen::Nothing, 4 * 3600);
        case(hours(14 * 24), Seen::Nothing, 8 * 3600);
        case(minutes(0), Seen::Nothing, 30);
        case(minutes(-60), Seen::Nothing, 30);
        case(minutes(-3), Seen::Ringing, 90);
        case(minutes(-3), Seen::Talking, 150);
    }

    proptest! {
        #[test]
        fn a_look_is_later_than_the_last_and_never_misses_the_time(before in -100_000i64..3_000_000) {
            let last = at() - SignedDuration::from_secs(before);
            let due = next(at(), Some(last), Seen::Nothing);
            prop_assert!(due > last);
            prop_assert!(before <= 0 || due <= at() + super::FIRST);
        }
    }
}
