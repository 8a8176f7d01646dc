//! The service's `/ws`: the upgrade, the authentication, the one live connection, and the faults of all three.

use crate::recording::{RecordedConnection, RecordedFrame, Recorder, ServiceLog};
use crate::wire::http::{ServerRequest, ServerResponse};
use crate::wire::stream::ServerStream;
use crate::wire::websocket::{upgraded, write_frame, write_json, write_text};
use serde_json::{Value, json};
use std::io::{self, BufReader, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::frame::{CloseFrame, Frame as WireFrame};
use tungstenite::protocol::{Role, WebSocket};

/// What goes wrong on the socket until a test says otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct SocketFaults {
    /// Refuse upgrades with this status and `Retry-After`.
    pub(crate) refuse: Option<(u16, Option<u64>)>,
    /// Never reply to `auth`.
    pub(crate) mute: bool,
    /// Answer `auth` with an `auth_error` of these words.
    pub(crate) auth_error: Option<String>,
    /// Leave pings unanswered.
    pub(crate) no_pong: bool,
}

/// The live connection, if any, and the faults.
#[derive(Default)]
pub(crate) struct SocketServer {
    live: Mutex<Option<LiveConnection>>,
    faults: Mutex<SocketFaults>,
}

/// What an `auth` frame is held against, and what the reply to a good one says.
pub(super) struct AcceptedLogin {
    pub(super) key: String,
    pub(super) has_devices: Option<bool>,
}

#[derive(Clone)]
struct LiveConnection {
    /// Counted from 1, as on record.
    number: usize,
    stream: ServerStream,
}

impl SocketServer {
    pub(crate) fn faults(&self) -> MutexGuard<'_, SocketFaults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> MutexGuard<'_, Option<LiveConnection>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a text frame to the live connection; false when there is none.
    pub(crate) fn send(&self, text: &str) -> bool {
        let live = self.live().clone();
        live.is_some_and(|live| write_text(&live.stream, text))
    }

    /// Ends the live connection with a close code; it is no longer the live one from now on.
    pub(crate) fn close(&self, code: u16) -> bool {
        self.end(close_frame(code))
    }

    /// The same with this reason.
    pub(crate) fn close_saying(&self, code: u16, reason: &str) -> bool {
        self.end(CloseFrame { reason: reason.to_owned().into(), ..close_frame(code) })
    }

    fn end(&self, frame: CloseFrame) -> bool {
        let live = self.live().take();
        live.is_some_and(|live| write_frame(&live.stream, WireFrame::close(Some(frame))))
    }

    /// Ends the live connection without a close frame (1006).
    pub(crate) fn cut(&self) -> bool {
        let live = self.live().take();
        live.inspect(|live| live.stream.cut()).is_some()
    }
}

fn close_frame(code: u16) -> CloseFrame {
    let reason = if code == 4000 { "replaced by another connection" } else { "" };
    CloseFrame { code: CloseCode::from(code), reason: reason.into() }
}

/// The stream that a connection is read from, with the replies that reading makes by itself (pongs, closes): with `muted`
/// they go nowhere.
struct AutomaticReplies {
    stream: ServerStream,
    muted: bool,
}

impl Read for AutomaticReplies {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for AutomaticReplies {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.muted { Ok(bytes.len()) } else { self.stream.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SocketServer {
    /// Serves one upgrade request for as long as the connection lives. `login` gives what is accepted at the moment.
    pub(super) fn serve(
        &self,
        request: &ServerRequest,
        reader: &BufReader<ServerStream>,
        recorder: &Recorder<ServiceLog>,
        login: &dyn Fn() -> AcceptedLogin,
    ) -> io::Result<()> {
        let faults = self.faults().clone();
        let mut stream = reader.get_ref().clone();
        let key = request.header("sec-websocket-key").unwrap_or("");
        let refusal = if key.is_empty() { Some((400, None)) } else { faults.refuse };
        let status = refusal.map_or(101, |(status, _)| status);
        let number = recorder.add(|log| {
            log.connections.push(RecordedConnection::new(status));
            log.connections.len()
        });
        if let Some((status, retry_after)) = refusal {
            let mut response = ServerResponse::text(status, "upgrade refused");
            if let Some(seconds) = retry_after {
                response = response.with("Retry-After", seconds);
            }
            return stream.write_all(&response.bytes(true));
        }
        stream.write_all(upgraded(key).as_bytes())?;
        stream.read_limit(None)?;
        let early = reader.buffer().to_vec();
        let replies = AutomaticReplies { stream: stream.clone(), muted: faults.no_pong };
        let mut socket = WebSocket::from_partially_read(replies, early, Role::Server, None);
        let code = loop {
            match socket.read() {
                Ok(Message::Text(text)) => {
                    self.receive(number, &stream, text.as_str(), recorder, login);
                }
                Ok(Message::Ping(_)) => {
                    // The pong leaves before the ping is on record, so that a test that saw it can rely on it.
                    let _ = socket.flush();
                    recorder.add(|log| log.connections[number - 1].add_ping(!faults.no_pong));
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
            let mut live = self.live();
            if live.as_ref().is_some_and(|live| live.number == number) {
                *live = None;
            }
        }
        recorder.add(|log| log.connections[number - 1].closed = Some(code));
        Ok(())
    }

    /// Records a frame; one that authenticates makes its connection the live one, in place of the one before.
    fn receive(
        &self,
        number: usize,
        stream: &ServerStream,
        text: &str,
        recorder: &Recorder<ServiceLog>,
        login: &dyn Fn() -> AcceptedLogin,
    ) {
        let json = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        let is_auth = json["type"] == "auth";
        let key = json["api_key"].as_str().map(str::to_owned);
        let faults = self.faults().clone();
        let frame = RecordedFrame { at: Instant::now(), connection: number, json };
        if is_auth && faults.mute {
            // What the test sends by itself goes there.
            *self.live() = Some(LiveConnection { number, stream: stream.clone() });
        }
        if !is_auth || faults.mute {
            recorder.add(|log| log.frames.push(frame));
            return;
        }
        let accepted = login();
        let is_wrong = key.as_deref() != Some(&accepted.key);
        let refusal = faults.auth_error.or(is_wrong.then(|| "Invalid API key".to_owned()));
        if let Some(message) = refusal {
            recorder.add(|log| log.frames.push(frame));
            write_json(stream, &json!({"type": "auth_error", "message": message}));
            write_frame(stream, WireFrame::close(Some(close_frame(4001))));
            return;
        }
        let new = LiveConnection { number, stream: stream.clone() };
        let old = self.live().replace(new);
        if let Some(old) = old.filter(|old| old.number != number) {
            write_frame(&old.stream, WireFrame::close(Some(close_frame(4000))));
        }
        let mut reply = json!({"type": "auth_ok"});
        if let Some(has_devices) = accepted.has_devices {
            reply["has_devices"] = has_devices.into();
        }
        write_json(stream, &reply);
        recorder.add(|log| {
            log.frames.push(frame);
            log.connections[number - 1].authenticated = true;
        });
    }
}
