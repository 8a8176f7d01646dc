//! Whether the request of this thread was sent: the only thing that decides whether it may be sent again. And whether more
//! came in response than was announced.
//!
//! The kinds of ureq's errors do not tell: a bad certificate and a response that was cut off are both `Io`. So the
//! innermost connector records when the first byte of a request is given to an open connection.

use std::cell::Cell;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

thread_local! {
    // ureq sends a request on the thread that calls it; only the look-up of names may run on another.
    static WAS_SENT: Cell<bool> = const { Cell::new(false) };
    static HAD_EXCESS: Cell<bool> = const { Cell::new(false) };
}

/// Begins a new request on this thread.
pub(super) fn reset() {
    WAS_SENT.set(false);
    HAD_EXCESS.set(false);
}

/// Whether any byte of the last request was given to an open connection. If not the server cannot have seen it: name
/// look-up, TCP, the proxy's consent and TLS all come before.
pub(super) fn was_sent() -> bool {
    WAS_SENT.get()
}

/// Whether bytes came behind the end of the last response, as far as they had arrived when its body was read.
pub(super) fn had_excess() -> bool {
    HAD_EXCESS.get()
}

/// Innermost connector: records when the first byte of a request is written.
#[derive(Debug)]
pub(super) struct SentMarker;

impl<In: Transport> Connector<In> for SentMarker {
    type Out = MarkedTransport<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| MarkedTransport { inner }))
    }
}

/// A connection that records when it is written to.
#[derive(Debug)]
pub(super) struct MarkedTransport<T: Transport> {
    inner: T,
}

impl<T: Transport> Drop for MarkedTransport<T> {
    fn drop(&mut self) {
        // ureq keeps no connection on which something is left to read: it is dropped as soon as the body is read.
        if !self.inner.buffers().input().is_empty() {
            HAD_EXCESS.set(true);
        }
    }
}

impl<T: Transport> Transport for MarkedTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        // Recorded before the write, since a write that fails may have sent a part.
        WAS_SENT.set(true);
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
