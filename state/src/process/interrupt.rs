//! Waits that end at once on SIGINT, SIGTERM or SIGHUP, whatever the work is blocked in.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Runs `work` on a thread of its own and gives its result, or `None` as soon as SIGINT, SIGTERM or SIGHUP arrives. The
/// thread is then left running: the caller is about to end the program. A panic of the work becomes a panic of the caller.
///
/// Fails if no signal handler can be installed.
pub fn run_until_signal<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<Option<T>> {
    let (sender, receiver) = mpsc::channel();
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context("watching for SIGINT and SIGTERM")?;
    let handle = signals.handle();
    let interrupted = sender.clone();
    let watcher = thread::spawn(move || {
        if signals.forever().next().is_some() {
            // Fails if the work is done and the receiver gone.
            let _ = interrupted.send(None);
        }
    });
    thread::spawn(move || {
        // A panic is sent like a result: the channel does not close when this thread ends, since the watcher has a sender
        // too. Sending fails if a signal came first.
        let _ = sender.send(Some(catch_unwind(AssertUnwindSafe(work))));
    });
    let ended = receiver.recv();
    handle.close();
    // The watcher ends when its handle is closed.
    let _ = watcher.join();
    let ended = ended.context("the wait ended without a result")?;
    Ok(ended.map(|result| result.unwrap_or_else(|panic| resume_unwind(panic))))
}

#[cfg(test)]
mod tests {
    use super::run_until_signal;
    use std::panic::{catch_unwind, resume_unwind};

    #[test]
    fn a_panic_of_the_work_ends_the_wait() {
        assert_eq!(run_until_signal(|| 5).unwrap(), Some(5));
        let panic = catch_unwind(|| run_until_signal(|| -> u8 { resume_unwind(Box::new("lost")) }));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"lost"));
    }
}
