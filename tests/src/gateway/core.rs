//! What the threads of one stub gateway share, and the running of the agent's turns.

use super::history::HistoryEntry;
use super::line::state::LineServer;
use super::line::{AgentWork, RecordedDeed};
use super::turn::{AgentReply, RecordedTurn, Replier};
use super::version::GatewayVersion;
use crate::overrides::Overrides;
use crate::recording::{RecordedFrame, RecordedRequest, Recorder};
use crate::rng::Rng;
use crate::wire::stop::StopSignal;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The token that a fresh gateway accepts.
pub const TOKEN: &str = "gwtok";

/// What a gateway is set to.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct GatewaySettings {
    pub(super) token: String,
    /// Whether `sessions_send` is among the allowed tools.
    pub(super) allowed: bool,
    /// Whether `/v1/chat/completions` is switched on.
    pub(super) chat: bool,
    /// Whether it is shutting down.
    pub(super) draining: bool,
    /// Whether turns run one at a time.
    pub(super) queue: bool,
    /// How long a request waits for its turn, instead of what the client wants.
    pub(super) patience: Option<Duration>,
    /// How long each turn takes.
    pub(super) delay: Duration,
    /// The ids of the agents that exist.
    pub(super) agents: Vec<String>,
    /// Whether turns that have begun do not end.
    pub(super) held: bool,
    pub(super) reply: Arc<Replier>,
    /// What the agent does in a turn by `chat.send`, where a test wants more than a reply.
    pub(super) work: Option<Arc<Worker>>,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            token: TOKEN.to_owned(),
            allowed: true,
            chat: false,
            draining: false,
            queue: false,
            patience: None,
            delay: Duration::ZERO,
            agents: vec!["main".to_owned()],
            held: false,
            reply: Arc::new(|_| AgentReply::from("You have two meetings.")),
            work: None,
        }
    }
}

/// Everything that came in.
#[derive(Clone, Debug, Default)]
pub struct GatewayLog {
    /// All HTTP requests, refused ones too.
    pub requests: Vec<RecordedRequest>,
    /// The messages that started a turn, in the order in which the agent saw them.
    pub turns: Vec<RecordedTurn>,
    /// Turns that run now.
    pub in_flight: usize,
    /// The most that ever ran at once.
    pub most_in_flight: usize,
    /// Turns that have ended.
    pub finished: usize,
    /// The frames of clients on the WebSocket that were let in, and of those that were not their `connect`.
    pub frames: Vec<RecordedFrame>,
    /// What the agent was about to do, in the order in which it was decided.
    pub deeds: Vec<RecordedDeed>,
    /// The sessions that were forked, in order.
    pub forks: Vec<String>,
}

/// What the agent does in a turn, to its reply.
pub(super) type Worker = dyn Fn(&AgentWork) -> AgentReply + Send + Sync;

/// What the threads of one gateway share.
pub(super) struct GatewayInner {
    pub(super) version: GatewayVersion,
    pub(super) started: Instant,
    settings: Mutex<GatewaySettings>,
    pub(super) overrides: Mutex<Overrides>,
    pub(super) recorder: Recorder<GatewayLog>,
    history: Mutex<Vec<HistoryEntry>>,
    /// Sessions that exist beside the agents' main ones.
    sessions: Mutex<BTreeSet<String>>,
    rng: Mutex<Rng>,
    wrong_tokens: Mutex<u32>,
    pub(super) stop: Arc<StopSignal>,
    pub(super) line: LineServer,
    /// Notified when turns are no longer held.
    released: Condvar,
    /// Locked by the turn that runs, when turns are queued.
    one_turn: Mutex<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GatewayInner {
    pub(super) fn new(version: GatewayVersion) -> Self {
        Self {
            version,
            started: Instant::now(),
            settings: Mutex::default(),
            overrides: Mutex::default(),
            recorder: Recorder::default(),
            history: Mutex::default(),
            sessions: Mutex::default(),
            rng: Mutex::new(Rng::new(0x6a7e)),
            wrong_tokens: Mutex::default(),
            stop: Arc::default(),
            line: LineServer::default(),
            released: Condvar::new(),
            one_turn: Mutex::default(),
        }
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, GatewaySettings> {
        lock(&self.settings)
    }

    pub(super) fn overrides(&self) -> MutexGuard<'_, Overrides> {
        lock(&self.overrides)
    }

    /// What stands in the sessions, in order.
    pub(super) fn history(&self) -> MutexGuard<'_, Vec<HistoryEntry>> {
        lock(&self.history)
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, BTreeSet<String>> {
        lock(&self.sessions)
    }

    /// How many wrong tokens came so far.
    pub(super) fn wrong_tokens(&self) -> MutexGuard<'_, u32> {
        lock(&self.wrong_tokens)
    }

    pub(super) fn uuid(&self) -> String {
        lock(&self.rng).uuid()
    }

    /// Ends the holding of turns.
    pub(super) fn release(&self) {
        self.settings().held = false;
        self.released.notify_all();
    }

    /// Waits while turns are held, at most this long; true if they still are.
    pub(super) fn wait_released(&self, limit: Duration) -> bool {
        let current = self.settings();
        if !current.held || self.stop.stopped() {
            return false;
        }
        let wait = self.released.wait_timeout(current, limit);
        wait.unwrap_or_else(PoisonError::into_inner).0.held
    }

    /// What the agent does in a turn by `chat.send`, and its reply.
    pub(super) fn reply_of(&self, work: &AgentWork) -> AgentReply {
        let settings = self.settings().clone();
        self.stop.pause(settings.delay);
        match &settings.work {
            Some(worker) => worker(work),
            None => (settings.reply)(work.turn()),
        }
    }

    /// Begins a turn on a thread of its own, which goes on even if nobody waits for its reply any more.
    pub(super) fn begin(self: &Arc<Self>, turn: RecordedTurn) -> Receiver<AgentReply> {
        let (reply_to, reply) = channel();
        let inner = Arc::clone(self);
        let index = self.recorder.add(|log| {
            log.in_flight += 1;
            log.most_in_flight = log.most_in_flight.max(log.in_flight);
            log.turns.push(turn.clone());
            log.turns.len() - 1
        });
        self.history().push(HistoryEntry::question(&turn));
        thread::spawn(move || {
            let reply = inner.run(&turn);
            if let AgentReply::Text(text) = &reply {
                inner.history().push(HistoryEntry::reply(&turn, text));
            }
            inner.recorder.add(|log| {
                log.in_flight -= 1;
                log.finished += 1;
                log.turns[index].ended = Some(Instant::now());
            });
            // Nobody waits any more when the client already has a response.
            let _ = reply_to.send(reply);
        });
        reply
    }

    fn run(&self, turn: &RecordedTurn) -> AgentReply {
        let settings = self.settings().clone();
        let _one_turn = settings.queue.then(|| lock(&self.one_turn));
        self.stop.pause(settings.delay);
        let mut current = self.settings();
        while current.held && !self.stop.stopped() {
            let wait = self.released.wait_timeout(current, Duration::from_millis(100));
            current = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(current);
        (settings.reply)(turn)
    }
}
