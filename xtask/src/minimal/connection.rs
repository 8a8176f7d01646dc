//! The service's end of one connection: accepts the upgrade and the key, then reads and writes frames.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tungstenite::{Error, Message, WebSocket};

/// The calls that go on, `call-0` and so on, all of them inbound: the client has no service to ask about others.
pub(crate) const CALLS: usize = 8;

/// A free port of this machine that clients may connect to.
pub(crate) fn listen() -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listening on a port of this machine")
}

/// The address of a listener, without a scheme.
pub(crate) fn address(listener: &TcpListener) -> String {
    listener.local_addr().map(|address| address.to_string()).unwrap_or_default()
}

/// One accepted client. Its pings are answered before anything is waited for.
pub(crate) struct BareConnection(WebSocket<TcpStream>);

impl BareConnection {
    /// Waits for a client, accepts its upgrade and its key, and announces the calls.
    pub(crate) fn accept(listener: &TcpListener) -> Result<Self> {
        let (stream, _) = listener.accept().context("waiting for the client")?;
        stream.set_nodelay(true)?;
        let socket = tungstenite::accept(stream).ok().context("reading the upgrade")?;
        let mut connection = Self(socket);
        let first = connection.next()?;
        ensure!(first.contains("\"auth\""), "the first frame is no `auth`");
        connection.queue(r#"{"type":"auth_ok"}"#.to_owned())?;
        for call in 0..CALLS {
            connection.queue(format!(
                r#"{{"type":"event","event":"call.started","call_id":"call-{call}","direction":"inbound"}}"#
            ))?;
        }
        connection.flush()?;
        Ok(connection)
    }

    /// Limits how long [`Self::next`] waits; `None` for ever.
    pub(crate) fn read_limit(&self, limit: Option<Duration>) -> io::Result<()> {
        self.0.get_ref().set_read_timeout(limit)
    }

    /// Queues a text frame.
    pub(crate) fn queue(&mut self, text: String) -> io::Result<()> {
        self.0.write(Message::text(text)).map_err(of_stream)
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(of_stream)
    }

    /// The next text frame of the client.
    pub(crate) fn next(&mut self) -> io::Result<String> {
        loop {
            if let Message::Text(text) = self.0.read().map_err(of_stream)? {
                return Ok(text.as_str().to_owned());
            }
        }
    }

    /// Ends the connection without a close frame, as a crash of the service does.
    pub(crate) fn cut(self) {
        // It may be gone already, which is what was wanted.
        let _ = self.0.get_ref().shutdown(Shutdown::Both);
    }
}

fn of_stream(err: Error) -> io::Error {
    match err {
        Error::Io(err) => err,
        other => io::Error::other(other),
    }
}
