//! Deduplication: the service may deliver a frame twice, and the agent must not act twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

/// How long a request is remembered at least.
const RETENTION: Duration = Duration::from_secs(24 * 3600);

/// What is forgotten together: the requests of an hour, or as many as fill a table of 4,096 places before it doubles.
const SPAN: Duration = Duration::from_secs(3600);
const MAX_HASHES: usize = 3_584;

/// The oldest go beyond this: with 100,000 requests, more than one a second for a whole day.
const MAX_SPANS: usize = 28;

/// The requests of the last day. Only a hash of each key is held, in small tables that never grow by copying, so a flood
/// of them stays small; that two of them share one, and the later is ignored, happens once in a hundred million such
/// days.
#[derive(Debug, Default)]
pub(crate) struct SeenRequests {
    hasher: RandomState,
    spans: VecDeque<SeenSpan>,
}

/// Requests that came after one another, and are forgotten together.
#[derive(Debug)]
struct SeenSpan {
    since: Instant,
    hashes: HashSet<u64>,
}

impl SeenRequests {
    /// Records a request; false if it was recorded before.
    pub(crate) fn insert(&mut self, key: &str, now: Instant) -> bool {
        self.spans.retain(|span| now.saturating_duration_since(span.since) <= RETENTION + SPAN);
        let hash = self.hasher.hash_one(key);
        if self.spans.iter().any(|span| span.hashes.contains(&hash)) {
            return false;
        }
        let is_over = |span: &SeenSpan| {
            span.hashes.len() >= MAX_HASHES || now.saturating_duration_since(span.since) >= SPAN
        };
        if self.spans.back().is_none_or(is_over) {
            self.spans.push_back(SeenSpan { since: now, hashes: HashSet::new() });
        }
        if self.spans.len() > MAX_SPANS {
            self.spans.pop_front();
        }
        self.spans.back_mut().is_some_and(|span| span.hashes.insert(hash))
    }

    /// Forgets a request that was just recorded: it was not accepted after all.
    pub(crate) fn forget(&mut self, key: &str) {
        let hash = self.hasher.hash_one(key);
        if let Some(span) = self.spans.back_mut() {
            span.hashes.remove(&hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_HASHES, MAX_SPANS, RETENTION, SPAN, SeenRequests};
    use std::time::{Duration, Instant};

    #[test]
    fn a_request_is_new_once_a_day() {
        let mut seen = SeenRequests::default();
        let now = Instant::now();
        assert!(seen.insert("deep:a", now) && !seen.insert("deep:a", now));
        let late = now + SPAN.saturating_sub(Duration::from_secs(1));
        assert!(seen.insert("walkie:a", late) && !seen.insert("walkie:a", late + RETENTION));
        assert!(!seen.insert("deep:a", now + RETENTION));
        assert!(seen.insert("deep:a", now + RETENTION + SPAN + Duration::from_secs(1)));
    }

    #[test]
    fn what_was_not_accepted_may_come_again() {
        let mut seen = SeenRequests::default();
        let now = Instant::now();
        assert!(seen.insert("deep:a", now) && seen.insert("deep:b", now));
        seen.forget("deep:b");
        assert!(seen.insert("deep:b", now) && !seen.insert("deep:a", now));
    }

    #[test]
    fn a_flood_is_bounded_and_its_newest_are_remembered() {
        let mut seen = SeenRequests::default();
        let now = Instant::now();
        let n = MAX_SPANS * MAX_HASHES + 10;
        (0..n).for_each(|n| assert!(seen.insert(&n.to_string(), now)));
        let n_seen: usize = seen.spans.iter().map(|span| span.hashes.len()).sum();
        assert!(n_seen > 90_000 && seen.spans.len() <= MAX_SPANS);
        assert!(!seen.insert(&(n - 90_000).to_string(), now));
        assert!(seen.insert("0", now));
    }
}
