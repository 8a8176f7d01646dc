//! What ureq speaks HTTP over: a connection of [`Endpoint`]'s. It sends head and body of a request in one piece, reads a
//! head of any length with a small buffer, and records whether a request was sent.
//!
//! The kinds of ureq's errors do not tell that last: a bad certificate and a response that was cut off are both `Io`. So it is
//! recorded when the first byte of a request is given to an open connection.

use std::cell::Cell;
use std::io::{self, Read as _, Write as _};
use std::time::Instant;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::endpoint::Endpoint;
use super::net_error::CONNECT_WITHIN;
use super::proxy::ProxyRules;
use super::stream::Stream;
use super::tls::TlsPolicy;

/// What is read at once, in bytes. ureq's own buffers, which hold the longest head that is accepted, took 80 MiB with 256
/// turns at once.
const INPUT: usize = 4 << 10;
/// Enough for each line of a head that is sent, in bytes.
const OUTPUT: usize = 2 << 10;
/// What ureq wants for the bodies that it sends, in bytes.
const BODY: usize = 10 << 10;

/// The end of a head (RFC 9112).
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

thread_local! {
    // ureq sends a request on the thread that calls it.
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

/// Opens the connections.
#[derive(Debug)]
pub(super) struct HttpConnector {
    pub(super) rules: ProxyRules,
    pub(super) tls: TlsPolicy,
}

impl Connector for HttpConnector {
    type Out = HttpTransport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<HttpTransport>, Error> {
        let until = Instant::now() + (*details.timeout.after).min(CONNECT_WITHIN);
        let endpoint = Endpoint::new(details.uri, &self.rules, &self.tls)?;
        let stream = endpoint.connect(until).map_err(|err| {
            let is_late = !err.is_permanent() && Instant::now() >= until;
            if is_late { Error::Timeout(details.timeout.reason) } else { err.into() }
        })?;
        Ok(Some(HttpTransport {
            stream,
            head: Vec::new(),
            output: Vec::new(),
            body: Vec::new(),
            input: Vec::new(),
            n_consumed: 0,
            has_progress: false,
        }))
    }
}

/// Looks nothing up: the connector does, under the same deadline as the rest.
#[derive(Debug)]
pub(super) struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// A connection, and what is on its way in and out.
#[derive(Debug)]
pub(super) struct HttpTransport {
    stream: Stream,
    /// The head that is held back until the body is written or the connection is read from: ureq writes them one after the
    /// other, which would make two packets and wake the server twice.
    head: Vec<u8>,
    output: Vec<u8>,
    /// Where a body is read to before it is sent.
    body: Vec<u8>,
    /// What was read. ureq ends a head that gets too long, and consumes a body piece by piece.
    input: Vec<u8>,
    n_consumed: usize,
    has_progress: bool,
}

impl HttpTransport {
    fn write(&mut self, bytes: &[u8], timeout: NextTimeout) -> Result<(), Error> {
        self.stream.set_deadline(Instant::now().checked_add(*timeout.after));
        let written = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
        written.map_err(|err| io_error(err, timeout))
    }
}

impl Transport for HttpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        // Recorded before the write, since a write that fails may have sent a part.
        WAS_SENT.set(true);
        let is_head = self.head.is_empty() && self.output[..amount].ends_with(END_OF_HEAD);
        self.head.extend_from_slice(&self.output[..amount]);
        if is_head {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.head);
        self.write(&bytes, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            self.write(&head, timeout)?;
        }
        self.body = Vec::new();
        self.input.drain(..self.n_consumed);
        self.n_consumed = 0;
        let n_before = self.input.len();
        self.input.resize(n_before + INPUT, 0);
        self.stream.set_deadline(Instant::now().checked_add(*timeout.after));
        let read = loop {
            match self.stream.read(&mut self.input[n_before..]) {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.input.truncate(n_before + *read.as_ref().unwrap_or(&0));
        Ok(read.map_err(|err| io_error(err, timeout))? > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.is_idle()
    }

    fn is_tls(&self) -> bool {
        self.stream.is_secure()
    }
}

fn io_error(err: io::Error, timeout: NextTimeout) -> Error {
    match err.kind() {
        io::ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => err.into(),
    }
}

impl Buffers for HttpTransport {
    fn output(&mut self) -> &mut [u8] {
        self.output.resize(OUTPUT, 0);
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        &self.input[self.n_consumed..]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        // Only connectors above this one would read into it.
        &mut []
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.body.resize(BODY, 0);
        self.output.resize(OUTPUT, 0);
        (&mut self.body, &mut self.output)
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.has_progress = amount > 0;
        self.n_consumed += amount;
    }

    fn can_use_input(&self) -> bool {
        !self.input().is_empty() && self.has_progress
    }
}

impl Drop for HttpTransport {
    fn drop(&mut self) {
        // ureq keeps no connection on which something is left to read: it is dropped as soon as the body is read.
        if !self.input().is_empty() {
            HAD_EXCESS.set(true);
        }
    }
}
