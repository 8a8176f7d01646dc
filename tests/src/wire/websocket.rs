//! A server's end of a WebSocket, as far as both simulated servers need it: the upgrade, and frames that any thread may write.

use super::stream::ServerStream;
use serde_json::Value;
use std::io::Write as _;
use tungstenite::Bytes;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::Frame as WireFrame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// The head that grants an upgrade which came with this key.
pub(crate) fn upgraded(key: &str) -> String {
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Writes one frame; false where the connection is gone.
pub(crate) fn write_frame(stream: &ServerStream, frame: WireFrame) -> bool {
    let mut bytes = Vec::new();
    frame.format(&mut bytes).is_ok() && stream.clone().write_all(&bytes).is_ok()
}

pub(crate) fn write_text(stream: &ServerStream, text: &str) -> bool {
    let payload = Bytes::copy_from_slice(text.as_bytes());
    write_frame(stream, WireFrame::message(payload, OpCode::Data(Data::Text), true))
}

pub(crate) fn write_json(stream: &ServerStream, json: &Value) -> bool {
    write_text(stream, &json.to_string())
}
