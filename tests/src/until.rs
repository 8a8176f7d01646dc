//! The wait for what nobody tells of: a file that a program writes, say.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until something shows.
///
/// # Panics
/// When it has not shown within `limit`.
#[track_caller]
pub fn until(limit: Duration, shows: impl Fn() -> bool) {
    let deadline = Instant::now() + limit;
    while !shows() {
        assert!(Instant::now() < deadline, "it did not show within {limit:?}");
        // From one look to the next; the deadline is what decides.
        thread::sleep(Duration::from_millis(5));
    }
}
