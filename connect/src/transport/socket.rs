//! One open WebSocket over a non-blocking stream: reads what is there, writes, never waits.

use std::io;
use std::os::fd::{AsRawFd as _, RawFd};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Bytes, Error, Message, Utf8Bytes};

use super::dial::{MAX_FRAME, OpenWebSocket};

/// What was read from the socket.
#[derive(Debug)]
pub(crate) enum SocketMessage {
    /// A text frame, or a binary one that holds text.
    Text(Utf8Bytes),
    /// The answer to the ping of this number, and so to every earlier one.
    Pong(u64),
    /// The service closed the connection.
    Closed {
        /// Its close code; 1005 stands for none.
        code: u16,
        /// Its reason, possibly empty.
        reason: String,
    },
    /// Something that needs nothing done: a ping (the library answers it), a stray pong.
    Nothing,
}

/// A connection that is gone, in one plain line.
#[derive(Debug)]
pub(crate) struct Disconnected(pub(crate) String);

/// The open WebSocket. Its stream never blocks.
#[derive(Debug)]
pub(crate) struct ServiceSocket {
    websocket: OpenWebSocket,
    token: Token,
    /// The stream takes nothing for now.
    is_blocked: bool,
    /// The poll watches for room.
    watches_for_room: bool,
}

impl ServiceSocket {
    /// Takes over a dialled connection and registers it for both directions. Readiness is reported once per
    /// change: read until nothing is left, first before the first poll, since frames may have arrived
    /// together with the handshake.
    pub(crate) fn open(
        mut websocket: OpenWebSocket,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let stream = websocket.get_mut();
        stream.make_nonblocking()?;
        registry.register(&mut SourceFd(&stream.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Self { websocket, token, is_blocked: false, watches_for_room: false })
    }

    /// Has the poll watch for room while the stream is blocked, and only then: every acknowledgement makes some, and would
    /// wake us.
    pub(crate) fn update_interest(&mut self, registry: &Registry) -> Result<(), Disconnected> {
        if self.watches_for_room == self.is_blocked {
            return Ok(());
        }
        let interest = if self.is_blocked {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        let fd = self.fd();
        registry.reregister(&mut SourceFd(&fd), self.token, interest).map_err(|err| {
            Disconnected(format!("the system does not watch the connection: {err}"))
        })?;
        self.watches_for_room = self.is_blocked;
        Ok(())
    }

    /// The next frame, or `None` when there is nothing more to read for now.
    pub(crate) fn read(&mut self) -> Result<Option<SocketMessage>, Disconnected> {
        match self.websocket.read() {
            Ok(Message::Text(text)) => Ok(Some(SocketMessage::Text(text))),
            Ok(Message::Binary(bytes)) => Ok(Some(
                Utf8Bytes::try_from(bytes).map_or(SocketMessage::Nothing, SocketMessage::Text),
            )),
            Ok(Message::Pong(payload)) => {
                Ok(Some(payload.as_ref().try_into().map_or(SocketMessage::Nothing, |number| {
                    SocketMessage::Pong(u64::from_be_bytes(number))
                })))
            }
            Ok(Message::Close(frame)) => Ok(Some(match frame {
                Some(frame) => SocketMessage::Closed {
                    code: frame.code.into(),
                    reason: frame.reason.chars().take(200).collect(),
                },
                None => SocketMessage::Closed { code: 1005, reason: String::new() },
            })),
            Ok(Message::Ping(_) | Message::Frame(_)) => Ok(Some(SocketMessage::Nothing)),
            Err(Error::Io(err)) if err.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(err) => Err(self.disconnected(err)),
        }
    }

    /// Queues a text frame; [`Self::flush`] sends it.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Disconnected> {
        self.queue(Message::text(text))
    }

    /// Queues a ping that carries a number.
    pub(crate) fn ping(&mut self, number: u64) -> Result<(), Disconnected> {
        self.queue(Message::Ping(Bytes::copy_from_slice(&number.to_be_bytes())))
    }

    /// Sends what is queued, pongs included, as far as the stream takes it.
    pub(crate) fn flush(&mut self) -> Result<(), Disconnected> {
        let result = self.websocket.flush();
        self.is_blocked = false;
        self.note_blocked(result)
    }

    /// Whether the stream takes nothing for now. What is queued leaves when it is writable again.
    pub(crate) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Sends a close frame with this code.
    pub(crate) fn close(&mut self, code: u16) -> Result<(), Disconnected> {
        let frame = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static("") };
        let result = self.websocket.close(Some(frame));
        self.note_blocked(result)
    }

    /// Stops watching the stream; dropping it closes it.
    pub(crate) fn deregister(self, registry: &Registry) {
        let fd = self.fd();
        // Closing the descriptor takes it out of the poll as well.
        let _ = registry.deregister(&mut SourceFd(&fd));
    }

    fn fd(&self) -> RawFd {
        self.websocket.get_ref().as_raw_fd()
    }

    fn queue(&mut self, message: Message) -> Result<(), Disconnected> {
        let result = self.websocket.write(message);
        self.note_blocked(result)
    }

    /// A frame that did not fit into the stream stays in the library's buffer: that is no error.
    fn note_blocked(&mut self, result: tungstenite::Result<()>) -> Result<(), Disconnected> {
        match result {
            Ok(()) => Ok(()),
            Err(Error::Io(err)) if err.kind() == io::ErrorKind::WouldBlock => {
                self.is_blocked = true;
                Ok(())
            }
            Err(err) => Err(self.disconnected(err)),
        }
    }

    /// The reason in our words: some of the library's repeat themselves or hold a link to its manual.
    fn disconnected(&mut self, err: Error) -> Disconnected {
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
        Disconnected(why)
    }
}
