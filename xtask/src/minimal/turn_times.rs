//! When each turn passed which point, recorded by several threads at once without a lock.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The number of a turn follows this in its request id and in its text.
pub(crate) const MARK: &str = "turn-";

/// The points that a turn passes, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// The service is about to write the request's frame.
    Requested,
    /// The gateway has read the client's request.
    AtGateway,
    /// The gateway is about to write its response.
    Replied,
    /// The service has read the result's frame.
    Delivered,
}

/// Times of turns. Clones share them.
#[derive(Clone)]
pub(crate) struct TurnTimes {
    began: Instant,
    times: Arc<Vec<[AtomicU64; 4]>>,
}

impl TurnTimes {
    /// Room for turns numbered below `n`.
    pub(crate) fn new(n: usize) -> Self {
        let times = (0..n).map(|_| <[AtomicU64; 4]>::default()).collect();
        Self { began: Instant::now(), times: Arc::new(times) }
    }

    /// Records that a turn passes a point now. Numbers that there is no room for are ignored.
    pub(crate) fn record(&self, turn: usize, point: Point) {
        let nanos = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if let Some(times) = self.times.get(turn) {
            times[point as usize].store(nanos.max(1), Ordering::Relaxed);
        }
    }

    /// The client's own part of the time of each turn that passed all points: from the frame in to the request out, and
    /// from the response in to the frame out.
    pub(crate) fn client_times(&self, turns: Range<usize>) -> Vec<Duration> {
        let times = self.times[turns].iter().filter_map(|times| {
            let [requested, at_gateway, replied, delivered] =
                times.each_ref().map(|time| time.load(Ordering::Relaxed));
            let is_whole = requested > 0
                && requested <= at_gateway
                && at_gateway <= replied
                && replied <= delivered;
            is_whole.then(|| Duration::from_nanos(at_gateway - requested + delivered - replied))
        });
        times.collect()
    }
}

/// The number behind the first [`MARK`] in a text.
pub(crate) fn turn_in(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once(MARK)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Point, TurnTimes, turn_in};

    #[test]
    fn a_turn_counts_once_it_has_passed_all_points() {
        let times = TurnTimes::new(3);
        let all = [Point::Requested, Point::AtGateway, Point::Replied, Point::Delivered];
        for turn in 0..2 {
            for point in all {
                times.record(turn, point);
            }
        }
        times.record(2, Point::Requested);
        times.record(9, Point::Requested);
        assert_eq!((times.client_times(0..3).len(), times.client_times(1..3).len()), (2, 1));
    }

    #[test]
    fn a_turns_number_is_found() {
        assert_eq!(turn_in("{\"request_id\":\"turn-0042\"}"), Some(42));
        assert_eq!(turn_in("return-x"), None);
        assert_eq!(turn_in(""), None);
    }
}
