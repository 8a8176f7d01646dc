//! How other threads reach the loop thread: a channel, and a waker for its poll.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use mio::Waker;

use crate::shared::worker_event::WorkerEvent;
use crate::status::gateway_health::GatewayHealth;
use crate::transport::connection::DialResult;

/// An event from another thread for the loop thread.
pub(crate) enum LoopEvent {
    /// A dial ended.
    Dialled {
        /// Which one: an earlier one may still hang in a name lookup.
        attempt: u64,
        /// The open connection, or why there is none.
        result: DialResult,
    },
    /// A request on a worker has come further.
    Worker {
        /// The request.
        key: String,
        /// What happened to it.
        event: WorkerEvent,
    },
    /// Requests wait for the gateway, and it is not back yet.
    GatewayDown(GatewayHealth),
    /// The owner texted STOP: what is under way ends.
    OwnerStopped,
    /// Something that is shared has changed.
    Wake,
}

/// Sends events and wakes the receiver. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LoopSender {
    sender: Sender<LoopEvent>,
    /// The receiver was woken and has taken nothing since: to wake it again would only cost.
    is_woken: Arc<AtomicBool>,
    /// `None` where the receiver waits on the channel itself: a simulation.
    waker: Option<Arc<Waker>>,
}

impl LoopSender {
    /// A sender and its receiver.
    pub(crate) fn new(waker: Option<Waker>) -> (Self, LoopReceiver) {
        let (sender, receiver) = channel();
        let is_woken = Arc::<AtomicBool>::default();
        let loop_receiver = LoopReceiver { receiver, is_woken: Arc::clone(&is_woken) };
        (Self { sender, is_woken, waker: waker.map(Arc::new) }, loop_receiver)
    }

    /// Sends an event. One to a client that has ended is lost, and nobody misses it.
    pub(crate) fn send(&self, event: LoopEvent) {
        if self.sender.send(event).is_ok()
            && !self.is_woken.swap(true, Ordering::SeqCst)
            && let Some(waker) = &self.waker
        {
            // A waker fails only when its poll is gone.
            let _ = waker.wake();
        }
    }
}

/// Where events arrive.
pub(crate) struct LoopReceiver {
    receiver: Receiver<LoopEvent>,
    is_woken: Arc<AtomicBool>,
}

impl LoopReceiver {
    /// The events that are there. Whatever comes from now on wakes again.
    pub(crate) fn take(&self) -> impl Iterator<Item = LoopEvent> + use<> {
        self.is_woken.store(false, Ordering::SeqCst);
        self.receiver.try_iter().collect::<Vec<_>>().into_iter()
    }

    /// Waits for the next one.
    pub(crate) fn wait(&self, within: Duration) -> Result<LoopEvent, RecvTimeoutError> {
        self.receiver.recv_timeout(within)
    }
}
