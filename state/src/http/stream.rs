//! One open connection: TCP, or TLS over it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use rustls::ClientConnection;

/// A connection to a server. What is read and written ends at one deadline, with `TimedOut`, until
/// [`make_nonblocking`](Self::make_nonblocking) takes that away.
#[derive(Debug)]
pub struct Stream {
    tcp: Tcp,
    tls: Option<Box<ClientConnection>>,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, until: Instant) -> Self {
        Self { tcp: Tcp { socket: tcp, until: Some(until) }, tls: None }
    }

    /// Speaks TLS from now on.
    pub(super) fn secure(&mut self, mut session: ClientConnection) -> io::Result<()> {
        while session.is_handshaking() {
            session.complete_io(&mut self.tcp)?;
        }
        self.tls = Some(Box::new(session));
        Ok(())
    }

    /// Whether it speaks TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Sets another deadline; `None` is none.
    pub(super) fn set_deadline(&mut self, until: Option<Instant>) {
        self.tcp.until = until;
    }

    /// Whether the server has neither closed the connection nor sent anything: only then it can be used for another request.
    pub(super) fn is_idle(&self) -> bool {
        let socket = &self.tcp.socket;
        let peek = || {
            socket.set_nonblocking(true)?;
            let peeked = socket.peek(&mut [0]);
            socket.set_nonblocking(false)?;
            peeked
        };
        peek().is_err_and(|err| err.kind() == io::ErrorKind::WouldBlock)
    }

    /// Takes the deadline away: no read or write waits any more.
    pub fn make_nonblocking(&mut self) -> io::Result<()> {
        self.tcp.until = None;
        self.tcp.socket.set_read_timeout(None)?;
        self.tcp.socket.set_write_timeout(None)?;
        self.tcp.socket.set_nonblocking(true)
    }
}

/// What a poll watches.
impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.tcp.socket.as_raw_fd()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(session) => rustls::Stream::new(session.as_mut(), &mut self.tcp).read(buffer),
            None => self.tcp.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(session) => rustls::Stream::new(session.as_mut(), &mut self.tcp).write(bytes),
            None => self.tcp.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            // While it buffers rustls drops errors of the socket; flushing returns them.
            Some(session) => rustls::Stream::new(session.as_mut(), &mut self.tcp).flush(),
            None => self.tcp.flush(),
        }
    }
}

/// A TCP stream with a deadline.
#[derive(Debug)]
struct Tcp {
    socket: TcpStream,
    until: Option<Instant>,
}

impl Tcp {
    /// The time until the deadline; `None` where there is none. Fails when it has passed.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(until) = self.until else { return Ok(None) };
        let left = until.saturating_duration_since(Instant::now());
        // A timeout of zero would mean none.
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }

    /// A read that timed out fails with `WouldBlock`, which the layers above would take for a stream without data yet.
    fn as_timeout<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|err| match err.kind() {
            io::ErrorKind::WouldBlock if self.until.is_some() => io::ErrorKind::TimedOut.into(),
            _ => err,
        })
    }
}

impl Read for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.socket.set_read_timeout(Some(left))?;
        }
        let result = self.socket.read(buffer);
        self.as_timeout(result)
    }
}

impl Write for Tcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(left) = self.left()? {
            self.socket.set_write_timeout(Some(left))?;
        }
        let result = self.socket.write(bytes);
        self.as_timeout(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
