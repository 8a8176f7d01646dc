//! Sends head and body of a request together. ureq writes them one after the other, which would make two packets and wake
//! the server twice.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// The end of a head (RFC 9112).
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The connector below [`super::sent_marker`], which records a head also while it is held back here.
#[derive(Debug)]
pub(super) struct CoalesceConnector;

impl<In: Transport> Connector<In> for CoalesceConnector {
    type Out = CoalescingTransport<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| CoalescingTransport { inner, head: Vec::new() }))
    }
}

/// A connection that holds back a head until the body is written or the connection is read from.
#[derive(Debug)]
pub(super) struct CoalescingTransport<T> {
    inner: T,
    /// The head that is held back.
    head: Vec<u8>,
}

impl<T: Transport> CoalescingTransport<T> {
    /// Writes the head, followed by `amount` bytes of the buffer.
    fn write(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut bytes = std::mem::take(&mut self.head);
        bytes.extend_from_slice(&self.inner.buffers().output()[..amount]);
        let room = self.inner.buffers().output().len();
        for part in bytes.chunks(room) {
            self.inner.buffers().output()[..part.len()].copy_from_slice(part);
            self.inner.transmit_output(part.len(), timeout)?;
        }
        Ok(())
    }
}

impl<T: Transport> Transport for CoalescingTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let bytes = &self.inner.buffers().output()[..amount];
        if !self.head.is_empty() {
            return self.write(amount, timeout);
        }
        if bytes.ends_with(END_OF_HEAD) {
            self.head.extend_from_slice(bytes);
            return Ok(());
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if !self.head.is_empty() {
            self.write(0, timeout)?;
        }
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
