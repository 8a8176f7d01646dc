//! Hashes that are the same in every program and after every kill: idempotency keys for the service, and the choice of a
//! moment within an interval.

/// FNV-1a with a final mix, so that names with a common beginning differ in every bit.
fn of(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A fraction in [0, 1).
pub(crate) fn fraction(text: &str) -> f64 {
    let bits = u32::try_from(of(text) >> 32).expect("a u64 shifted by 32 bits fits");
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// 32 letters and digits, for a key that the service compares.
pub(crate) fn key(text: &str) -> String {
    format!("{:016x}{:016x}", of(text), of(&format!("{text}\0")))
}

#[cfg(test)]
mod tests {
    use super::{fraction, key};

    #[test]
    fn similar_names_lie_far_apart() {
        let fractions: Vec<f64> = (0..1000).map(|n| fraction(&format!("event-{n}/1"))).collect();
        assert!(fractions.iter().all(|part| (0.0..1.0).contains(part)));
        for tenth in 0..10 {
            let from = f64::from(tenth) / 10.0;
            let n = fractions.iter().filter(|part| (from..from + 0.1).contains(*part)).count();
            assert!((50..200).contains(&n), "{n} from {from}");
        }
        assert_eq!(key("a"), key("a"));
        assert_ne!(key("a"), key("b"));
    }
}
