//! Reads the head of a response of any length that is accepted, with a small buffer for all others. ureq's own has one size
//! for all: a head that is longer breaks every command, and one for the longest took 80 MiB with 256 turns at once.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// What ureq wants for the bodies that it sends, in bytes.
const BODY_BUFFER: usize = 10 << 10;

/// The connector that gives each connection an input buffer which grows with the head.
#[derive(Debug)]
pub(super) struct GrowingInput;

impl<In: Transport> Connector<In> for GrowingInput {
    type Out = GrowingTransport<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| GrowingTransport {
            inner,
            input: Vec::new(),
            n_consumed: 0,
            has_progress: false,
            body: Vec::new(),
        }))
    }
}

/// A connection whose input is as large as what was read and not yet consumed. ureq ends a head that gets too long
/// ([`super::limits::MAX_HEAD`]), and consumes a body piece by piece.
#[derive(Debug)]
pub(super) struct GrowingTransport<T> {
    inner: T,
    input: Vec<u8>,
    n_consumed: usize,
    has_progress: bool,
    /// Where a body is read to before it is sent.
    body: Vec<u8>,
}

impl<T: Transport> Transport for GrowingTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.body = Vec::new();
        self.inner.await_input(timeout)?;
        let read = self.inner.buffers().input();
        let n_read = read.len();
        self.input.drain(..self.n_consumed);
        self.n_consumed = 0;
        self.input.extend_from_slice(read);
        self.inner.buffers().input_consume(n_read);
        Ok(n_read > 0)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl<T: Transport> Buffers for GrowingTransport<T> {
    fn output(&mut self) -> &mut [u8] {
        self.inner.buffers().output()
    }

    fn input(&self) -> &[u8] {
        &self.input[self.n_consumed..]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.inner.buffers().input_append_buf()
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.body.resize(BODY_BUFFER, 0);
        (&mut self.body, self.inner.buffers().output())
    }

    fn input_appended(&mut self, amount: usize) {
        self.inner.buffers().input_appended(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.has_progress = amount > 0;
        self.n_consumed += amount;
    }

    fn can_use_input(&self) -> bool {
        !self.input().is_empty() && self.has_progress
    }
}
