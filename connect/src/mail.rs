//! How other threads reach the one that owns the socket: a channel, and a waker for its poll.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use mio::Waker;

use crate::dial::Refusal;
use crate::report::Report;
use crate::socket::Dialled;

/// What is told to the socket's thread.
pub(crate) enum Mail {
    /// A dial ended.
    Dialled {
        /// Which one: an earlier one may still be hanging in a name lookup.
        attempt: u64,
        /// The open connection, or why there is none.
        result: Result<Box<Dialled>, Refusal>,
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
    /// `None` where the receiver waits on the channel itself: a simulation.
    waker: Option<Arc<Waker>>,
}

impl Mailer {
    /// A mailer and the end where its mail arrives.
    pub(crate) fn new(waker: Option<Waker>) -> (Self, Receiver<Mail>) {
        let (sender, receiver) = channel();
        (Self { sender, waker: waker.map(Arc::new) }, receiver)
    }

    /// Sends. Mail to a client that has ended is lost, and nobody misses it.
    pub(crate) fn send(&self, mail: Mail) {
        if self.sender.send(mail).is_ok()
            && let Some(waker) = &self.waker
        {
            // A waker fails only when its poll is gone.
            let _ = waker.wake();
        }
    }
}
