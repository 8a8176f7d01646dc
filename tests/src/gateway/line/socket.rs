//! Serves one connection: the upgrade, the challenge, and then requests until its end.

use super::state::OpenLine;
use super::{handshake, methods};
use crate::gateway::core::GatewayInner;
use crate::gateway::response::not_found;
use crate::gateway::version::GatewayVersion;
use crate::recording::RecordedFrame;
use crate::wire::http::{ServerRequest, ServerResponse};
use crate::wire::stream::ServerStream;
use crate::wire::websocket::{upgraded, write_frame, write_json};
use serde_json::{Value, json};
use std::io::{self, BufReader, Write as _};
use std::sync::Arc;
use std::time::Instant;
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::frame::{CloseFrame, Frame as WireFrame};
use tungstenite::protocol::{Role, WebSocket};

/// Whether a request wants the WebSocket.
pub(in crate::gateway) fn is_upgrade(request: &ServerRequest) -> bool {
    request.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Serves an upgrade request for as long as the connection lives.
pub(in crate::gateway) fn serve(
    inner: &Arc<GatewayInner>,
    request: &ServerRequest,
    reader: &BufReader<ServerStream>,
) -> io::Result<()> {
    let mut stream = reader.get_ref().clone();
    let (enabled, down) = {
        let data = inner.line.lock();
        (data.enabled, data.down)
    };
    if !enabled || down {
        let response = if down { ServerResponse::text(503, "starting") } else { not_found() };
        return stream.write_all(&response.bytes(true));
    }
    if request.header("x-forwarded-for").is_some() {
        return stream.write_all(&ServerResponse::text(403, "proxied").bytes(true));
    }
    let key = request.header("sec-websocket-key").unwrap_or_default();
    stream.write_all(upgraded(key).as_bytes())?;
    stream.read_limit(None)?;
    let early = reader.buffer().to_vec();
    let mut socket = WebSocket::from_partially_read(stream.clone(), early, Role::Server, None);
    let nonce = inner.uuid();
    let challenge = json!({
        "type": "event", "event": "connect.challenge",
        "payload": {"nonce": nonce, "ts": 1_796_092_064_611_u64},
    });
    write_json(&stream, &challenge);
    let number = {
        let mut data = inner.line.lock();
        data.n_connections += 1;
        data.n_connections
    };
    let mut is_in = false;
    while let Ok(message) = socket.read() {
        match message {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
                let recorded =
                    RecordedFrame { at: Instant::now(), connection: number, json: frame.clone() };
                if is_in {
                    inner.recorder.add(|log| log.frames.push(recorded));
                    methods::answer(inner, number, &frame);
                } else {
                    is_in = let_in(inner, number, &stream, &nonce, &frame);
                    inner.recorder.add(|log| log.frames.push(recorded));
                    if !is_in {
                        break;
                    }
                }
            }
            Message::Close(_) => {
                let _ = socket.flush();
                break;
            }
            Message::Ping(_) => {
                let _ = socket.flush();
            }
            _ => {}
        }
    }
    let mut data = inner.line.lock();
    data.connections.retain(|one| one.number != number);
    if let Some(gate) = &mut data.gate
        && gate.poll.as_ref().is_some_and(|(of, _, _)| *of == number)
    {
        gate.poll = None;
    }
    Ok(())
}

/// Answers `connect`; false if the client is not let in.
fn let_in(
    inner: &Arc<GatewayInner>,
    number: usize,
    stream: &ServerStream,
    nonce: &str,
    frame: &Value,
) -> bool {
    let token = inner.settings().token.clone();
    let id = frame["id"].as_str().unwrap_or_default().to_owned();
    let mut data = inner.line.lock();
    match handshake::check(&mut data, &token, nonce, &frame["params"]) {
        Ok(device) => {
            let (version, is_newest) = match inner.version {
                GatewayVersion::V2026_9_6 => ("2026.9.6", true),
                GatewayVersion::V2026_7_35 => ("2026.7.35", false),
                GatewayVersion::Clawdbot2026_1 => ("2026.1.24-3", false),
            };
            let hello = handshake::hello(&data, version, is_newest);
            write_json(stream, &json!({"type": "res", "id": id, "ok": true, "payload": hello}));
            data.connections.push(OpenLine { number, device, stream: stream.clone() });
            true
        }
        Err(refusal) => {
            let error = refusal.error;
            write_json(stream, &json!({"type": "res", "id": id, "ok": false, "error": error}));
            let frame =
                CloseFrame { code: CloseCode::from(refusal.code), reason: refusal.reason.into() };
            write_frame(stream, WireFrame::close(Some(frame)));
            false
        }
    }
}
