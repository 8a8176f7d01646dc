//! The seconds that are left to decide, counted down on a terminal while a request waits.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A line on stderr with the seconds left, on a terminal only; dropping it stops the counting and clears the line.
pub(crate) struct Countdown(Option<(mpsc::Sender<()>, JoinHandle<()>)>);

impl Countdown {
    pub(crate) fn start(timeout: Duration) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let (stop, is_stopped) = mpsc::channel::<()>();
        let until = Instant::now() + timeout;
        let counting = thread::spawn(move || {
            loop {
                let left = until.saturating_duration_since(Instant::now()).as_secs();
                // A terminal that is gone needs no countdown.
                let _ = write!(io::stderr(), "\rcheck your phone: {left} s left \x1b[K");
                let pause = is_stopped.recv_timeout(Duration::from_secs(1));
                if left == 0 || pause != Err(mpsc::RecvTimeoutError::Timeout) {
                    let _ = write!(io::stderr(), "\r\x1b[K");
                    return;
                }
            }
        });
        Self(Some((stop, counting)))
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        if let Some((stop, counting)) = self.0.take() {
            drop(stop);
            // It clears its line before anything is written below it. If it panicked, there is no line to clear.
            let _ = counting.join();
        }
    }
}
