//! Looks at a gateway without starting a turn: for `status` and `setup`, never for `connect run`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::TurnOutcome;
use super::answer::TurnInterface;
use super::message_content::text_of;
use super::session_key::SessionKey;
use super::transport::{Transport, invoke_body};
use crate::http::{NetError, SendError};
use crate::text::{json as json_text, sanitize};

/// The longest version that is shown, in characters.
const MAX_VERSION: usize = 40;

/// Whether the gateway lets a client use `sessions_send`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionsSendAccess {
    /// It accepts the token, and allows the tool.
    Yes,
    /// It accepts the token, and does not allow the tool (404).
    No,
    /// It refuses the token (401).
    BadToken,
    /// That cannot be found out, for this reason.
    Unknown(String),
}

/// What a look at a gateway shows.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Whether there is any response, of whatever status; else what prevents it.
    pub reachable: Result<(), NetError>,
    /// The gateway's version, if it tells (2026.8.1 and later do, to this machine only).
    pub version: Option<String>,
    /// Whether `sessions_send` may be used.
    pub sessions_send: SessionsSendAccess,
    /// The ids of the agents that the configured one may see, if the gateway tells.
    pub agents: Option<Vec<String>>,
    /// Whether the chat endpoint is on.
    pub chat: Option<bool>,
}

impl Probe {
    /// Whether the gateway has this agent; `None` if it does not tell.
    pub fn knows(&self, agent_id: &str) -> Option<bool> {
        Some(self.agents.as_ref()?.iter().any(|agent| agent == agent_id))
    }
}

/// Looks at a gateway, for at most `within`. Starts no turn: `sessions_send` is called without a message, which is refused
/// after the token and the permission were checked.
pub(super) fn probe(transport: &Transport, within: Duration) -> Probe {
    let deadline = Instant::now() + within;
    let left = || deadline.saturating_duration_since(Instant::now());
    let startup = match transport.get("/startupz", left()) {
        Ok(response) => response,
        Err(SendError::NotSent(cause) | SendError::ResponseLost(cause)) => {
            let unknown = SessionsSendAccess::Unknown(cause.to_string());
            return Probe {
                reachable: Err(cause),
                version: None,
                sessions_send: unknown,
                agents: None,
                chat: None,
            };
        }
    };
    // Only shown, and never used to decide anything.
    let text =
        |body: &Value| Some(sanitize::line_up_to(body.get("version")?.as_str()?, MAX_VERSION));
    let version = json_text::parse(startup.body()).ok().as_ref().and_then(text);
    let sessions_send = permission(transport, left());
    let is_bad_token = sessions_send == SessionsSendAccess::BadToken;
    let agents = if is_bad_token { None } else { agents(transport, left()) };
    // A GET starts nothing: if the endpoint is on it is answered 405, else 404.
    let chat = transport.get(TurnInterface::ChatCompletions.path(), left()).ok();
    let chat = chat.map(|response| response.status() == 405);
    Probe { reachable: Ok(()), version, sessions_send, agents, chat }
}

fn permission(transport: &Transport, within: Duration) -> SessionsSendAccess {
    let session = SessionKey::main(transport.endpoint.agent_id());
    let body = invoke_body("sessions_send", None, json!({"sessionKey": session.as_str()}));
    let deadline = Instant::now() + within;
    match transport.start_turn(TurnInterface::ToolsInvoke, &[], &body, deadline) {
        TurnOutcome::Refused { words } if words.contains("message required") => {
            SessionsSendAccess::Yes
        }
        TurnOutcome::ToolNotAllowed => SessionsSendAccess::No,
        TurnOutcome::BadToken => SessionsSendAccess::BadToken,
        other => SessionsSendAccess::Unknown(other.to_string()),
    }
}

/// Asked in the name of the configured agent, since an agent sees only those that it may call. If that does not exist some
/// versions answer 500; then it is asked in nobody's name.
fn agents(transport: &Transport, within: Duration) -> Option<Vec<String>> {
    let own_session = SessionKey::main(transport.endpoint.agent_id());
    let agents = [Some(&own_session), None].into_iter().find_map(|caller| {
        let body = invoke_body("agents_list", caller, json!({}));
        let response = transport.invoke(&body, within).ok()?;
        listed(&json_text::parse(response.body()).ok().filter(|_| response.status() == 200)?)
    })?;
    let id = |agent: &Value| Some(agent.get("id")?.as_str()?.to_owned());
    // An agent that does not exist lists itself, as not configured.
    let exists = |agent: &&Value| agent.get("configured") != Some(&Value::Bool(false));
    Some(agents.iter().filter(exists).filter_map(id).collect())
}

/// The agents in the response of `agents_list`: in the details, else as JSON in the text.
fn listed(body: &Value) -> Option<Vec<Value>> {
    let result = body.get("result")?;
    let list = |value: &Value| value.get("agents").and_then(Value::as_array).cloned();
    result.get("details").and_then(list).or_else(|| {
        let text = text_of(result.get("content"));
        json_text::parse(text.as_bytes()).ok().as_ref().and_then(list)
    })
}
