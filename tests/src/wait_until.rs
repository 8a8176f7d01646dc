//! Waiting for what can only be polled: a file that a program writes, say.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until a condition holds.
///
/// # Panics
/// When it does not within `limit`.
#[track_caller]
pub fn wait_until(limit: Duration, holds: impl FnMut() -> bool) {
    assert!(comes_true(limit, holds), "it did not come within {limit:?}");
}

/// The same, but false when it does not.
pub fn comes_true(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !holds() {
        if Instant::now() >= deadline {
            return false;
        }
        // Between two polls; the deadline is what decides.
        thread::sleep(Duration::from_millis(5));
    }
    true
}
