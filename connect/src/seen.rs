//! Which requests were accepted in the last day: the service may deliver a frame twice, the agent must not act twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

/// How long a request is remembered at least (spec 3).
const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// What is forgotten together: the requests of an hour, or as many as fill a table of 4,096 places before it doubles.
const AGE: Duration = Duration::from_secs(3600);
const SIZE: usize = 3_584;

/// The oldest go beyond this: with 100,000 requests, more than one a second for a whole day.
const MOST: usize = 28;

/// The requests of the last day. Only a hash of each name is kept, in small tables that never grow by copying, so a
/// flood of them stays small; that two of them share one, and the later is ignored, happens once in a hundred million
/// such days.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    hasher: RandomState,
    spans: VecDeque<Span>,
}

/// Requests that came after one another.
#[derive(Debug)]
struct Span {
    since: Instant,
    known: HashSet<u64>,
}

impl Seen {
    /// Notes a request; false if it is known.
    pub(crate) fn insert(&mut self, key: &str, now: Instant) -> bool {
        self.spans.retain(|span| now.saturating_duration_since(span.since) <= MEMORY + AGE);
        let hash = self.hasher.hash_one(key);
        if self.spans.iter().any(|span| span.known.contains(&hash)) {
            return false;
        }
        let is_over = |span: &Span| {
            span.known.len() >= SIZE || now.saturating_duration_since(span.since) >= AGE
        };
        if self.spans.back().is_none_or(is_over) {
            self.spans.push_back(Span { since: now, known: HashSet::new() });
        }
        if self.spans.len() > MOST {
            self.spans.pop_front();
        }
        self.spans.back_mut().is_some_and(|span| span.known.insert(hash))
    }

    /// Forgets a request that was just noted: it was not accepted after all.
    pub(crate) fn forget(&mut self, key: &str) {
        let hash = self.hasher.hash_one(key);
        if let Some(span) = self.spans.back_mut() {
            span.known.remove(&hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AGE, MEMORY, MOST, SIZE, Seen};
    use std::time::{Duration, Instant};

    #[test]
    fn a_request_is_new_once_a_day() {
        let mut seen = Seen::default();
        let now = Instant::now();
        assert!(seen.insert("deep:a", now) && !seen.insert("deep:a", now));
        let late = now + AGE.saturating_sub(Duration::from_secs(1));
        assert!(seen.insert("walkie:a", late) && !seen.insert("walkie:a", late + MEMORY));
        assert!(!seen.insert("deep:a", now + MEMORY));
        assert!(seen.insert("deep:a", now + MEMORY + AGE + Duration::from_secs(1)));
    }

    #[test]
    fn what_was_not_accepted_may_come_again() {
        let mut seen = Seen::default();
        let now = Instant::now();
        assert!(seen.insert("deep:a", now) && seen.insert("deep:b", now));
        seen.forget("deep:b");
        assert!(seen.insert("deep:b", now) && !seen.insert("deep:a", now));
    }

    #[test]
    fn a_flood_is_bounded_and_its_newest_are_known() {
        let mut seen = Seen::default();
        let now = Instant::now();
        let n = MOST * SIZE + 10;
        (0..n).for_each(|n| assert!(seen.insert(&n.to_string(), now)));
        let known: usize = seen.spans.iter().map(|span| span.known.len()).sum();
        assert!(known > 90_000 && seen.spans.len() <= MOST);
        assert!(!seen.insert(&(n - 90_000).to_string(), now));
        assert!(seen.insert("0", now));
    }
}
