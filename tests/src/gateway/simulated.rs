//! A test's handle on a stub gateway: to script it, to wait for what comes in, to read the turns.

use super::core::{GatewayInner, GatewayLog, GatewaySettings};
use super::history::HistoryEntry;
use super::server;
use super::turn::{AgentReply, RecordedTurn};
use super::version::GatewayVersion;
use crate::faults::RequestFault;
use crate::overrides::always;
use crate::recording::RecordedRequest;
use crate::wire::listener::Listener;
use serde_json::Value;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

/// The stub gateway; dropping it ends it.
pub struct SimulatedGateway {
    pub(super) inner: Arc<GatewayInner>,
    listener: Listener,
}

impl SimulatedGateway {
    /// A gateway of the newest version, which replies to every message with "You have two meetings."
    pub fn start() -> Self {
        Self::of(GatewayVersion::V2026_9_6)
    }

    /// A gateway of that version.
    pub fn of(version: GatewayVersion) -> Self {
        Self::listening(version, 0)
    }

    /// The same as [`SimulatedGateway::start`] on the port of one that was dropped.
    pub fn on_port(port: u16) -> Self {
        Self::listening(GatewayVersion::V2026_9_6, port)
    }

    fn listening(version: GatewayVersion, port: u16) -> Self {
        let inner = Arc::new(GatewayInner::new(version));
        let (served, stop) = (Arc::clone(&inner), Arc::clone(&inner.stop));
        let listener =
            Listener::start(port, None, stop, move |stream| server::serve(&served, stream))
                .expect("a loopback port can be listened on");
        Self { inner, listener }
    }

    /// The address to configure as `gateway_url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.listener.port())
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// The token that it accepts now.
    pub fn token(&self) -> String {
        self.settings().token.clone()
    }

    fn settings(&self) -> MutexGuard<'_, GatewaySettings> {
        self.inner.settings()
    }

    /// Replies to every message with this text from now on.
    pub fn reply(&self, text: &str) -> &Self {
        let text = text.to_owned();
        self.reply_with(move |_| AgentReply::from(text.as_str()))
    }

    /// Replies as the closure says from now on; it runs on the turn's own thread and may wait for something.
    pub fn reply_with(
        &self,
        reply: impl Fn(&RecordedTurn) -> AgentReply + Send + Sync + 'static,
    ) -> &Self {
        self.settings().reply = Arc::new(reply);
        self
    }

    /// How long each turn takes.
    pub fn delay(&self, time: Duration) -> &Self {
        self.settings().delay = time;
        self
    }

    /// Turns begin but do not end until [`SimulatedGateway::release`].
    pub fn hold(&self) -> &Self {
        self.settings().held = true;
        self
    }

    /// Ends [`SimulatedGateway::hold`].
    pub fn release(&self) -> &Self {
        self.inner.release();
        self
    }

    /// Replies `accepted` (clawdbot: `timeout`) after this time, whatever time limit the client sent.
    pub fn patience(&self, time: Duration) -> &Self {
        self.settings().patience = Some(time);
        self
    }

    /// Writes a row of that turn into the session's history, as the agent does before its reply: text before a tool call,
    /// the call, its result. The gateway adds the run.
    pub fn write(&self, turn: &RecordedTurn, row: &Value) -> &Self {
        self.inner.history().push(HistoryEntry::raw(turn, row));
        self
    }

    /// Waits until the history has been read twice from now: whoever polls it has then seen what it holds now.
    #[track_caller]
    pub fn wait_history_polls(&self, limit: Duration) {
        let polls = |log: &GatewayLog| {
            let is_poll = |request: &&RecordedRequest| request.body["tool"] == "sessions_history";
            log.requests.iter().filter(is_poll).count()
        };
        let before = polls(&self.log());
        self.wait_for(limit, |log| (polls(log) >= before + 2).then_some(()));
    }

    /// Runs one turn at a time, as real gateways do within a session; without this all run at once.
    pub fn queue(&self, one_at_a_time: bool) -> &Self {
        self.settings().queue = one_at_a_time;
        self
    }

    /// Whether `gateway.tools.allow` has `sessions_send`.
    pub fn allow(&self, allowed: bool) -> &Self {
        self.settings().allowed = allowed;
        self
    }

    /// Whether `/v1/chat/completions` is switched on.
    pub fn chat(&self, enabled: bool) -> &Self {
        self.settings().chat = enabled;
        self
    }

    /// Whether it is shutting down: 503 for new sends.
    pub fn drain(&self, draining: bool) -> &Self {
        self.settings().draining = draining;
        self
    }

    /// The agents that exist, instead of `main`.
    pub fn agents(&self, ids: &[&str]) -> &Self {
        self.settings().agents = ids.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    /// Accepts another token from now on.
    pub fn change_token(&self, token: &str) -> &Self {
        token.clone_into(&mut self.settings().token);
        self
    }

    /// Gives every request of this method and pattern this response, with any token.
    pub fn on(&self, method: &str, pattern: &str, status: u16, body: Value) -> &Self {
        self.inner.overrides().script((method, pattern), None, always(status, body));
        self
    }

    /// Lets the next `times` requests of this method and pattern go wrong.
    pub fn fail(&self, method: &str, pattern: &str, fault: RequestFault, times: usize) -> &Self {
        self.inner.overrides().fail((method, pattern), fault, Some(times));
        self
    }

    /// Answers `percent` of these requests as a front between the client and the gateway does, before the effect or after
    /// it; the seed decides which.
    pub fn foreign_responses(&self, method: &str, pattern: &str, percent: u8, seed: u64) -> &Self {
        self.inner.overrides().by_chance((method, pattern), percent, seed, RequestFault::foreign);
        self
    }

    /// Ends all faults.
    pub fn heal(&self) -> &Self {
        self.inner.overrides().heal();
        self
    }

    /// All requests so far, refused ones too.
    pub fn seen(&self) -> Vec<RecordedRequest> {
        self.log().requests
    }

    /// The messages that the agent saw so far.
    pub fn turns(&self) -> Vec<RecordedTurn> {
        self.log().turns
    }

    /// A copy of the whole record, with the counters.
    pub fn log(&self) -> GatewayLog {
        self.inner.recorder.log().clone()
    }

    /// Waits until `pick` finds something in the record.
    ///
    /// # Panics
    /// When nothing was found within `limit`, with the turns in the message.
    #[track_caller]
    pub fn wait_for<T>(&self, limit: Duration, pick: impl FnMut(&GatewayLog) -> Option<T>) -> T {
        self.try_wait_for(limit, pick).unwrap_or_else(|| {
            panic!("nothing of the kind within {limit:?}; the agent saw: {:#?}", self.turns())
        })
    }

    /// Like [`SimulatedGateway::wait_for`], but `None` when the time is over.
    pub fn try_wait_for<T>(
        &self,
        limit: Duration,
        pick: impl FnMut(&GatewayLog) -> Option<T>,
    ) -> Option<T> {
        self.inner.recorder.wait(limit, pick)
    }

    /// Waits for the `n`th turn (from 1).
    #[track_caller]
    pub fn wait_turn(&self, limit: Duration, n: usize) -> RecordedTurn {
        self.wait_for(limit, |log| log.turns.get(n - 1).cloned())
    }
}

impl Drop for SimulatedGateway {
    fn drop(&mut self) {
        self.release();
    }
}
