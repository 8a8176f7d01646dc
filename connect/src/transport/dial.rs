//! Opens a WebSocket: a connection and the upgrade under one deadline, on a thread of its own.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use state::http::{Endpoint, Stream, io_error_text, retry_after};
use tungstenite::handshake::{HandshakeError, MidHandshake, client::generate_key};
use tungstenite::http::Request;
use tungstenite::http::uri::Authority;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{ClientHandshake, Error, WebSocket};

/// No frame of the service's comes near this; a longer one ends the connection (1009).
pub(super) const MAX_FRAME: usize = 1 << 20;

/// Frames that are queued together leave together, up to this many bytes.
const TOGETHER: usize = 16 << 10;

/// A connection whose upgrade was accepted.
pub(crate) type OpenWebSocket = WebSocket<Stream>;

/// The pause after "too many requests" without a word on how long; the service's limits are not known.
const TOO_MANY: Duration = Duration::from_secs(60);

/// A connection that did not come about.
#[derive(Debug)]
pub(crate) struct DialError {
    /// One plain line.
    pub(crate) why: String,
    /// How long the service asked us to stay away.
    pub(crate) retry_after: Option<Duration>,
}

impl DialError {
    /// An error after which the service asked for no pause.
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        Self { why: why.to_string(), retry_after: None }
    }
}

/// Connects, asks for the upgrade and hands over the open WebSocket. It blocks, at most until `until`.
pub(crate) fn dial(endpoint: &Endpoint, until: Instant) -> Result<OpenWebSocket, DialError> {
    let stream = endpoint.connect(until).map_err(|err| {
        let hint = err.hint().map(|hint| format!(" ({hint})"));
        DialError::new(format!("{endpoint}: {err}{}", hint.unwrap_or_default()))
    })?;
    // Buffers of a connection that carries a few short frames a minute.
    let config = WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        .write_buffer_size(TOGETHER)
        .max_write_buffer_size(4 * MAX_FRAME)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    ClientHandshake::start(stream, upgrade_request(endpoint)?, Some(config))
        .map_err(HandshakeError::Failure)
        .and_then(MidHandshake::handshake)
        .map(|(websocket, _)| websocket)
        .map_err(|err| handshake_error(endpoint.host(), err))
}

fn upgrade_request(endpoint: &Endpoint) -> Result<Request<()>, DialError> {
    let host = endpoint.uri().authority().map(Authority::as_str).unwrap_or_default();
    Request::builder()
        .uri(endpoint.uri())
        .header("Host", host.rsplit('@').next().unwrap_or_default())
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", generate_key())
        .header("User-Agent", concat!("clawdtalk-tools/", env!("CARGO_PKG_VERSION")))
        .body(())
        .map_err(|err| DialError::new(format!("{endpoint}: no address to connect to: {err}")))
}

fn handshake_error(host: &str, err: HandshakeError<ClientHandshake<Stream>>) -> DialError {
    let unfinished = |why| DialError::new(format!("`{host}` did not finish the handshake{why}"));
    let HandshakeError::Failure(err) = err else { return unfinished(String::new()) };
    match err {
        Error::Http(response) => {
            let status = response.status().as_u16();
            let header = response.headers().get("retry-after");
            let header = header.and_then(|value| value.to_str().ok());
            let asked = header.and_then(|value| retry_after(value, Timestamp::now()));
            DialError {
                why: format!("`{host}` refused the connection (HTTP {status})"),
                retry_after: asked.or_else(|| (status == 429).then_some(TOO_MANY)),
            }
        }
        Error::Io(err) => unfinished(format!(": {}", io_error_text(&err))),
        Error::AttackAttempt => DialError::new(format!(
            "the head of the answer of `{host}` is too large or comes in too many pieces"
        )),
        other => DialError::new(format!("`{host}` does not answer as a WebSocket does: {other}")),
    }
}
