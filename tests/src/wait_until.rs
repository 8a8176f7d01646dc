//! Waiting for what can only be polled: a file that a program writes, say.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until a condition holds.
///
/// # Panics
/// When it does not within `limit`.
#[track_caller]
pub fn wait_until(limit: Duration, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < deadline, "it did not come within {limit:?}");
        // Between two polls; the deadline is what decides.
        thread::sleep(Duration::from_millis(5));
    }
}
