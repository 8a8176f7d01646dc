//! The byte stream below the WebSocket: TCP or TLS, with a deadline while dialling and non-blocking afterwards.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd as _, RawFd};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};
use tungstenite::WebSocket;
use tungstenite::protocol::WebSocketConfig;

/// No frame of the service's comes near this; a longer one ends the connection (1009).
pub(crate) const MAX_FRAME: usize = 1 << 20;

/// Frames that are queued together leave together, up to this many bytes.
const TOGETHER: usize = 16 << 10;

/// Buffers of a connection that carries a few short frames a minute.
pub(crate) fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        .write_buffer_size(TOGETHER)
        .max_write_buffer_size(4 * MAX_FRAME)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME))
}

/// A TCP stream whose reads and writes end at a deadline while dialling, and never wait afterwards.
#[derive(Debug)]
pub(crate) struct DeadlineStream {
    tcp: TcpStream,
    until: Option<Instant>,
}

impl DeadlineStream {
    /// A stream that may be used until `until`.
    pub(crate) fn new(tcp: TcpStream, until: Instant) -> Self {
        Self { tcp, until: Some(until) }
    }

    /// The time until the deadline; `None` where there is none. Fails when it has passed.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(until) = self.until else { return Ok(None) };
        let left = until.saturating_duration_since(Instant::now());
        // A timeout of zero would mean none.
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }

    /// A read that timed out fails with `WouldBlock`, which the layers above would take for a stream without data yet.
    fn as_timeout<T>(&self, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(err) if self.until.is_some() && err.kind() == io::ErrorKind::WouldBlock => {
                Err(io::ErrorKind::TimedOut.into())
            }
            other => other,
        }
    }
}

impl Read for DeadlineStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.tcp.set_read_timeout(Some(left))?;
        }
        let result = self.tcp.read(buffer);
        self.as_timeout(result)
    }
}

impl Write for DeadlineStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.tcp.set_write_timeout(Some(left))?;
        }
        let result = self.tcp.write(bytes);
        self.as_timeout(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// What the WebSocket runs over.
#[derive(Debug)]
pub(crate) enum ServiceStream {
    /// Plain TCP, to loopback only.
    Plain(DeadlineStream),
    /// TLS over TCP.
    Tls(Box<StreamOwned<ClientConnection, DeadlineStream>>),
}

impl ServiceStream {
    /// Takes the deadline away: no read or write waits any more.
    pub(super) fn make_nonblocking(&mut self) -> io::Result<()> {
        let stream = self.tcp_stream();
        stream.until = None;
        stream.tcp.set_read_timeout(None)?;
        stream.tcp.set_write_timeout(None)?;
        stream.tcp.set_nonblocking(true)
    }

    /// What a poll watches.
    pub(super) fn fd(&mut self) -> RawFd {
        self.tcp_stream().tcp.as_raw_fd()
    }

    fn tcp_stream(&mut self) -> &mut DeadlineStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for ServiceStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for ServiceStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A connection whose upgrade was accepted, as a dial hands it over.
pub(crate) type OpenWebSocket = WebSocket<ServiceStream>;
