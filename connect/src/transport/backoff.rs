//! How long to wait before the next attempt to connect: a pure function of the failures so far.

use std::time::Duration;

use state::http::backoff;

/// The first attempt after a drop comes within this: most outages are shorter than any longer pause would make them.
const FIRST: Duration = Duration::from_millis(500);
/// The service has been seen to refuse connections for 35 to 75 s at a time.
const CAP: Duration = Duration::from_secs(45);
/// A service that asks for a longer pause is dialled again after this: it may have meant milliseconds.
const LONGEST_OBEYED: Duration = Duration::from_secs(3600);

/// The pause after `n_failures` connections in a row that did not last. What the service asked for (`retry_after`) is the
/// least; on top of it comes full jitter, so that clients that were dropped together do not come back together. `random`
/// is in 0..1.
pub(crate) fn pause(n_failures: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    retry_after.unwrap_or_default().min(LONGEST_OBEYED)
        + backoff::delay(n_failures, FIRST, CAP, random)
}

#[cfg(test)]
mod tests {
    use super::{CAP, FIRST, LONGEST_OBEYED, pause};
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn the_first_attempt_comes_within_half_a_second() {
        assert_eq!(pause(0, None, 1.0), FIRST);
        assert_eq!(pause(0, None, 0.0), Duration::ZERO);
        assert_eq!(pause(u32::MAX, None, 1.0), CAP);
    }

    proptest! {
        #[test]
        fn retry_after_is_the_least(n_failures: u32, seconds in 0_u64..1_000_000, random in 0.0..1.0) {
            let asked = Duration::from_secs(seconds);
            let pause = pause(n_failures, Some(asked), random);
            prop_assert!(pause >= asked.min(LONGEST_OBEYED));
            prop_assert!(pause <= asked.min(LONGEST_OBEYED) + CAP);
        }
    }
}
