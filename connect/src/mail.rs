//! How other threads reach the one that owns the socket: a channel, and a waker for its poll.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use mio::Waker;

use crate::report::Report;
use crate::transport::connection::DialResult;

/// What is told to the socket's thread.
pub(crate) enum Mail {
    /// A dial ended.
    Dialled {
        /// Which one: an earlier one may still be hanging in a name lookup.
        attempt: u64,
        /// The open connection, or why there is none.
        result: DialResult,
    },
    /// Something of a request.
    Turn {
        /// The request.
        key: String,
        /// What became of it.
        report: Report,
    },
}

/// Sends mail and wakes the receiver. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Mailer {
    sender: Sender<Mail>,
    /// The receiver was woken and has not looked since: to wake it again would only cost.
    woken: Arc<AtomicBool>,
    /// `None` where the receiver waits on the channel itself: a simulation.
    waker: Option<Arc<Waker>>,
}

impl Mailer {
    /// A mailer and the end where its mail arrives.
    pub(crate) fn new(waker: Option<Waker>) -> (Self, Mailbox) {
        let (sender, receiver) = channel();
        let woken = Arc::<AtomicBool>::default();
        let mailbox = Mailbox { receiver, woken: Arc::clone(&woken) };
        (Self { sender, woken, waker: waker.map(Arc::new) }, mailbox)
    }

    /// Sends. Mail to a client that has ended is lost, and nobody misses it.
    pub(crate) fn send(&self, mail: Mail) {
        if self.sender.send(mail).is_ok()
            && !self.woken.swap(true, Ordering::SeqCst)
            && let Some(waker) = &self.waker
        {
            // A waker fails only when its poll is gone.
            let _ = waker.wake();
        }
    }
}

/// Where mail arrives.
pub(crate) struct Mailbox {
    receiver: Receiver<Mail>,
    woken: Arc<AtomicBool>,
}

impl Mailbox {
    /// What is there. Whatever comes from now on wakes again.
    pub(crate) fn take(&self) -> impl Iterator<Item = Mail> + use<> {
        self.woken.store(false, Ordering::SeqCst);
        self.receiver.try_iter().collect::<Vec<_>>().into_iter()
    }

    /// Waits for the next one.
    pub(crate) fn wait(&self, within: Duration) -> Result<Mail, RecvTimeoutError> {
        self.receiver.recv_timeout(within)
    }
}
