//! The thread of the line: connects, serves the connection until it ends, waits, and begins again.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use serde_json::Value;
use state::gateway::{Device, GatewayClient};
use state::http::{Endpoint, backoff};

use super::connection::{LineConnection, LineEnd, LineNews, RunListeners};
use super::deed::Deed;
use super::frames::LineRefused;
use super::handle::{GatewayLine, LineCommand, LineFault, LineState};
use super::hello::GateStanding;
use crate::transport::dial::{self, DialError, OpenWebSocket};
use crate::transport::socket::ServiceSocket;

const WAKER: Token = Token(0);
const SOCKET: Token = Token(1);

/// DNS, TCP, TLS, upgrade, and then the gateway's hello: each within this.
const WITHIN: Duration = Duration::from_secs(15);
/// The first attempt after a drop comes within this, and the pause doubles up to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The pause after a refusal that only a person can end, and before the next look for a gate that is not loaded.
const LOOK: Duration = Duration::from_secs(60);
/// A connection that lasted this long was a good one.
const HEALTHY: Duration = Duration::from_secs(60);

/// What a line needs of the client.
pub(crate) struct LineSettings {
    /// The gateway: its address, token and certificates, as they are at each attempt.
    pub(crate) gateway: GatewayClient,
    /// As whom we come.
    pub(crate) device: Device,
    /// Whether the gate has to be there: then it is looked for again and again.
    pub(crate) wants_gate: bool,
    /// What the gate is told when we come.
    pub(crate) gate_settings: Value,
    /// Called with each deed that the gate holds, and again after each reconnect. Must not block.
    pub(crate) on_deed: Box<dyn Fn(Deed) + Send>,
    /// Called with each change of how the line stands.
    pub(crate) on_state: Box<dyn Fn(&LineState) + Send>,
}

struct LineThread {
    settings: LineSettings,
    line: GatewayLine,
    commands: Receiver<LineCommand>,
    poll: Poll,
    listeners: RunListeners,
    n_connections: u64,
    n_failures: u32,
}

/// Starts the thread; `set_line` gets the line before. Fails if the system has no poll or thread to give.
pub(crate) fn start(settings: LineSettings, set_line: impl FnOnce(GatewayLine)) -> io::Result<()> {
    let poll = Poll::new()?;
    let (line, commands) = GatewayLine::new(Some(Waker::new(poll.registry(), WAKER)?));
    let thread = LineThread {
        settings,
        line: line.clone(),
        commands,
        poll,
        listeners: RunListeners::new(),
        n_connections: 0,
        n_failures: 0,
    };
    let builder = thread::Builder::new().name("gateway line".to_owned()).stack_size(256 << 10);
    set_line(line);
    builder.spawn(move || thread.run()).map(drop)
}

impl LineThread {
    fn run(mut self) {
        loop {
            let started = Instant::now();
            let (why, pause) = match self.connect() {
                Ok(end) => self.after(end),
                Err(err) => (err.why, self.backoff().max(err.retry_after.unwrap_or_default())),
            };
            if started.elapsed() >= HEALTHY {
                self.n_failures = 0;
            } else {
                self.n_failures = self.n_failures.saturating_add(1);
            }
            if let Some(why) = why_text(why) {
                self.enter(&LineState::Away(why));
            }
            if self.wait(pause).is_err() {
                return;
            }
        }
    }

    fn backoff(&self) -> Duration {
        backoff::delay(self.n_failures, FIRST_PAUSE, LONGEST_PAUSE, backoff::random())
    }

    fn enter(&self, state: &LineState) {
        self.line.set_state(state.clone());
        (self.settings.on_state)(state);
    }

    /// Why the line is away after this end, and for how long.
    fn after(&self, end: LineEnd) -> (String, Duration) {
        match end {
            LineEnd::Broken(why) => (why, self.backoff()),
            LineEnd::LookAgain => (String::new(), Duration::ZERO),
            LineEnd::Refused(refused) => {
                // One that was configured anew is used at the next attempt.
                let is_token = refused.detail.starts_with("AUTH_");
                let pause = if is_token && self.settings.gateway.renew_token() {
                    FIRST_PAUSE
                } else {
                    LOOK
                };
                (explained(&refused), pause)
            }
        }
    }

    /// Waits; requests that come meanwhile are not sent. Fails when nobody has the line any more.
    fn wait(&mut self, pause: Duration) -> Result<(), TryRecvError> {
        let until = Instant::now() + pause;
        let mut events = Events::with_capacity(4);
        loop {
            loop {
                match self.commands.try_recv() {
                    Ok(LineCommand::Request { reply, .. }) => {
                        let _ = reply.send(Err(LineFault::NotSent));
                    }
                    Ok(LineCommand::Listen { run_id, events }) => {
                        self.listeners.insert(run_id, events);
                    }
                    Ok(LineCommand::Forget { run_id }) => _ = self.listeners.remove(&run_id),
                    Err(TryRecvError::Empty) => break,
                    Err(err) => return Err(err),
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            // A poll that fails has slept for nothing: the clock decides.
            let _ = self.poll.poll(&mut events, Some(left));
        }
    }

    /// One connection, from the dial to its end.
    fn connect(&mut self) -> Result<LineEnd, DialError> {
        let websocket = dial(&self.settings.gateway, Instant::now() + WITHIN)?;
        let socket =
            ServiceSocket::open(websocket, self.poll.registry(), SOCKET).map_err(DialError::new)?;
        self.n_connections += 1;
        let mut connection = LineConnection::new(socket, self.n_connections);
        let end = match self.serve(&mut connection) {
            Ok(()) => LineEnd::Broken("the client ends".to_owned()),
            Err(end) => end,
        };
        let why = match &end {
            LineEnd::Broken(why) => why.clone(),
            LineEnd::Refused(refused) => explained(refused),
            LineEnd::LookAgain => String::new(),
        };
        if !why.is_empty() {
            // Before anybody learns that the connection is gone: they would take the old one for alive.
            self.enter(&LineState::Away(why));
        }
        connection.end(self.poll.registry(), &self.listeners);
        Ok(end)
    }

    fn serve(&mut self, connection: &mut LineConnection) -> Result<(), LineEnd> {
        let started = Instant::now();
        let mut events = Events::with_capacity(4);
        let token = self.settings.gateway.token();
        // What the gateway sends at the least, and when a gate is looked for again.
        let (mut silence, mut look) = (WITHIN, None::<Instant>);
        let mut is_in = false;
        loop {
            let who = (&self.settings.device, token.as_ref());
            let news = connection.read(who, &self.settings.gate_settings, &mut self.listeners)?;
            for news in news {
                match news {
                    LineNews::Connected(hello) => {
                        is_in = true;
                        // Two ticks that did not come, and some time for the way.
                        silence = hello.tick * 2 + Duration::from_secs(5);
                        let is_missing = hello.gate != GateStanding::Loaded;
                        look =
                            (self.settings.wants_gate && is_missing).then(|| Instant::now() + LOOK);
                        self.enter(&LineState::Connected(Arc::new(hello)));
                    }
                    LineNews::Held(deed) => (self.settings.on_deed)(deed),
                }
            }
            loop {
                match self.commands.try_recv() {
                    Ok(command) => connection.command(command, &mut self.listeners)?,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            connection.flush(self.poll.registry())?;
            let now = Instant::now();
            let silent_at =
                if is_in { connection.last_frame() + silence } else { started + WITHIN };
            if now >= silent_at {
                return Err(LineEnd::Broken("the gateway has gone silent".to_owned()));
            }
            if look.is_some_and(|look| now >= look) {
                return Err(LineEnd::LookAgain);
            }
            let due = look.map_or(silent_at, |look| look.min(silent_at));
            match self.poll.poll(&mut events, Some(due.saturating_duration_since(now))) {
                Err(err) if err.kind() != io::ErrorKind::Interrupted => {
                    return Err(LineEnd::Broken(format!("the system does not watch it: {err}")));
                }
                _ => {}
            }
        }
    }
}

/// Opens the WebSocket to the gateway, where that is by now.
fn dial(gateway: &GatewayClient, until: Instant) -> Result<OpenWebSocket, DialError> {
    let certificates = gateway.endpoint().certificates().clone();
    // http becomes ws, https becomes wss.
    let address = format!("{}/", gateway.base().replacen("http", "ws", 1));
    let endpoint = Endpoint::of_gateway(&address, certificates).map_err(DialError::new)?;
    dial::dial(&endpoint, until)
}

fn why_text(why: String) -> Option<String> {
    (!why.is_empty()).then_some(why)
}

/// Why the gateway did not let us in, and what its owner can do.
fn explained(refused: &LineRefused) -> String {
    match refused.detail.as_str() {
        "PAIRING_REQUIRED" => {
            "the gateway wants this device approved: run `openclaw devices list` and `openclaw devices approve`".to_owned()
        }
        "PROTOCOL_MISMATCH" => {
            "the gateway speaks another protocol than 4: OpenClaw 2026.7 or later has it".to_owned()
        }
        detail if detail.starts_with("AUTH_") => {
            "the gateway refused the token; run `setup` to take it anew".to_owned()
        }
        _ => format!("the gateway did not let us in: {}", refused.words),
    }
}
