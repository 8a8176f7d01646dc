//! Waiting that a person can end: SIGINT and SIGTERM are heard at once, whatever the work is blocked in.

use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Runs `work` on a thread of its own and gives its result, or `None` as soon as SIGINT, SIGTERM or
/// SIGHUP arrives. The work is then left behind: the caller is about to end the program.
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
        let _ = sender.send(Some(work()));
    });
    let ended = receiver.recv();
    handle.close();
    // The watcher ends with its handle; were it to panic, there is nothing left to do for it.
    let _ = watcher.join();
    ended.context("the wait ended without a result")
}
