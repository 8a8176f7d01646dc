//! A request leaves in one piece: its head waits for the first of its body.
//!
//! ureq hands over the two one after the other. Each would be a packet, and wake the other end, of its own.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// What a head ends with (RFC 9112).
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A link of the chain, below the one that notes what was handed over.
#[derive(Debug)]
pub(super) struct Whole;

impl<In: Transport> Connector<In> for Whole {
    type Out = Joined<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|below| Joined { below, head: Vec::new() }))
    }
}

/// A connection that may hold back a head, at most until it is read from.
#[derive(Debug)]
pub(super) struct Joined<T> {
    below: T,
    head: Vec<u8>,
}

impl<T: Transport> Joined<T> {
    /// Sends the head, and behind it this much of the buffer.
    fn send(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut bytes = std::mem::take(&mut self.head);
        bytes.extend_from_slice(&self.below.buffers().output()[..amount]);
        let room = self.below.buffers().output().len();
        for part in bytes.chunks(room) {
            self.below.buffers().output()[..part.len()].copy_from_slice(part);
            self.below.transmit_output(part.len(), timeout)?;
        }
        Ok(())
    }
}

impl<T: Transport> Transport for Joined<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.below.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let bytes = &self.below.buffers().output()[..amount];
        if !self.head.is_empty() {
            return self.send(amount, timeout);
        }
        if bytes.ends_with(END_OF_HEAD) {
            self.head.extend_from_slice(bytes);
            return Ok(());
        }
        self.below.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if !self.head.is_empty() {
            self.send(0, timeout)?;
        }
        self.below.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.below.is_open()
    }

    fn is_tls(&self) -> bool {
        self.below.is_tls()
    }
}
