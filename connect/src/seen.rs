//! Which requests were accepted in the last day: the service may deliver a frame twice, the agent must not act twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

/// How long a request is remembered (spec 3).
const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// Requests beyond this are forgotten, oldest first: more than one a second for a whole day.
const MAX: usize = 100_000;

/// The requests of the last day. Only a hash of each name is kept, so a flood of them stays small; that two of
/// them share one, and the later is ignored, happens once in a hundred million such days.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    hasher: RandomState,
    known: HashSet<u64>,
    order: VecDeque<(Instant, u64)>,
}

impl Seen {
    /// Notes a request; false if it is known.
    pub(crate) fn insert(&mut self, key: &str, now: Instant) -> bool {
        while let Some((since, hash)) = self.order.front().copied()
            && (now.saturating_duration_since(since) > MEMORY || self.order.len() >= MAX)
        {
            self.order.pop_front();
            self.known.remove(&hash);
        }
        let hash = self.hasher.hash_one(key);
        let is_new = self.known.insert(hash);
        if is_new {
            self.order.push_back((now, hash));
        }
        is_new
    }

    /// Forgets the request that was noted last: it was not accepted after all.
    pub(crate) fn forget_last(&mut self) {
        if let Some((_, hash)) = self.order.pop_back() {
            self.known.remove(&hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX, MEMORY, Seen};
    use std::time::{Duration, Instant};

    #[test]
    fn a_request_is_new_once_a_day() {
        let mut seen = Seen::default();
        let now = Instant::now();
        assert!(seen.insert("deep:a", now) && !seen.insert("deep:a", now));
        assert!(seen.insert("walkie:a", now));
        assert!(!seen.insert("deep:a", now + MEMORY));
        assert!(seen.insert("deep:a", now + MEMORY + Duration::from_secs(1)));
    }

    #[test]
    fn what_was_not_accepted_may_come_again() {
        let mut seen = Seen::default();
        let now = Instant::now();
        assert!(seen.insert("deep:a", now));
        seen.forget_last();
        assert!(seen.insert("deep:a", now));
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut seen = Seen::default();
        let now = Instant::now();
        (0..MAX + 10).for_each(|n| assert!(seen.insert(&n.to_string(), now)));
        assert!(seen.known.len() <= MAX && seen.order.len() == seen.known.len());
    }
}
