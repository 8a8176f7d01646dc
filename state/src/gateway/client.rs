//! The client of the gateway. It remembers which interface and which variant of a call works; cheap to share among threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;

use super::answer::TurnInterface;
use super::call_variant::{CallVariant, KnownVariant};
use super::transport::{Transport, invoke_body};
use super::turn_kind::cut_to_limit;
use super::{
    FinishedRun, GatewayEndpoint, Interface, Probe, SessionKey, TurnKind, TurnOutcome, history,
    probe,
};
use crate::http::SendError;
use crate::text::json as json_text;
use crate::text::secret::Secret;

/// How long the chat endpoint counts as off after it answered so: `setup` may switch it on at any time.
const CHAT_STAYS_OFF: Duration = Duration::from_secs(300);

/// The longest wait for `/startupz`, which a gateway answers in 15 ms.
const STARTUP_WITHIN: Duration = Duration::from_secs(3);

/// Has turns with one agent. Clones share what is remembered.
#[derive(Clone, Debug)]
pub struct GatewayClient {
    shared: Arc<SharedState>,
}

#[derive(Debug)]
struct SharedState {
    transport: Transport,
    variant: Mutex<KnownVariant>,
    chat_is_off_until: Mutex<Option<Instant>>,
}

impl GatewayClient {
    /// A client of one gateway. Sends nothing yet.
    pub fn new(endpoint: GatewayEndpoint) -> Self {
        let (variant, chat_is_off_until) = (Mutex::default(), Mutex::default());
        let transport = Transport::new(endpoint);
        Self { shared: Arc::new(SharedState { transport, variant, chat_is_off_until }) }
    }

    /// The gateway and the agent.
    pub fn endpoint(&self) -> &GatewayEndpoint {
        &self.transport().endpoint
    }

    /// Where the gateway is by now: it may have moved since it was configured.
    pub fn base(&self) -> String {
        self.transport().base()
    }

    /// The token that is used now.
    pub fn token(&self) -> Option<Secret> {
        self.transport().token()
    }

    /// Reads the token again from where it is configured; false if it is the same.
    pub fn renew_token(&self) -> bool {
        self.transport().renew_token()
    }

    fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    /// The variant of `sessions_send` that has worked.
    pub fn working_variant(&self) -> Option<CallVariant> {
        match *lock(&self.shared.variant) {
            KnownVariant::Works(variant) => Some(variant),
            KnownVariant::None | KnownVariant::Probable(_) => None,
        }
    }

    /// Sets the variant that has worked, as if a turn had shown it.
    pub fn set_working_variant(&self, variant: CallVariant) {
        *lock(&self.shared.variant) = KnownVariant::Works(variant);
    }

    /// Has a turn: sends the message to the agent and gives the outcome, after at most `within`. Blocks. The gateway itself
    /// waits 60 s for a text, 90 s for what is spoken, so `within` has to be longer, and ten minutes where the chat endpoint
    /// may be used: that has no limit of its own, and hanging up there ends the turn.
    ///
    /// A message of more than 16,000 characters is cut, with a note. Nothing that may have started a turn is sent again
    /// (see [`TurnOutcome`]).
    pub fn run_turn(&self, turn: &TurnKind, message: &str, within: Duration) -> TurnOutcome {
        let deadline = Instant::now() + within;
        let message = cut_to_limit(message);
        if self.uses_chat(turn) {
            match self.chat(turn, &message, deadline) {
                // 404 comes before any turn, so the other interface can be used.
                TurnOutcome::ChatDisabled if self.endpoint().interface == Interface::Auto => {
                    *lock(&self.shared.chat_is_off_until) = Some(Instant::now() + CHAT_STAYS_OFF);
                }
                outcome => return outcome,
            }
        }
        let first = self.first_variant();
        let outcome = self.sessions_send(first, turn, &message, deadline);
        if !matches!(outcome, TurnOutcome::WrongVariant { .. }) {
            self.learn(first, turn, &outcome);
            return outcome;
        }
        match self.sessions_send(first.other(), turn, &message, deadline) {
            TurnOutcome::WrongVariant { words } => TurnOutcome::Refused { words },
            outcome => {
                self.learn(first.other(), turn, &outcome);
                outcome
            }
        }
    }

    /// Which of `run_ids` have ended by now, and how; in one request, which starts no turn.
    pub fn finished_runs<'a>(&self, run_ids: &[&'a str]) -> Vec<(&'a str, FinishedRun)> {
        history::finished_runs(self.transport(), run_ids)
    }

    /// What a turn would end with now if the gateway is down, starts or shuts down ([`TurnOutcome::is_gateway_down`]); else
    /// `None`. Starts no turn. Blocks for 3 s at most.
    pub fn why_down(&self) -> Option<TurnOutcome> {
        match self.transport().get("/startupz", STARTUP_WITHIN) {
            Ok(response) if matches!(response.status(), 429 | 502..=504) => {
                Some(TurnOutcome::Busy { retry_after: response.retry_after() })
            }
            Ok(_) => None,
            Err(SendError::NotSent(cause) | SendError::ResponseLost(cause)) => {
                Some(TurnOutcome::unreachable(&cause))
            }
        }
    }

    /// Looks at the gateway without starting a turn, for at most `within`.
    pub fn probe(&self, within: Duration) -> Probe {
        probe::probe(self.transport(), within)
    }

    fn uses_chat(&self, turn: &TurnKind) -> bool {
        let off_until = *lock(&self.shared.chat_is_off_until);
        turn.is_owners()
            && match self.endpoint().interface {
                Interface::SessionsSend => false,
                Interface::Chat => true,
                Interface::Auto => off_until.is_none_or(|until| until <= Instant::now()),
            }
    }

    fn chat(&self, turn: &TurnKind, message: &str, deadline: Instant) -> TurnOutcome {
        let agent_id = self.endpoint().agent_id();
        let session = turn.session(agent_id);
        // OpenClaw and Clawdbot each read their own header and ignore the other.
        let headers = [
            ("x-openclaw-session-key", session.as_str()),
            ("x-clawdbot-session-key", session.as_str()),
        ];
        // A gateway with several agents needs the agent here too, whatever the session key says.
        let body = json!({
            "model": format!("openclaw/{agent_id}"),
            "messages": [{"role": "user", "content": message}],
        });
        self.transport().start_turn(TurnInterface::ChatCompletions, &headers, &body, deadline)
    }

    fn sessions_send(
        &self,
        variant: CallVariant,
        turn: &TurnKind,
        message: &str,
        deadline: Instant,
    ) -> TurnOutcome {
        let agent_id = self.endpoint().agent_id();
        let session = turn.session(agent_id);
        let args = SessionsSendArgs {
            session_key: session.as_str(),
            message,
            timeout_seconds: turn.wait_seconds(),
        };
        let caller = (variant == CallVariant::WithCaller).then(|| SessionKey::caller(agent_id));
        let body = invoke_body("sessions_send", caller.as_ref(), args);
        self.transport().start_turn(TurnInterface::ToolsInvoke, &[], &body, deadline)
    }

    /// The variant to try first. Found out once for a gateway, while other threads wait: only versions that need the
    /// caller's session answer `/startupz`.
    fn first_variant(&self) -> CallVariant {
        let mut known = lock(&self.shared.variant);
        if let Some(variant) = known.variant() {
            return variant;
        }
        let Ok(response) = self.transport().get("/startupz", STARTUP_WITHIN) else {
            return CallVariant::WithoutCaller;
        };
        let is_new = response.status() == 200
            && json_text::parse(response.body()).is_ok_and(|body| body.is_object());
        let variant = if is_new { CallVariant::WithCaller } else { CallVariant::WithoutCaller };
        *known = KnownVariant::Probable(variant);
        variant
    }

    /// Remembers a variant that was accepted as a turn. A notification proves nothing: with `timeoutSeconds` 0 today's
    /// gateway accepts the variant that it refuses otherwise.
    fn learn(&self, variant: CallVariant, turn: &TurnKind, outcome: &TurnOutcome) {
        if outcome.proves_a_turn() && *turn != TurnKind::Notification {
            self.set_working_variant(variant);
        }
    }
}

/// The arguments of `sessions_send`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionsSendArgs<'a> {
    session_key: &'a str,
    message: &'a str,
    timeout_seconds: u32,
}

/// Locks a value that is valid at any time, even after a panic of another thread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
