//! The one connection to the service: dials, authenticates, keeps alive, connects again. Knows nothing of calls or turns.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Registry, Token};
use state::http::Endpoint;
use state::sanitize;
use state::secret::Secret;

use super::backoff;
use super::dial::{self, DialError, OpenWebSocket};
use super::outbox::Outbox;
use super::socket::{Disconnected, ServiceSocket, SocketMessage};
use crate::periods::{Periods, sooner};
use crate::protocol::incoming::{IncomingFrame, ServiceEvent};

/// The close code with which the service tells a client that another one took over.
const REPLACED: u16 = 4000;

/// The stack of a dial: name lookups and handshakes are the deepest calls of this program.
const DIAL_STACK: usize = 512 << 10;

/// What became of a dial.
pub(crate) type DialResult = Result<Box<OpenWebSocket>, DialError>;

/// Gets the number of a dial and its result, on the dial's own thread.
pub(crate) type OnDialled = Arc<dyn Fn(u64, DialResult) + Send + Sync>;

/// What happened on the connection.
#[derive(Debug)]
pub(crate) enum ConnectionEvent {
    /// The service accepted the key: from now on events come.
    Connected,
    /// An event came.
    Event(ServiceEvent, String),
    /// A frame came that is ignored; the text says which.
    Ignored(String),
    /// A frame came that needs nothing done: a ping, or a pong that nobody waits for.
    Nothing,
    /// The ping of this number was answered, and with it all before.
    Pong(u64),
    /// The connection is gone, or none came about; the next attempt is made after the pause.
    Disconnected {
        /// One plain line.
        why: String,
        /// The close code, if the service gave one.
        code: Option<u16>,
        /// How long until the next attempt.
        pause: Duration,
    },
    /// The key was refused; the text is the service's.
    KeyRefused(String),
    /// Another client took over.
    Replaced,
}

/// Where the connection stands. Each moment is one of [`Instant`].
#[derive(Debug)]
enum ConnectionState {
    /// Between two attempts.
    Waiting { until: Instant },
    /// A thread dials.
    Dialling { until: Instant },
    /// The key was sent, and is not answered yet.
    Authenticating { socket: ServiceSocket, until: Instant },
    /// The key was accepted. `unanswered` is the oldest ping without a pong: its number, and when it is overdue.
    Live {
        socket: ServiceSocket,
        since: Instant,
        next_ping: Instant,
        unanswered: Option<(u64, Instant)>,
    },
}

/// The one connection to the service.
pub(crate) struct ServiceConnection {
    endpoint: Arc<Endpoint>,
    auth: Secret,
    periods: Periods,
    registry: Registry,
    token: Token,
    on_dialled: OnDialled,
    state: ConnectionState,
    /// Connections in a row that did not last.
    n_failures: u32,
    /// Number of the dial under way; the result of an earlier one is no longer wanted.
    attempt: u64,
    n_pings: u64,
}

impl ServiceConnection {
    /// A connection that dials at its first [`Self::tick`]. `auth` is the first frame of each connection.
    pub(crate) fn new(
        endpoint: Endpoint,
        auth: Secret,
        periods: Periods,
        registry: Registry,
        token: Token,
        on_dialled: OnDialled,
    ) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            auth,
            periods,
            registry,
            token,
            on_dialled,
            state: ConnectionState::Waiting { until: Instant::now() },
            n_failures: 0,
            attempt: 0,
            n_pings: 0,
        }
    }

    /// When something is to be done although nothing comes in.
    pub(crate) fn due(&self) -> Instant {
        match &self.state {
            ConnectionState::Waiting { until }
            | ConnectionState::Dialling { until }
            | ConnectionState::Authenticating { until, .. } => *until,
            ConnectionState::Live { next_ping, unanswered, .. } => {
                let deadline = unanswered.map(|(_, until)| until);
                sooner(deadline, Some(*next_ping)).unwrap_or(*next_ping)
            }
        }
    }

    /// Whether the key was accepted on the present connection.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, ConnectionState::Live { .. })
    }

    /// Whether there is a connection, accepted or not.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, ConnectionState::Authenticating { .. } | ConnectionState::Live { .. })
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<ConnectionEvent> {
        if now < self.due() {
            return None;
        }
        match &self.state {
            ConnectionState::Waiting { .. } => self.dial(now),
            ConnectionState::Dialling { .. } => {
                Some(self.disconnect("no connection in time", None, None, now))
            }
            ConnectionState::Authenticating { .. } => {
                Some(self.disconnect("the service did not answer the key in time", None, None, now))
            }
            ConnectionState::Live { unanswered: Some((_, until)), .. } if *until <= now => {
                Some(self.disconnect("the service did not answer a ping in time", None, None, now))
            }
            ConnectionState::Live { .. } => {
                self.ping(now).err().map(|reason| self.on_socket_lost(reason, now))
            }
        }
    }

    /// The machine resumed from sleep: whatever connection there was is no longer one.
    pub(crate) fn on_resume(&mut self, now: Instant) -> Option<ConnectionEvent> {
        self.n_failures = 0;
        let is_waiting = matches!(self.state, ConnectionState::Waiting { .. });
        let event = (!is_waiting).then(|| self.disconnect("the machine slept", None, None, now));
        self.state = ConnectionState::Waiting { until: now };
        event
    }

    /// Takes over a connection that was dialled, and sends the key.
    pub(crate) fn on_dialled(
        &mut self,
        attempt: u64,
        result: DialResult,
        now: Instant,
    ) -> Option<ConnectionEvent> {
        if attempt != self.attempt || !matches!(self.state, ConnectionState::Dialling { .. }) {
            return None;
        }
        let websocket = match result {
            Ok(websocket) => websocket,
            Err(error) => return Some(self.disconnect(&error.why, None, error.retry_after, now)),
        };
        let opened = ServiceSocket::open(*websocket, &self.registry, self.token)
            .map_err(|err| Disconnected(err.to_string()))
            .and_then(|mut socket| {
                socket.write(self.auth.expose())?;
                socket.flush()?;
                Ok(socket)
            });
        match opened {
            Ok(socket) => {
                self.state =
                    ConnectionState::Authenticating { socket, until: now + self.periods.auth };
                None
            }
            Err(Disconnected(why)) => Some(self.disconnect(&why, None, None, now)),
        }
    }

    /// What the next frame brings, or `None` when there is nothing more to read. Each frame counts, so that a flood of
    /// pings keeps nobody longer than another one.
    pub(crate) fn next_event(&mut self, now: Instant) -> Option<ConnectionEvent> {
        match self.socket()?.read() {
            Ok(Some(message)) => Some(self.on_message(message, now)),
            Ok(None) => None,
            Err(reason) => Some(self.on_socket_lost(reason, now)),
        }
    }

    fn on_message(&mut self, message: SocketMessage, now: Instant) -> ConnectionEvent {
        let text = match message {
            SocketMessage::Nothing => return ConnectionEvent::Nothing,
            SocketMessage::Pong(number) => return self.on_pong(number),
            SocketMessage::Closed { code: REPLACED, .. } => return ConnectionEvent::Replaced,
            SocketMessage::Closed { code, reason } => {
                // The library has a reply ready; whether it still leaves does not matter.
                let _ = self.socket().map(ServiceSocket::flush);
                let reason = sanitize::line(&reason);
                let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
                let why = format!("the service closed the connection ({code}{reason})");
                return self.disconnect(&why, Some(code), None, now);
            }
            SocketMessage::Text(text) => text,
        };
        match IncomingFrame::read(&text) {
            IncomingFrame::AuthOk { .. } if self.is_live() => {
                ConnectionEvent::Ignored("auth_ok again".to_owned())
            }
            IncomingFrame::AuthOk { .. } => {
                self.authenticated(now);
                ConnectionEvent::Connected
            }
            IncomingFrame::AuthError { message } => ConnectionEvent::KeyRefused(message),
            IncomingFrame::Event(ServiceEvent::Other(name)) => ConnectionEvent::Ignored(name),
            // Whoever has not accepted the key is not known to be the service.
            IncomingFrame::Event(_) if !self.is_live() => {
                ConnectionEvent::Ignored("an event before auth_ok".to_owned())
            }
            IncomingFrame::Event(event) => ConnectionEvent::Event(event, text.to_string()),
            IncomingFrame::Unknown(why) => ConnectionEvent::Ignored(why),
        }
    }

    /// Sends what is queued, as far as the stream takes it, and a ping whose pong acknowledges the answers among it.
    pub(crate) fn send(&mut self, outbox: &mut Outbox, now: Instant) -> Option<ConnectionEvent> {
        self.try_send(outbox, now).err().map(|reason| self.on_socket_lost(reason, now))
    }

    fn try_send(&mut self, outbox: &mut Outbox, now: Instant) -> Result<(), Disconnected> {
        let is_live = self.is_live();
        let Some(socket) = self.socket() else { return Ok(()) };
        if socket.is_blocked() || !is_live {
            // What did not fit before.
            socket.flush()?;
        }
        if !is_live {
            return self.update_interest();
        }
        while !socket.is_blocked()
            && let Some(frame) = outbox.next()
        {
            socket.write(&frame)?;
        }
        if outbox.wants_ping()
            && !matches!(self.state, ConnectionState::Live { unanswered: Some(_), .. })
        {
            self.ping(now)?;
            outbox.mark_pinged(self.n_pings);
        } else if let Some(socket) = self.socket() {
            // Also sends the pongs that the library owes.
            socket.flush()?;
        }
        self.update_interest()
    }

    /// Has the poll watch for what the socket waits for.
    fn update_interest(&mut self) -> Result<(), Disconnected> {
        match &mut self.state {
            ConnectionState::Authenticating { socket, .. }
            | ConnectionState::Live { socket, .. } => socket.update_interest(&self.registry),
            ConnectionState::Waiting { .. } | ConnectionState::Dialling { .. } => Ok(()),
        }
    }

    /// Sends the close frame (1000) and gives up the connection.
    pub(crate) fn close(&mut self) {
        if let Some(socket) = self.socket() {
            // The service notices the end of the stream in any case.
            let _ = socket.close(1000);
        }
        self.attempt += 1;
    }

    fn dial(&mut self, now: Instant) -> Option<ConnectionEvent> {
        self.attempt += 1;
        let (attempt, endpoint, on_dialled) =
            (self.attempt, Arc::clone(&self.endpoint), Arc::clone(&self.on_dialled));
        let until = now + self.periods.dial;
        let dial = move || on_dialled(attempt, dial::dial(&endpoint, until).map(Box::new));
        let dialling =
            thread::Builder::new().name("dial".to_owned()).stack_size(DIAL_STACK).spawn(dial);
        self.state = ConnectionState::Dialling { until };
        dialling.err().map(|err| {
            self.disconnect(
                &format!("the system gives no thread to dial in: {err}"),
                None,
                None,
                now,
            )
        })
    }

    fn authenticated(&mut self, now: Instant) {
        let state = std::mem::replace(&mut self.state, ConnectionState::Waiting { until: now });
        self.state = match state {
            ConnectionState::Authenticating { socket, .. } => {
                let next_ping = now + self.periods.ping;
                ConnectionState::Live { socket, since: now, next_ping, unanswered: None }
            }
            other => other,
        };
    }

    fn ping(&mut self, now: Instant) -> Result<(), Disconnected> {
        let number = self.n_pings + 1;
        if let ConnectionState::Live { socket, next_ping, unanswered, .. } = &mut self.state {
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

    fn on_pong(&mut self, number: u64) -> ConnectionEvent {
        if let ConnectionState::Live { unanswered, .. } = &mut self.state
            && unanswered.is_some_and(|(oldest, _)| number >= oldest)
        {
            *unanswered = None;
            return ConnectionEvent::Pong(number);
        }
        ConnectionEvent::Nothing
    }

    fn on_socket_lost(&mut self, Disconnected(why): Disconnected, now: Instant) -> ConnectionEvent {
        self.disconnect(&why, None, None, now)
    }

    /// Gives up the connection and plans the next attempt. `retry_after` is what the service asked for.
    fn disconnect(
        &mut self,
        why: &str,
        code: Option<u16>,
        retry_after: Option<Duration>,
        now: Instant,
    ) -> ConnectionEvent {
        let was_healthy = matches!(self.state, ConnectionState::Live { since, .. }
            if now.saturating_duration_since(since) >= self.periods.healthy);
        if was_healthy {
            self.n_failures = 0;
        }
        let pause = backoff::pause(self.n_failures, retry_after, state::http::backoff::random());
        self.n_failures = self.n_failures.saturating_add(1);
        let state =
            std::mem::replace(&mut self.state, ConnectionState::Waiting { until: now + pause });
        if let ConnectionState::Authenticating { socket, .. }
        | ConnectionState::Live { socket, .. } = state
        {
            socket.deregister(&self.registry);
        }
        ConnectionEvent::Disconnected { why: why.to_owned(), code, pause }
    }

    fn socket(&mut self) -> Option<&mut ServiceSocket> {
        match &mut self.state {
            ConnectionState::Authenticating { socket, .. }
            | ConnectionState::Live { socket, .. } => Some(socket),
            ConnectionState::Waiting { .. } | ConnectionState::Dialling { .. } => None,
        }
    }
}
