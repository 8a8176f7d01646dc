//! The service's end of one connection: accepts the upgrade and the key, then reads and writes frames.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::frames::{CLOSE, FrameReader, PING, PONG, TEXT, put};

/// The calls that go on, `call-0` and so on, all of them inbound: the client has no service to ask about others.
pub(crate) const CALLS: usize = 8;

/// A free port of this machine that clients may connect to.
pub(crate) fn listen() -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listening on a port of this machine")
}

/// The address of a listener, for a configuration.
pub(crate) fn url(listener: &TcpListener) -> String {
    format!("http://{}", address(listener))
}

/// The same without a scheme.
pub(crate) fn address(listener: &TcpListener) -> String {
    listener.local_addr().map(|address| address.to_string()).unwrap_or_default()
}

/// One accepted client.
pub(crate) struct BareConnection {
    frames: FrameReader<TcpStream>,
    /// Written together with the next frame or before the next wait.
    out: Vec<u8>,
    n_pongs: usize,
}

impl BareConnection {
    /// Waits for a client, accepts its upgrade and its key, and announces the calls.
    pub(crate) fn accept(listener: &TcpListener) -> Result<Self> {
        let (stream, _) = listener.accept().context("waiting for the client")?;
        stream.set_nodelay(true)?;
        let head = head(&stream).context("reading the upgrade")?;
        let key = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
        });
        let accept = harness::accept_key(key.context("an upgrade without a key")?.as_bytes());
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        (&stream).write_all(response.as_bytes())?;
        let mut connection = Self { frames: FrameReader::new(stream), out: Vec::new(), n_pongs: 0 };
        let first = connection.next()?;
        ensure!(first.windows(6).any(|word| word == b"\"auth\""), "the first frame is no `auth`");
        connection.queue(br#"{"type":"auth_ok"}"#);
        for call in 0..CALLS {
            let started = format!(
                r#"{{"type":"event","event":"call.started","call_id":"call-{call}","direction":"inbound"}}"#
            );
            connection.queue(started.as_bytes());
        }
        connection.flush()?;
        Ok(connection)
    }

    /// Limits how long [`Self::next`] waits; `None` for ever.
    pub(crate) fn read_limit(&self, limit: Option<Duration>) -> io::Result<()> {
        self.frames.stream().set_read_timeout(limit)
    }

    /// Queues a text frame.
    pub(crate) fn queue(&mut self, text: &[u8]) {
        put(&mut self.out, TEXT, text);
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let sent = self.frames.stream().write_all(&self.out);
        self.out.clear();
        sent
    }

    /// The next text frame of the client. Its pings are answered before anything is waited for.
    pub(crate) fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if !self.frames.is_here() {
                self.flush()?;
            }
            match self.frames.next()? {
                (TEXT, payload) => return Ok(payload.to_vec()),
                (PING, payload) => put(&mut self.out, PONG, payload),
                (CLOSE, _) => return Err(io::ErrorKind::UnexpectedEof.into()),
                (PONG, _) => self.n_pongs += 1,
                _ => {}
            }
        }
    }

    /// Queues a ping.
    pub(crate) fn ping(&mut self) {
        put(&mut self.out, PING, b"are you there");
    }

    /// How many pongs of the client have been read.
    pub(crate) fn n_pongs(&self) -> usize {
        self.n_pongs
    }

    /// Ends the connection without a close frame, as a crash of the service does.
    pub(crate) fn cut(self) {
        // It may be gone already, which is what was wanted.
        let _ = self.frames.stream().shutdown(Shutdown::Both);
    }
}

/// The head of an HTTP request, read to its empty line and no further.
pub(crate) fn head(mut stream: &TcpStream) -> io::Result<String> {
    use io::Read as _;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 16 << 10 || stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
