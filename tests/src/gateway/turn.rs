//! One turn of the agent: the message that it got, and the reply that a test wants to it.

use serde_json::Value;
use std::time::Instant;

/// The API that a message came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnApi {
    /// `/tools/invoke`, tool `sessions_send`.
    SessionsSend,
    /// `/v1/chat/completions`.
    Chat,
    /// `chat.send` on the WebSocket.
    Line,
}

/// One message that the agent saw.
#[derive(Clone, Debug)]
pub struct RecordedTurn {
    /// When it began.
    pub at: Instant,
    /// The message, whole.
    pub message: String,
    /// The session that it went to.
    pub session: String,
    /// The top-level `sessionKey` of `sessions_send`.
    pub caller: Option<String>,
    /// The `idempotencyKey` of `chat.send`.
    pub key: Option<String>,
    /// `timeoutSeconds` as sent, 30 where it was left out; 0 for chat.
    pub timeout: u64,
    /// The API that it came by.
    pub api: TurnApi,
    /// The id of the run.
    pub run_id: String,
    /// When it ended; the response leaves right after.
    pub ended: Option<Instant>,
}

/// How a turn ends.
#[derive(Clone, Debug)]
pub enum AgentReply {
    /// The agent says this.
    Text(String),
    /// The agent says nothing (`NO_REPLY`).
    Nothing,
    /// The model failed, with these words.
    Failure(String),
    /// Exactly these `result.details`.
    Details(Value),
    /// Exactly this status and JSON body.
    Json(u16, Value),
    /// Exactly this status and plain text.
    Plain(u16, String),
    /// The turn runs, and the connection ends without a response.
    Cut,
    /// The turn runs, and no response ever comes.
    Hang,
}

impl From<&str> for AgentReply {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Decides how a turn ends.
pub(super) type Replier = dyn Fn(&RecordedTurn) -> AgentReply + Send + Sync;
