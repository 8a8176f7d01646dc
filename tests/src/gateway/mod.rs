//! A stub of the gateway in which the agent runs, with the answers that were captured from three real versions.

mod answer;
mod checks;
mod history;
mod send;
#[cfg(test)]
mod tests;
mod turn;

pub use turn::{Api, Reply, Turn};

use crate::fate::Fate;
use crate::log::{Record, Seen};
use crate::rules::{Fault, Rules, always};
use crate::wire::listener::Listener;
use crate::wire::stop::Stop;
use history::Said;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The token that a fresh gateway accepts.
pub const TOKEN: &str = "gwtok";

/// Which gateway is imitated (facts/gateway.md 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// OpenClaw 2026.9.6: refuses a session that sends to itself; wants a caller of its own.
    V2026_9_6,
    /// OpenClaw 2026.7.35: forbids a caller of its own; the plain form works. No `/startupz`.
    V2026_7_35,
    /// clawdbot 2026.1.24-3: takes every form, has no health routes and no list of allowed tools.
    Clawdbot2026_1,
}

/// What a gateway is set to.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
struct Settings {
    token: String,
    allowed: bool,
    chat: bool,
    draining: bool,
    queue: bool,
    patience: Option<Duration>,
    delay: Duration,
    agents: Vec<String>,
    held: bool,
    reply: Arc<turn::Replier>,
}

/// Everything that came in.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// All HTTP requests, refused ones too.
    pub requests: Vec<Seen>,
    /// The messages that started a turn, in the order in which the agent saw them.
    pub turns: Vec<Turn>,
    /// Turns that run now.
    pub in_flight: usize,
    /// The most that ever ran at once.
    pub most_in_flight: usize,
    /// Turns that have ended.
    pub finished: usize,
}

struct Shared {
    version: Version,
    began: Instant,
    settings: Mutex<Settings>,
    rules: Mutex<Rules>,
    heard: Record<Heard>,
    said: Mutex<Vec<Said>>,
    /// Sessions that exist beside the agents' main ones.
    sessions: Mutex<BTreeSet<String>>,
    fate: Mutex<Fate>,
    wrong_tokens: Mutex<u32>,
    stop: Arc<Stop>,
    /// Notified when `held` ends.
    gate: std::sync::Condvar,
    /// One turn at a time, when turns are queued.
    line: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stub gateway; dropping it ends it.
pub struct Gateway {
    shared: Arc<Shared>,
    listener: Listener,
}

impl Gateway {
    /// Today's gateway, which answers every message with "You have two meetings."
    pub fn start() -> Self {
        Self::of(Version::V2026_9_6)
    }

    /// A gateway of that version.
    pub fn of(version: Version) -> Self {
        let settings = Settings {
            token: TOKEN.to_owned(),
            allowed: true,
            chat: false,
            draining: false,
            queue: false,
            patience: None,
            delay: Duration::ZERO,
            agents: vec!["main".to_owned()],
            held: false,
            reply: Arc::new(|_| Reply::from("You have two meetings.")),
        };
        let stop = Arc::new(Stop::default());
        let shared = Arc::new(Shared {
            version,
            began: Instant::now(),
            settings: Mutex::new(settings),
            rules: Mutex::default(),
            heard: Record::default(),
            said: Mutex::default(),
            sessions: Mutex::default(),
            fate: Mutex::new(Fate::new(0x6a7e)),
            wrong_tokens: Mutex::default(),
            stop: Arc::clone(&stop),
            gate: std::sync::Condvar::new(),
            line: Mutex::default(),
        });
        let served = Arc::clone(&shared);
        let listener = Listener::start(0, None, stop, move |stream| answer::serve(&served, stream))
            .expect("a loopback port can be listened on");
        Self { shared, listener }
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

    fn settings(&self) -> MutexGuard<'_, Settings> {
        lock(&self.shared.settings)
    }

    /// Answers every message with this text from now on.
    pub fn reply(&self, text: &str) -> &Self {
        let text = text.to_owned();
        self.reply_with(move |_| Reply::from(text.as_str()))
    }

    /// Answers as the closure says from now on; it runs on the turn's own thread and may wait for something.
    pub fn reply_with(&self, reply: impl Fn(&Turn) -> Reply + Send + Sync + 'static) -> &Self {
        self.settings().reply = Arc::new(reply);
        self
    }

    /// How long each turn takes.
    pub fn delay(&self, time: Duration) -> &Self {
        self.settings().delay = time;
        self
    }

    /// Turns begin but do not end until [`Gateway::release`].
    pub fn hold(&self) -> &Self {
        self.settings().held = true;
        self
    }

    /// Ends [`Gateway::hold`].
    pub fn release(&self) -> &Self {
        self.settings().held = false;
        self.shared.gate.notify_all();
        self
    }

    /// Answers `accepted` (clawdbot: `timeout`) after this time, however long the client said it would wait.
    pub fn patience(&self, time: Duration) -> &Self {
        self.settings().patience = Some(time);
        self
    }

    /// Writes a row of that turn into the session's history, as the agent does on its way: what it says before it calls
    /// a tool, the call, its result. The gateway adds the run.
    pub fn write(&self, turn: &Turn, row: &Value) -> &Self {
        lock(&self.shared.said).push(Said::row(turn, row));
        self
    }

    /// Waits until the history has been looked at twice from now: whoever looks for something there has seen what
    /// stands there now.
    #[track_caller]
    pub fn wait_looks(&self, limit: Duration) {
        let looks = |heard: &Heard| {
            let is_look = |seen: &&Seen| seen.body["tool"] == "sessions_history";
            heard.requests.iter().filter(is_look).count()
        };
        let before = looks(&self.heard());
        self.wait_for(limit, |heard| (looks(heard) >= before + 2).then_some(()));
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

    /// Answers every request of this method and pattern so, whoever asks.
    pub fn on(&self, method: &str, pattern: &str, status: u16, body: Value) -> &Self {
        lock(&self.shared.rules).script((method, pattern), None, always(status, body));
        self
    }

    /// Lets the next `times` requests of this method and pattern go wrong.
    pub fn fail(&self, method: &str, pattern: &str, fault: Fault, times: usize) -> &Self {
        lock(&self.shared.rules).fail((method, pattern), fault, Some(times));
        self
    }

    /// Ends all faults.
    pub fn heal(&self) -> &Self {
        lock(&self.shared.rules).heal();
        self
    }

    /// All requests so far, refused ones too.
    pub fn seen(&self) -> Vec<Seen> {
        self.heard().requests
    }

    /// The messages that the agent saw so far.
    pub fn turns(&self) -> Vec<Turn> {
        self.heard().turns
    }

    /// A copy of the whole record, with the counters.
    pub fn heard(&self) -> Heard {
        self.shared.heard.log().clone()
    }

    /// Waits until `pick` finds something in the record.
    ///
    /// # Panics
    /// When nothing was found within `limit`, with the turns in the message.
    #[track_caller]
    pub fn wait_for<T>(&self, limit: Duration, pick: impl FnMut(&Heard) -> Option<T>) -> T {
        self.try_wait_for(limit, pick).unwrap_or_else(|| {
            let heard = self.heard();
            panic!("nothing of the kind within {limit:?}; the agent saw: {:#?}", heard.turns)
        })
    }

    /// Like [`Gateway::wait_for`], but `None` when the time is over.
    pub fn try_wait_for<T>(
        &self,
        limit: Duration,
        pick: impl FnMut(&Heard) -> Option<T>,
    ) -> Option<T> {
        self.shared.heard.wait(limit, pick)
    }

    /// Waits for the `n`th turn (from 1).
    #[track_caller]
    pub fn wait_turn(&self, limit: Duration, n: usize) -> Turn {
        self.wait_for(limit, |heard| heard.turns.get(n - 1).cloned())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.release();
    }
}
