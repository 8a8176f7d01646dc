//! One open WebSocket over a non-blocking stream: read what is there, write, never wait.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustls::{ClientConnection, StreamOwned};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, Utf8Bytes, WebSocket};

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
pub(crate) struct Bounded {
    tcp: TcpStream,
    until: Option<Instant>,
}

impl Bounded {
    /// A stream that may be used until `until`.
    pub(crate) fn new(tcp: TcpStream, until: Instant) -> Self {
        Self { tcp, until: Some(until) }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(until) = self.until else { return Ok(None) };
        let left = until.saturating_duration_since(Instant::now());
        // A timeout of zero would mean none.
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }

    /// A read that timed out says `WouldBlock`, which the layers above would take for patience.
    fn told<T>(&self, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(err) if self.until.is_some() && err.kind() == io::ErrorKind::WouldBlock => {
                Err(io::ErrorKind::TimedOut.into())
            }
            other => other,
        }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.tcp.set_read_timeout(Some(left))?;
        }
        let result = self.tcp.read(buffer);
        self.told(result)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.tcp.set_write_timeout(Some(left))?;
        }
        let result = self.tcp.write(bytes);
        self.told(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// What the WebSocket runs over.
#[derive(Debug)]
pub(crate) enum Wire {
    /// Plain TCP, to loopback only.
    Plain(Bounded),
    /// TLS over TCP.
    Tls(Box<StreamOwned<ClientConnection, Bounded>>),
}

impl Wire {
    fn bounded(&mut self) -> &mut Bounded {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
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
pub(crate) type Dialled = WebSocket<Wire>;

/// What was read.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A text frame, or a binary one that holds text.
    Text(Utf8Bytes),
    /// The answer to the ping of this number, and so to every earlier one.
    Pong(u64),
    /// The service closed the connection.
    Closed {
        /// Its close code; 1005 stands for none.
        code: u16,
        /// Its words, possibly empty.
        reason: String,
    },
    /// Something that needs nothing done: a ping (the library answers it), a stray pong.
    Nothing,
}

/// A connection that is gone, in one plain line.
#[derive(Debug)]
pub(crate) struct Lost(pub(crate) String);

/// The open WebSocket. Its stream never blocks.
#[derive(Debug)]
pub(crate) struct Socket {
    websocket: WebSocket<Wire>,
    token: Token,
    /// The stream takes nothing for now.
    blocked: bool,
    /// The poll watches for room.
    watched: bool,
}

impl Socket {
    /// Takes over a dialled connection and registers it for both directions. Readiness is told once per
    /// change: read until nothing is left, first before the first poll, since frames may have arrived
    /// together with the handshake.
    pub(crate) fn open(
        mut websocket: Dialled,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let stream = websocket.get_mut().bounded();
        stream.until = None;
        stream.tcp.set_read_timeout(None)?;
        stream.tcp.set_write_timeout(None)?;
        stream.tcp.set_nonblocking(true)?;
        let fd = stream.tcp.as_raw_fd();
        registry.register(&mut SourceFd(&fd), token, Interest::READABLE)?;
        Ok(Self { websocket, token, blocked: false, watched: false })
    }

    /// Watches for room while the stream is blocked, and only then: every acknowledgement makes some, and
    /// would wake us.
    pub(crate) fn watch(&mut self, registry: &Registry) -> Result<(), Lost> {
        if self.watched == self.blocked {
            return Ok(());
        }
        let interest =
            if self.blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        let fd = self.websocket.get_mut().bounded().tcp.as_raw_fd();
        registry
            .reregister(&mut SourceFd(&fd), self.token, interest)
            .map_err(|err| Lost(format!("the system does not watch the connection: {err}")))?;
        self.watched = self.blocked;
        Ok(())
    }

    /// The next frame, or `None` when there is nothing more to read for now.
    pub(crate) fn read(&mut self) -> Result<Option<Incoming>, Lost> {
        match self.websocket.read() {
            Ok(Message::Text(text)) => Ok(Some(Incoming::Text(text))),
            Ok(Message::Binary(bytes)) => {
                Ok(Some(Utf8Bytes::try_from(bytes).map_or(Incoming::Nothing, Incoming::Text)))
            }
            Ok(Message::Pong(payload)) => {
                Ok(Some(payload.as_ref().try_into().map_or(Incoming::Nothing, |number| {
                    Incoming::Pong(u64::from_be_bytes(number))
                })))
            }
            Ok(Message::Close(frame)) => Ok(Some(match frame {
                Some(frame) => Incoming::Closed {
                    code: frame.code.into(),
                    reason: frame.reason.chars().take(200).collect(),
                },
                None => Incoming::Closed { code: 1005, reason: String::new() },
            })),
            Ok(Message::Ping(_) | Message::Frame(_)) => Ok(Some(Incoming::Nothing)),
            Err(Error::Io(err)) if err.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(err) => Err(self.lost(err)),
        }
    }

    /// Queues a text frame; [`Self::flush`] sends it.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Lost> {
        self.queue(Message::text(text))
    }

    /// Queues a ping that carries a number.
    pub(crate) fn ping(&mut self, number: u64) -> Result<(), Lost> {
        self.queue(Message::Ping(Bytes::copy_from_slice(&number.to_be_bytes())))
    }

    /// Sends what is queued, pongs included, as far as the stream takes it.
    pub(crate) fn flush(&mut self) -> Result<(), Lost> {
        let result = self.websocket.flush();
        self.blocked = false;
        self.settle(result)
    }

    /// Whether the stream takes nothing for now. What is queued leaves when it is writable again.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Says goodbye with a close code.
    pub(crate) fn close(&mut self, code: u16) -> Result<(), Lost> {
        let frame = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static("") };
        let result = self.websocket.close(Some(frame));
        self.settle(result)
    }

    /// Stops watching the stream; dropping it closes it.
    pub(crate) fn leave(mut self, registry: &Registry) {
        let fd = self.websocket.get_mut().bounded().tcp.as_raw_fd();
        // Closing the descriptor takes it out of the poll as well.
        let _ = registry.deregister(&mut SourceFd(&fd));
    }

    fn queue(&mut self, message: Message) -> Result<(), Lost> {
        let result = self.websocket.write(message);
        self.settle(result)
    }

    /// A frame that did not fit into the stream stays in the library's buffer.
    fn settle(&mut self, result: tungstenite::Result<()>) -> Result<(), Lost> {
        match result {
            Ok(()) => Ok(()),
            Err(Error::Io(err)) if err.kind() == io::ErrorKind::WouldBlock => {
                self.blocked = true;
                Ok(())
            }
            Err(err) => Err(self.lost(err)),
        }
    }

    /// The reason in our words: some of the library's repeat themselves or hold a link to its manual.
    fn lost(&mut self, err: Error) -> Lost {
        let why = match err {
            Error::ConnectionClosed | Error::AlreadyClosed => {
                "the connection was closed".to_owned()
            }
            Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
                "the connection ended without a close frame (1006)".to_owned()
            }
            Error::Capacity(_) => {
                // The service may want to know why; what becomes of the frame does not matter.
                let _ = self.websocket.close(Some(CloseFrame {
                    code: CloseCode::Size,
                    reason: Utf8Bytes::from_static(""),
                }));
                format!("the service sent a frame of more than {MAX_FRAME} bytes (1009)")
            }
            Error::Io(err) if err.kind() == io::ErrorKind::UnexpectedEof => {
                "the connection was cut (1006)".to_owned()
            }
            Error::Io(err) => format!("the connection broke: {err}"),
            Error::Utf8(_) => "the service sent text that is no UTF-8 (1007)".to_owned(),
            other => format!("the service broke the WebSocket protocol: {other}"),
        };
        Lost(why)
    }
}
