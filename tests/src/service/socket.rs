//! The service's `/ws`: the upgrade, the authentication, the one live connection, and the faults of all three.

use super::Shared;
use crate::log::{Connection, Frame};
use crate::wire::http::{Answer, Request};
use crate::wire::stream::Stream;
use serde_json::{Value, json};
use std::io::{self, BufReader, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame as WireFrame};
use tungstenite::protocol::{Role, WebSocket};
use tungstenite::{Bytes, Message};

/// What goes wrong on the socket until a test says otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Refuse upgrades with this status and `Retry-After`.
    pub(crate) refuse: Option<(u16, Option<u64>)>,
    /// Never answer `auth`.
    pub(crate) mute: bool,
    /// Answer `auth` with an `auth_error` of these words.
    pub(crate) auth_error: Option<String>,
    /// Leave pings unanswered.
    pub(crate) no_pong: bool,
}

/// The live connection, if any, and the faults.
#[derive(Default)]
pub(crate) struct Socket {
    live: Mutex<Option<Live>>,
    faults: Mutex<Faults>,
}

#[derive(Clone)]
struct Live {
    connection: usize,
    stream: Stream,
}

impl Socket {
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> MutexGuard<'_, Option<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a text frame to the live connection; false when there is none.
    pub(crate) fn send(&self, text: &str) -> bool {
        let live = self.live().clone();
        let payload = Bytes::copy_from_slice(text.as_bytes());
        live.is_some_and(|live| {
            put(&live.stream, WireFrame::message(payload, OpCode::Data(Data::Text), true))
        })
    }

    /// Ends the live connection with a close code; it is no longer the live one from now on.
    pub(crate) fn close(&self, code: u16) -> bool {
        self.end(farewell(code))
    }

    /// The same in these words.
    pub(crate) fn close_saying(&self, code: u16, reason: &str) -> bool {
        self.end(CloseFrame { reason: reason.to_owned().into(), ..farewell(code) })
    }

    fn end(&self, farewell: CloseFrame) -> bool {
        let live = self.live().take();
        live.is_some_and(|live| put(&live.stream, WireFrame::close(Some(farewell))))
    }

    /// Ends the live connection without a close frame (1006).
    pub(crate) fn cut(&self) -> bool {
        let live = self.live().take();
        live.inspect(|live| live.stream.cut()).is_some()
    }
}

fn farewell(code: u16) -> CloseFrame {
    let reason = if code == 4000 { "replaced by another connection" } else { "" };
    CloseFrame { code: CloseCode::from(code), reason: reason.into() }
}

fn put(stream: &Stream, frame: WireFrame) -> bool {
    let mut bytes = Vec::new();
    frame.format(&mut bytes).is_ok() && stream.clone().write_all(&bytes).is_ok()
}

/// The reading side's own answers (pongs, closes); with `muted` they go nowhere.
struct Replies {
    stream: Stream,
    muted: bool,
}

impl Read for Replies {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Replies {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.muted { Ok(bytes.len()) } else { self.stream.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serves one upgrade request for as long as the connection lives.
pub(crate) fn serve(
    shared: &Shared,
    request: &Request,
    reader: &BufReader<Stream>,
) -> io::Result<()> {
    let faults = shared.socket.faults().clone();
    let mut stream = reader.get_ref().clone();
    let key = request.header("sec-websocket-key").unwrap_or("");
    let refused = if key.is_empty() { Some((400, None)) } else { faults.refuse };
    let status = refused.map_or(101, |(status, _)| status);
    let number = shared.record.add(|log| {
        let at = Instant::now();
        let new =
            Connection { at, status, authenticated: false, pings: 0, ponged: None, closed: None };
        log.connections.push(new);
        log.connections.len()
    });
    if let Some((status, retry_after)) = refused {
        let mut answer = Answer::text(status, "upgrade refused");
        if let Some(seconds) = retry_after {
            answer = answer.with("Retry-After", seconds);
        }
        return stream.write_all(&answer.bytes(true));
    }
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.read_limit(None)?;
    let early = reader.buffer().to_vec();
    let replies = Replies { stream: stream.clone(), muted: faults.no_pong };
    let mut socket = WebSocket::from_partially_read(replies, early, Role::Server, None);
    let code = loop {
        match socket.read() {
            Ok(Message::Text(text)) => hear(shared, number, &stream, text.as_str()),
            Ok(Message::Ping(_)) => {
                // The pong leaves before the ping is on record, so that a test that saw it can rely on it.
                let _ = socket.flush();
                shared.record.add(|log| {
                    let connection = &mut log.connections[number - 1];
                    connection.pings += 1;
                    connection.ponged = (!faults.no_pong).then(Instant::now).or(connection.ponged);
                });
            }
            Ok(Message::Close(frame)) => {
                let _ = socket.flush();
                break frame.map_or(1005, |frame| frame.code.into());
            }
            Ok(_) => {}
            Err(_) => break 1006,
        }
    };
    {
        let mut live = shared.socket.live();
        if live.as_ref().is_some_and(|live| live.connection == number) {
            *live = None;
        }
    }
    shared.record.add(|log| log.connections[number - 1].closed = Some(code));
    Ok(())
}

fn hear(shared: &Shared, number: usize, stream: &Stream, text: &str) {
    let json = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let auth = json["type"] == "auth";
    let key = json["api_key"].as_str().map(str::to_owned);
    let faults = shared.socket.faults().clone();
    let frame = Frame { at: Instant::now(), connection: number, json };
    if !auth || faults.mute {
        shared.record.add(|log| log.frames.push(frame));
        return;
    }
    let (good, has_devices) = {
        let world = shared.world();
        (key.as_deref() == Some(&world.settings.key), world.settings.has_devices)
    };
    let refusal = faults.auth_error.or((!good).then(|| "Invalid API key".to_owned()));
    let say = |json: &Value| {
        let payload = Bytes::copy_from_slice(json.to_string().as_bytes());
        put(stream, WireFrame::message(payload, OpCode::Data(Data::Text), true))
    };
    if let Some(message) = refusal {
        shared.record.add(|log| log.frames.push(frame));
        say(&json!({"type": "auth_error", "message": message}));
        put(stream, WireFrame::close(Some(farewell(4001))));
        return;
    }
    let new = Live { connection: number, stream: stream.clone() };
    let old = shared.socket.live().replace(new);
    if let Some(old) = old.filter(|old| old.connection != number) {
        put(&old.stream, WireFrame::close(Some(farewell(4000))));
    }
    let mut answer = json!({"type": "auth_ok"});
    if let Some(has) = has_devices {
        answer["has_devices"] = has.into();
    }
    say(&answer);
    shared.record.add(|log| {
        log.frames.push(frame);
        log.connections[number - 1].authenticated = true;
    });
}
