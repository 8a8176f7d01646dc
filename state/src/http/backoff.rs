//! How long to wait between attempts: exponential backoff with full jitter, so that clients that failed at the same time
//! do not all return at the same time.

use std::time::Duration;

/// The wait after failed attempt number `attempt` (counted from 0): a random part of `base` doubled `attempt` times, of
/// `cap` at the most. `random` is in 0..1 and chooses the part.
pub fn delay(attempt: u32, base: Duration, cap: Duration, random: f64) -> Duration {
    let ceiling = base.saturating_mul(2_u32.saturating_pow(attempt)).min(cap);
    ceiling.mul_f64(random.clamp(0.0, 1.0))
}

/// A random number in 0..1 for [`delay`]. If the system has no randomness it is 0.5, which is a wait too.
pub fn random() -> f64 {
    // The upper 32 bits fit an f64 exactly.
    getrandom::u32().map_or(0.5, |bits| f64::from(bits) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use super::{delay, random};
    use proptest::prelude::{prop_assert, proptest};
    use std::time::Duration;

    proptest! {
        #[test]
        fn stays_within_its_bounds(attempt in 0..u32::MAX, base in 0..100_000_u64, cap in 0..100_000_u64, random in 0.0..1.0) {
            let (base, cap) = (Duration::from_millis(base), Duration::from_millis(cap));
            let wait = delay(attempt, base, cap, random);
            prop_assert!(wait <= cap);
            prop_assert!(attempt > 0 || wait <= base);
            prop_assert!(wait <= delay(attempt, base, cap, 1.0));
            prop_assert!(delay(attempt, base, cap, 1.0) <= delay(attempt.saturating_add(1), base, cap, 1.0));
        }
    }

    #[test]
    fn doubles_to_the_cap() {
        let longest =
            |attempt| delay(attempt, Duration::from_millis(500), Duration::from_secs(45), 1.0);
        let seconds: Vec<f64> = (0..9).map(|attempt| longest(attempt).as_secs_f64()).collect();
        assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 45.0, 45.0]);
        assert!((0.0..1.0).contains(&random()));
    }
}
