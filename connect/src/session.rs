//! The life of the connection: dial, authenticate, keep alive, come back. Knows nothing of calls or turns.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Registry, Token};
use state::http::waits;
use state::secret::Secret;

use crate::backoff;
use crate::dial::{Refusal, Target};
use crate::mail::{Mail, Mailer};
use crate::outbox::Outbox;
use crate::protocol::incoming::{IncomingFrame, ServiceEvent};
use crate::socket::{self, Dialled, Lost, Socket};
use crate::timers::{Periods, sooner};

/// The close code of a client that another one replaced (facts/server.md 2.5).
const REPLACED: u16 = 4000;

/// The stack of a dial: name lookups and handshakes are the deepest calls of this program.
const DIAL_STACK: usize = 512 << 10;

/// What the session has to tell.
#[derive(Debug)]
pub(crate) enum News {
    /// The key was accepted: from now on events come.
    Connected,
    /// An event came.
    Event(ServiceEvent, String),
    /// A frame came that is ignored; the text says which.
    Ignored(String),
    /// A frame came that needs nothing done: a ping, or a pong that nobody waits for.
    Nothing,
    /// The ping of this number was answered, and with it all before.
    Pong(u64),
    /// The connection is gone, or none came about; the next try is made after the pause.
    Down {
        /// One plain line.
        why: String,
        /// The close code, if the service gave one.
        code: Option<u16>,
        /// How long until the next try.
        pause: Duration,
    },
    /// The key was refused; the text is the service's.
    KeyRefused(String),
    /// Another client took over.
    Replaced,
}

/// Where the session stands.
#[derive(Debug)]
enum Phase {
    Waiting { until: Instant },
    Dialling { until: Instant },
    Authenticating { socket: Socket, until: Instant },
    Live { socket: Socket, since: Instant, next_ping: Instant, unanswered: Option<(u64, Instant)> },
}

/// The one connection to the service.
pub(crate) struct Session {
    target: Arc<Target>,
    auth: Secret,
    periods: Periods,
    registry: Registry,
    token: Token,
    mailer: Mailer,
    phase: Phase,
    /// Connections in a row that did not last.
    failures: u32,
    /// Number of the dial under way; the result of an earlier one is no longer wanted.
    attempt: u64,
    n_pings: u64,
}

impl Session {
    /// A session that dials at its first [`Self::tick`]. `auth` is the first frame of each connection.
    pub(crate) fn new(
        target: Target,
        auth: Secret,
        periods: Periods,
        registry: Registry,
        token: Token,
        mailer: Mailer,
    ) -> Self {
        Self {
            target: Arc::new(target),
            auth,
            periods,
            registry,
            token,
            mailer,
            phase: Phase::Waiting { until: Instant::now() },
            failures: 0,
            attempt: 0,
            n_pings: 0,
        }
    }

    /// When something is to be done although nothing comes in.
    pub(crate) fn due(&self) -> Instant {
        match &self.phase {
            Phase::Waiting { until }
            | Phase::Dialling { until }
            | Phase::Authenticating { until, .. } => *until,
            Phase::Live { next_ping, unanswered, .. } => {
                let deadline = unanswered.map(|(_, until)| until);
                sooner(deadline, Some(*next_ping)).unwrap_or(*next_ping)
            }
        }
    }

    /// Whether the key was accepted on the present connection.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// Whether there is a connection, accepted or not.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Authenticating { .. } | Phase::Live { .. })
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<News> {
        if now < self.due() {
            return None;
        }
        match &self.phase {
            Phase::Waiting { .. } => self.dial(now),
            Phase::Dialling { .. } => Some(self.down("no connection in time", None, None, now)),
            Phase::Authenticating { .. } => {
                Some(self.down("the service did not answer the key in time", None, None, now))
            }
            Phase::Live { unanswered: Some((_, until)), .. } if *until <= now => {
                Some(self.down("the service did not answer a ping in time", None, None, now))
            }
            Phase::Live { .. } => self.ping(now).err().map(|lost| self.lost(lost, now)),
        }
    }

    /// The machine slept: whatever connection there was is no longer one.
    pub(crate) fn slept(&mut self, now: Instant) -> Option<News> {
        self.failures = 0;
        let is_waiting = matches!(self.phase, Phase::Waiting { .. });
        let news = (!is_waiting).then(|| self.down("the machine slept", None, None, now));
        self.phase = Phase::Waiting { until: now };
        news
    }

    /// Takes over a connection that was dialled, and sends the key.
    pub(crate) fn dialled(
        &mut self,
        attempt: u64,
        result: Result<Box<Dialled>, Refusal>,
        now: Instant,
    ) -> Option<News> {
        if attempt != self.attempt || !matches!(self.phase, Phase::Dialling { .. }) {
            return None;
        }
        let websocket = match result {
            Ok(websocket) => websocket,
            Err(refusal) => return Some(self.down(&refusal.why, None, refusal.retry_after, now)),
        };
        let opened = Socket::open(*websocket, &self.registry, self.token)
            .map_err(|err| Lost(err.to_string()))
            .and_then(|mut socket| {
                socket.write(self.auth.expose())?;
                socket.flush()?;
                Ok(socket)
            });
        match opened {
            Ok(socket) => {
                self.phase = Phase::Authenticating { socket, until: now + self.periods.auth };
                None
            }
            Err(Lost(why)) => Some(self.down(&why, None, None, now)),
        }
    }

    /// What the next frame has to tell, or `None` when there is nothing more to read. Each frame counts, so that a
    /// flood of pings keeps nobody longer than another one.
    pub(crate) fn next(&mut self, now: Instant) -> Option<News> {
        match self.socket()?.read() {
            Ok(Some(incoming)) => Some(self.heard(incoming, now)),
            Ok(None) => None,
            Err(lost) => Some(self.lost(lost, now)),
        }
    }

    fn heard(&mut self, incoming: socket::Incoming, now: Instant) -> News {
        let text = match incoming {
            socket::Incoming::Nothing => return News::Nothing,
            socket::Incoming::Pong(number) => return self.answered(number),
            socket::Incoming::Closed { code: REPLACED, .. } => return News::Replaced,
            socket::Incoming::Closed { code, reason } => {
                // The library has a reply ready; whether it still leaves does not matter.
                let _ = self.socket().map(Socket::flush);
                let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
                let why = format!("the service closed the connection ({code}{reason})");
                return self.down(&why, Some(code), None, now);
            }
            socket::Incoming::Text(text) => text,
        };
        match IncomingFrame::read(&text) {
            IncomingFrame::AuthOk { .. } if self.is_live() => {
                News::Ignored("auth_ok again".to_owned())
            }
            IncomingFrame::AuthOk { .. } => {
                self.authenticated(now);
                News::Connected
            }
            IncomingFrame::AuthError { message } => News::KeyRefused(message),
            IncomingFrame::Event(ServiceEvent::Other(name)) => News::Ignored(name),
            IncomingFrame::Event(event) => News::Event(event, text.to_string()),
            IncomingFrame::Unknown(why) => News::Ignored(why),
        }
    }

    /// Sends what is to be sent, as far as the stream takes it, and a ping to vouch for answers.
    pub(crate) fn send(&mut self, outbox: &mut Outbox, now: Instant) -> Option<News> {
        self.try_send(outbox, now).err().map(|lost| self.lost(lost, now))
    }

    fn try_send(&mut self, outbox: &mut Outbox, now: Instant) -> Result<(), Lost> {
        let is_live = self.is_live();
        let Some(socket) = self.socket() else { return Ok(()) };
        if socket.is_blocked() || !is_live {
            // What did not fit before.
            socket.flush()?;
        }
        if !is_live {
            return self.watch();
        }
        while !socket.is_blocked()
            && let Some(frame) = outbox.next(now)
        {
            socket.write(&frame)?;
        }
        if outbox.wants_ping() && !matches!(self.phase, Phase::Live { unanswered: Some(_), .. }) {
            self.ping(now)?;
            outbox.pinged(self.n_pings);
        } else if let Some(socket) = self.socket() {
            // Also sends the pongs that the library owes.
            socket.flush()?;
        }
        self.watch()
    }

    fn watch(&mut self) -> Result<(), Lost> {
        match &mut self.phase {
            Phase::Authenticating { socket, .. } | Phase::Live { socket, .. } => {
                socket.watch(&self.registry)
            }
            Phase::Waiting { .. } | Phase::Dialling { .. } => Ok(()),
        }
    }

    /// Says goodbye (1000) and gives up the connection.
    pub(crate) fn close(&mut self) {
        if let Some(socket) = self.socket() {
            // The service notices the end of the stream in any case.
            let _ = socket.close(1000);
        }
        self.attempt += 1;
    }

    fn dial(&mut self, now: Instant) -> Option<News> {
        self.attempt += 1;
        let (attempt, target, mailer) =
            (self.attempt, Arc::clone(&self.target), self.mailer.clone());
        let until = now + self.periods.dial;
        let dial = move || {
            let result = target.dial(until).map(Box::new);
            mailer.send(Mail::Dialled { attempt, result });
        };
        let dialling =
            thread::Builder::new().name("dial".to_owned()).stack_size(DIAL_STACK).spawn(dial);
        self.phase = Phase::Dialling { until };
        dialling.err().map(|err| {
            self.down(&format!("the system gives no thread to dial in: {err}"), None, None, now)
        })
    }

    fn authenticated(&mut self, now: Instant) {
        let phase = std::mem::replace(&mut self.phase, Phase::Waiting { until: now });
        self.phase = match phase {
            Phase::Authenticating { socket, .. } => {
                let next_ping = now + self.periods.ping;
                Phase::Live { socket, since: now, next_ping, unanswered: None }
            }
            other => other,
        };
    }

    fn ping(&mut self, now: Instant) -> Result<(), Lost> {
        let number = self.n_pings + 1;
        if let Phase::Live { socket, next_ping, unanswered, .. } = &mut self.phase {
            *next_ping = now + self.periods.ping;
            if unanswered.is_none() {
                *unanswered = Some((number, now + self.periods.pong));
            }
            self.n_pings = number;
            socket.ping(number)?;
            socket.flush()?;
        }
        Ok(())
    }

    fn answered(&mut self, number: u64) -> News {
        if let Phase::Live { unanswered, .. } = &mut self.phase
            && unanswered.is_some_and(|(asked, _)| number >= asked)
        {
            *unanswered = None;
            return News::Pong(number);
        }
        News::Nothing
    }

    fn lost(&mut self, Lost(why): Lost, now: Instant) -> News {
        self.down(&why, None, None, now)
    }

    /// Gives up the connection and plans the next one.
    fn down(
        &mut self,
        why: &str,
        code: Option<u16>,
        asked: Option<Duration>,
        now: Instant,
    ) -> News {
        let was_healthy = matches!(self.phase, Phase::Live { since, .. }
            if now.saturating_duration_since(since) >= self.periods.healthy);
        if was_healthy {
            self.failures = 0;
        }
        let pause = backoff::pause(self.failures, asked, waits::random());
        self.failures = self.failures.saturating_add(1);
        let phase = std::mem::replace(&mut self.phase, Phase::Waiting { until: now + pause });
        if let Phase::Authenticating { socket, .. } | Phase::Live { socket, .. } = phase {
            socket.leave(&self.registry);
        }
        News::Down { why: why.to_owned(), code, pause }
    }

    fn socket(&mut self) -> Option<&mut Socket> {
        match &mut self.phase {
            Phase::Authenticating { socket, .. } | Phase::Live { socket, .. } => Some(socket),
            Phase::Waiting { .. } | Phase::Dialling { .. } => None,
        }
    }
}
