//! How far the request of this thread got: the only thing that decides whether it may be sent again.
//!
//! Kinds of errors do not tell (facts/crates.md): a bad certificate and a cut answer are both "io". So a
//! last link in ureq's connector chain notes when the first byte of a request is handed to a connection.

use std::cell::Cell;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

thread_local! {
    // ureq runs a request on the thread that asks for it, name look-ups excepted.
    static HANDED: Cell<bool> = const { Cell::new(false) };
}

/// Forgets the thread's last request.
pub(super) fn begin() {
    HANDED.set(false);
}

/// Whether any byte of the request begun last was handed to an open connection. If not, the server
/// cannot have seen it: names, TCP, a proxy's consent and TLS all come before.
pub(super) fn left() -> bool {
    HANDED.get()
}

/// The last link of the chain: whatever it is given, it watches.
#[derive(Debug)]
pub(super) struct Marker;

impl<In: Transport> Connector<In> for Marker {
    type Out = Watched<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(Watched))
    }
}

/// A connection that notes the first byte it is handed.
#[derive(Debug)]
pub(super) struct Watched<T>(T);

impl<T: Transport> Transport for Watched<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        // Before the write, since a write that fails may have sent a part.
        HANDED.set(true);
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}
