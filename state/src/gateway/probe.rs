//! Looking at a gateway without starting a turn: for `status` and `setup`, never for `connect run`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::tool;
use super::reply::{self, Asked};
use super::{Client, Outcome, SessionKey};
use crate::http::{Failure, Trouble};
use crate::{json as document, words};

/// Longest version that is told, in characters.
const LONGEST: usize = 40;

/// Whether `sessions_send` may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// The token is accepted and the tool is allowed.
    Yes,
    /// The token is accepted and the tool is not (404).
    No,
    /// The token was refused (401).
    BadToken,
    /// It could not be found out; in the gateway's words or ours.
    Unknown(String),
}

/// What a look at the gateway showed.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Whether anything answered, of whatever status; else what was in the way.
    pub reachable: Result<(), Trouble>,
    /// The gateway's version, where it tells it (today's do, to this machine only).
    pub version: Option<String>,
    /// Whether `sessions_send` may be used.
    pub sessions_send: Allowed,
    /// The ids of the agents that it lets the configured one see, where it tells them.
    pub agents: Option<Vec<String>>,
    /// Whether the chat endpoint is on.
    pub chat: Option<bool>,
}

impl Probe {
    /// Whether the configured agent is one of the gateway's; `None` if it does not say.
    pub fn knows(&self, agent_id: &str) -> Option<bool> {
        Some(self.agents.as_ref()?.iter().any(|agent| agent == agent_id))
    }
}

impl Client {
    /// Looks at the gateway, all in all at most `within`. Starts no turn: `sessions_send` is called
    /// without a message, which is refused after the token and the permission were checked
    /// (facts/gateway.md 4i).
    pub fn probe(&self, within: Duration) -> Probe {
        let deadline = Instant::now() + within;
        let left = || deadline.saturating_duration_since(Instant::now());
        let started = match self.wire().get("/startupz", left()) {
            Ok(reply) => reply,
            Err(Failure::NeverLeft(why) | Failure::Lost(why)) => {
                let unknown = Allowed::Unknown(why.to_string());
                return Probe {
                    reachable: Err(why),
                    version: None,
                    sessions_send: unknown,
                    agents: None,
                    chat: None,
                };
            }
        };
        // Printed by those who look, and nothing is decided by it.
        let text = |body: &Value| Some(words::bounded(body.get("version")?.as_str()?, LONGEST));
        let version = document::parse(started.body()).ok().as_ref().and_then(text);
        let sessions_send = self.allowed(left());
        let agents = if sessions_send == Allowed::BadToken { None } else { self.agents(left()) };
        // A GET starts nothing: where the endpoint is on it is 405, else 404 (2026.9.6).
        let chat = self.wire().get("/v1/chat/completions", left()).ok();
        let chat = chat.map(|reply| reply.status() == 405);
        Probe { reachable: Ok(()), version, sessions_send, agents, chat }
    }

    fn allowed(&self, within: Duration) -> Allowed {
        let session = SessionKey::main(self.target().agent_id());
        let body = tool("sessions_send", None, json!({"sessionKey": session.as_str()}));
        let outcome =
            self.wire().ask(Asked::Tool, "/tools/invoke", &[], &body, Instant::now() + within);
        match outcome {
            Outcome::Refused { words } if words.contains("message required") => Allowed::Yes,
            Outcome::NotAllowed => Allowed::No,
            Outcome::BadToken => Allowed::BadToken,
            other => Allowed::Unknown(other.to_string()),
        }
    }

    /// Asked as the configured agent, since an agent sees only those that it may call. Where there is no
    /// such agent, some versions answer 500 to that; then whoever is there is asked.
    fn agents(&self, within: Duration) -> Option<Vec<String>> {
        let asked_as = SessionKey::main(self.target().agent_id());
        let agents = [Some(&asked_as), None].into_iter().find_map(|caller| {
            let body = tool("agents_list", caller, json!({}));
            let reply = self.wire().post("/tools/invoke", &body, within).ok()?;
            listed(&document::parse(reply.body()).ok().filter(|_| reply.status() == 200)?)
        })?;
        let id = |agent: &Value| Some(agent.get("id")?.as_str()?.to_owned());
        // An agent that does not exist lists itself, as not configured.
        let exists = |agent: &&Value| agent.get("configured") != Some(&Value::Bool(false));
        Some(agents.iter().filter(exists).filter_map(id).collect())
    }
}

/// The agents of an `agents_list` answer: in the details, else as JSON in the text.
fn listed(answer: &Value) -> Option<Vec<Value>> {
    let result = answer.get("result")?;
    let list = |value: &Value| value.get("agents").and_then(Value::as_array).cloned();
    result.get("details").and_then(list).or_else(|| {
        let text = reply::text_of(result.get("content"));
        document::parse(text.as_bytes()).ok().as_ref().and_then(list)
    })
}
