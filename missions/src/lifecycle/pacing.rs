//! How the first calls or texts of an outreach are spread over time: so many at once, and so long between two batches.

use std::collections::BTreeMap;
use std::ops::Bound::Excluded;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::window::Window;

/// The longest interval that a service that wants fewer requests can bring about.
const WIDEST: SignedDuration = SignedDuration::from_mins(30);

/// How many begin at once, and how long it is until the next do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// How many begin within an interval; at least 1.
    pub(crate) batch: usize,
    /// The interval, in seconds; at least 1.
    pub(crate) every: u32,
}

impl Pace {
    /// The interval.
    pub(crate) fn interval(self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.every.max(1)))
    }

    /// The same with an interval of twice the length, after the service asked for fewer requests.
    pub(crate) fn widened(self) -> Self {
        let widest = u32::try_from(WIDEST.as_secs()).unwrap_or(u32::MAX);
        Self { every: self.every.saturating_mul(2).min(widest).max(self.every), ..self }
    }
}

/// The times that are taken.
#[derive(Debug)]
pub(super) struct Slots {
    pacing: Pace,
    taken: BTreeMap<Timestamp, usize>,
    /// For each window and earliest time the last that was given: before it nothing is free any more.
    given: Vec<(Window, Timestamp, Timestamp)>,
}

impl Slots {
    pub(super) fn new(pacing: Pace, taken: impl Iterator<Item = Timestamp>) -> Self {
        let mut slots = Self { pacing, taken: BTreeMap::new(), given: Vec::new() };
        taken.for_each(|at| *slots.taken.entry(at).or_default() += 1);
        slots
    }

    /// Takes the first time from `from` on that is inside the window and has room in its batch. `None` if the window never
    /// opens.
    pub(super) fn take(&mut self, window: &Window, from: Timestamp) -> Option<Timestamp> {
        let every = self.pacing.interval();
        let known =
            self.given.iter().position(|(known, since, _)| *since == from && known == window);
        let mut at = whole_second(known.map_or(from, |known| self.given[known].2))?;
        loop {
            at = window.next_opening(at)?;
            let near =
                (Excluded(at.checked_sub(every).ok()?), Excluded(at.checked_add(every).ok()?));
            let n: usize = self.taken.range(near).map(|(_, n)| n).sum();
            if n < self.pacing.batch.max(1) {
                break;
            }
            let (first, _) = self.taken.range(near).next()?;
            at = first.checked_add(every).ok()?;
        }
        *self.taken.entry(at).or_default() += 1;
        match known {
            Some(known) => self.given[known].2 = at,
            None => self.given.push((window.clone(), from, at)),
        }
        Some(at)
    }
}

/// The time itself, or the next whole second.
fn whole_second(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second() + i64::from(at.subsec_nanosecond() > 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::{Pace, Slots};
    use crate::window::{Window, WindowOptions};
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    fn window(zone: &str) -> Window {
        let options = WindowOptions::read(Some("9-17"), None, Some(zone)).unwrap();
        options.for_recipient(&"+15551234567".parse().unwrap(), &TimeZone::UTC).0
    }

    #[test]
    fn a_batch_begins_at_once_and_the_next_after_the_interval() {
        let from: Timestamp = "2027-06-02T15:00:00Z".parse().unwrap();
        let mut slots = Slots::new(Pace { batch: 2, every: 120 }, std::iter::empty());
        let times: Vec<i64> = (0..5)
            .map(|_| slots.take(&window("UTC"), from).unwrap().duration_since(from).as_secs())
            .collect();
        assert_eq!(times, [0, 0, 120, 120, 240]);
    }

    #[test]
    fn what_does_not_fit_into_a_day_goes_on_the_next() {
        let from: Timestamp = "2027-06-02T16:58:00Z".parse().unwrap();
        let mut slots = Slots::new(Pace { batch: 1, every: 120 }, std::iter::empty());
        let times: Vec<String> =
            (0..2).map(|_| slots.take(&window("UTC"), from).unwrap().to_string()).collect();
        assert_eq!(times, ["2027-06-02T16:58:00Z", "2027-06-03T09:00:00Z"]);
    }

    #[test]
    fn fewer_requests_are_made_when_the_service_asks_for_that() {
        let pacing = Pace { batch: 5, every: 120 };
        assert_eq!(pacing.widened().every, 240);
        assert_eq!((0..9).fold(pacing, |pacing, _| pacing.widened()).every, 1800);
        assert_eq!(Pace { batch: 5, every: 3600 }.widened().every, 3600);
    }

    proptest! {
        #[test]
        fn no_interval_holds_more_than_a_batch(
            batch in 1usize..4, every in 1u32..400, n in 1usize..40,
            taken in proptest::collection::vec(0i64..2000, 0..6), zones in any::<u64>(),
        ) {
            let from: Timestamp = "2027-06-02T15:00:00Z".parse().unwrap();
            let pacing = Pace { batch, every };
            // What others took before may be as dense as it likes.
            let taken: Vec<Timestamp> =
                taken.into_iter().map(|after| from - SignedDuration::from_hours(3) + SignedDuration::from_secs(after)).collect();
            let mut slots = Slots::new(pacing, taken.into_iter());
            let zones = (0..n).map(|n| if zones >> (n % 64) & 1 == 0 { "UTC" } else { "America/Chicago" });
            let mut times: Vec<Timestamp> = zones.map(|zone| {
                let at = slots.take(&window(zone), from).unwrap();
                assert!(window(zone).is_inside(at) && at >= from);
                at
            }).collect();
            times.sort_unstable();
            for pair in times.windows(batch + 1) {
                prop_assert!(pair[batch].duration_since(pair[0]) >= pacing.interval());
            }
        }
    }
}
