//! The client of the gateway: which interface and which form, remembered; cheap to share among threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;

use super::form::{Form, Known};
use super::reply::Asked;
use super::turn::fitting;
use super::wire::Wire;
use super::{Api, Outcome, SessionKey, Target, Turn};
use crate::json;

/// How long the chat endpoint counts as off after it said so: setup may switch it on at any time.
const CHAT_STAYS_OFF: Duration = Duration::from_secs(300);

/// Longest look at `/startupz`, which a gateway answers in 15 ms (facts/gateway.md 4j).
const STARTUP_WITHIN: Duration = Duration::from_secs(3);

/// Has turns with one agent. Clones share what is remembered.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    wire: Wire,
    form: Mutex<Known>,
    chat_is_off_until: Mutex<Option<Instant>>,
}

impl Client {
    /// A client of one gateway. Nothing is sent yet.
    pub fn new(target: Target) -> Self {
        let (form, chat_is_off_until) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { wire: Wire::new(target), form, chat_is_off_until }) }
    }

    /// The gateway and the agent.
    pub fn target(&self) -> &Target {
        &self.shared.wire.target
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.shared.wire
    }

    /// The form of `sessions_send` that has worked, to be kept over a restart.
    pub fn remembered(&self) -> Option<Form> {
        match *held(&self.shared.form) {
            Known::Works(form) => Some(form),
            Known::Nothing | Known::First(_) => None,
        }
    }

    /// Takes over what an earlier run found out.
    pub fn remember(&self, form: Form) {
        *held(&self.shared.form) = Known::Works(form);
    }

    /// Has a turn: the message goes to the agent, and what came of it is told, at the latest after
    /// `within`. Blocks; the caller has a thread for it. The gateway itself waits `Turn::wait_seconds`,
    /// so `within` is longer than that, and ten minutes where the chat endpoint may be used: it has no
    /// limit of its own, and hanging up there ends the turn.
    ///
    /// The message is cut with a note at 16,000 characters. Nothing that may have begun a turn is sent
    /// again (see [`Outcome`]).
    pub fn turn(&self, turn: &Turn, message: &str, within: Duration) -> Outcome {
        let deadline = Instant::now() + within;
        let message = fitting(message);
        if self.chats(turn) {
            match self.chat(turn, &message, deadline) {
                // 404 comes before any turn, so the other interface can have it.
                Outcome::ChatOff if self.target().api == Api::Auto => {
                    *held(&self.shared.chat_is_off_until) = Some(Instant::now() + CHAT_STAYS_OFF);
                }
                outcome => return outcome,
            }
        }
        let first = self.form();
        let outcome = self.sessions_send(first, turn, &message, deadline);
        if !matches!(outcome, Outcome::WrongForm { .. }) {
            self.learn(first, turn, &outcome);
            return outcome;
        }
        match self.sessions_send(first.other(), turn, &message, deadline) {
            Outcome::WrongForm { words } => Outcome::Refused { words },
            outcome => {
                self.learn(first.other(), turn, &outcome);
                outcome
            }
        }
    }

    fn chats(&self, turn: &Turn) -> bool {
        let off_until = *held(&self.shared.chat_is_off_until);
        turn.is_owners()
            && match self.target().api {
                Api::SessionsSend => false,
                Api::Chat => true,
                Api::Auto => off_until.is_none_or(|until| until <= Instant::now()),
            }
    }

    fn chat(&self, turn: &Turn, message: &str, deadline: Instant) -> Outcome {
        let agent_id = self.target().agent_id();
        let session = turn.session(agent_id);
        // Each product reads its own header and ignores the other's (facts/gateway.md, chat).
        let headers = [
            ("x-openclaw-session-key", session.as_str()),
            ("x-clawdbot-session-key", session.as_str()),
        ];
        // A gateway with several agents wants the agent named here too, whatever the session says.
        let body = json!({
            "model": format!("openclaw/{agent_id}"),
            "messages": [{"role": "user", "content": message}],
        });
        self.wire().ask(Asked::Chat, "/v1/chat/completions", &headers, &body, deadline)
    }

    fn sessions_send(&self, form: Form, turn: &Turn, message: &str, deadline: Instant) -> Outcome {
        let agent_id = self.target().agent_id();
        let session = turn.session(agent_id);
        let args = SessionsSend {
            session_key: session.as_str(),
            message,
            timeout_seconds: turn.wait_seconds(),
        };
        let caller = (form == Form::Direct).then(|| SessionKey::caller(agent_id));
        let body = tool("sessions_send", caller.as_ref(), args);
        self.wire().ask(Asked::Tool, "/tools/invoke", &[], &body, deadline)
    }

    /// The form to begin with. Found out once per gateway, and whoever comes meanwhile waits for it:
    /// only the versions that demand the caller's session answer `/startupz`.
    fn form(&self) -> Form {
        let mut known = held(&self.shared.form);
        if let Some(form) = known.form() {
            return form;
        }
        let Ok(reply) = self.wire().get("/startupz", STARTUP_WITHIN) else { return Form::Plain };
        let is_new =
            reply.status() == 200 && json::parse(reply.body()).is_ok_and(|body| body.is_object());
        let form = if is_new { Form::Direct } else { Form::Plain };
        *known = Known::First(form);
        form
    }

    /// Remembers a form that was taken as a turn. A report says nothing: with `timeoutSeconds` 0 the
    /// plain form passes where it is refused otherwise (facts/gateway.md 0).
    fn learn(&self, form: Form, turn: &Turn, outcome: &Outcome) {
        if outcome.shows_a_turn() && *turn != Turn::Report {
            self.remember(form);
        }
    }
}

/// The body of `/tools/invoke`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call<'a, A> {
    tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_key: Option<&'a str>,
    args: A,
}

/// What `sessions_send` is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionsSend<'a> {
    session_key: &'a str,
    message: &'a str,
    timeout_seconds: u32,
}

/// A call of the tool `name`, on behalf of another session where one is named.
pub(super) fn tool<'a, A>(
    name: &'static str,
    caller: Option<&'a SessionKey>,
    args: A,
) -> Call<'a, A> {
    Call { tool: name, session_key: caller.map(SessionKey::as_str), args }
}

/// What is remembered is whole at any time, even after a panic of another thread.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
