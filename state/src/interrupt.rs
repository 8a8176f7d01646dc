//! Waiting that a person can end: SIGINT and SIGTERM are heard at once, whatever the work is blocked in.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Runs `work` on a thread of its own and gives its result, or `None` as soon as SIGINT, SIGTERM or
/// SIGHUP arrives. The work is then left behind: the caller is about to end the program. A panic of the work
/// goes on here, as if it had been done on this thread.
pub fn unless<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<Option<T>> {
    let (sender, receiver) = mpsc::channel();
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context("watching for SIGINT and SIGTERM")?;
    let handle = signals.handle();
    let interrupted = sender.clone();
    let watcher = thread::spawn(move || {
        if signals.forever().next().is_some() {
            // Nobody listens once the work is done.
            let _ = interrupted.send(None);
        }
    });
    thread::spawn(move || {
        // Nobody listens after an interrupt.
        // A panic is sent as well: the channel does not end with this thread, since the watcher has a sender of its own.
        let _ = sender.send(Some(catch_unwind(AssertUnwindSafe(work))));
    });
    let ended = receiver.recv();
    handle.close();
    // The watcher ends with its handle; were it to panic, there is nothing left to do for it.
    let _ = watcher.join();
    let ended = ended.context("the wait ended without a result")?;
    Ok(ended.map(|result| result.unwrap_or_else(|panic| resume_unwind(panic))))
}

#[cfg(test)]
mod tests {
    use super::unless;
    use std::panic::{catch_unwind, resume_unwind};

    #[test]
    fn a_panic_of_the_work_is_no_endless_wait() {
        assert_eq!(unless(|| 5).unwrap(), Some(5));
        let panic = catch_unwind(|| unless(|| -> u8 { resume_unwind(Box::new("lost")) }));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"lost"));
    }
}
