//! The simulator of the ClawdTalk service: HTTP `/v1/*` and the WebSocket `/ws` on one loopback port.

#![expect(clippy::unnecessary_wraps, reason = "every route has the one signature")]

mod account;
mod agenda;
mod approvals;
mod assistants;
mod calls;
pub mod event;
#[cfg(test)]
mod facts;
mod insights;
mod messages;
mod missions;
mod numbers;
mod outcome;
mod plan;
mod refusal;
mod route;
mod runs;
mod scheduled;
mod script;
mod settings;
mod socket;
mod store;
#[cfg(test)]
mod tests;
mod watch;

pub use crate::rules::Fault;
pub use outcome::Outcome;
pub(crate) use refusal::refusal;
pub use settings::{Insights, KEY, NUMBER, OWNER, Owner, Settings};
pub use store::Table;
/// What a server answers to the key of an upgrade (RFC 6455, 4.2.2).
pub use tungstenite::handshake::derive_accept_key as accept_key;

use crate::clock::{Clock, http_date};
use crate::log::{Log, Record, Seen};
use crate::rules::{Rules, play};
use crate::wire::http::{self, Answer, Delivery, Request};
use crate::wire::listener::Listener;
use crate::wire::stop::Stop;
use crate::wire::stream::Stream;
use rustls::ServerConfig;
use socket::Socket;
use std::io::{self, BufReader};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use store::World;

/// The simulated service; dropping it ends it, and fails the test if a request came that no route knows.
pub struct Service {
    shared: Arc<Shared>,
    listener: Listener,
    clock: Clock,
    base: String,
    forgiving: bool,
}

/// What the threads of one service share.
struct Shared {
    world: Mutex<World>,
    rules: Mutex<Rules>,
    record: Record<Log>,
    socket: Socket,
    stop: Arc<Stop>,
    /// Tells the time keeper that the agenda changed.
    nudge: Sender<()>,
    /// Requests that no route knows.
    unknown: Mutex<Vec<String>>,
}

impl Service {
    /// A fresh account with the [`Settings`] that most tests want.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// A fresh account that differs in some settings.
    pub fn with(settings: Settings) -> Self {
        Self::open(settings, None)
    }

    /// The same under TLS: `https` and `wss` on one port, at `https://localhost:PORT`; see [`crate::tls`].
    pub fn start_tls(identity: &crate::tls::Identity) -> Self {
        Self::open(Settings::default(), Some(identity.server_config()))
    }

    fn open(settings: Settings, tls: Option<Arc<ServerConfig>>) -> Self {
        let clock = Clock::default();
        let (nudge, nudged) = channel();
        let stop = Arc::new(Stop::default());
        let (port, scheme) = (settings.port, if tls.is_some() { "https" } else { "http" });
        let profile = account::profile(&settings, &clock);
        let mut world = World::new(settings, clock.clone(), profile);
        numbers::seed(&mut world);
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            rules: Mutex::default(),
            record: Record::default(),
            socket: Socket::default(),
            stop: Arc::clone(&stop),
            nudge,
            unknown: Mutex::default(),
        });
        let keeper = Arc::clone(&shared);
        thread::spawn(move || keeper.keep_time(&nudged));
        let served = Arc::clone(&shared);
        let listener = Listener::start(port, tls, stop, move |stream| served.serve(stream))
            .expect("a loopback port can be listened on");
        let host = if scheme == "https" { "localhost" } else { "127.0.0.1" };
        let base = format!("{scheme}://{host}:{}", listener.port());
        Self { shared, listener, clock, base, forgiving: false }
    }

    /// The address to configure as `server`, without a path.
    pub fn url(&self) -> String {
        self.base.clone()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// The simulated time; see [`Service::clock_env`].
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The environment that gives a program this service's clock.
    pub fn clock_env(&self) -> Vec<(String, String)> {
        self.clock.env()
    }

    /// Lets the time run `factor` times as fast from now on, for the service and for programs started from now on.
    pub fn speed(&self, factor: u32) {
        self.clock.speed(factor);
        // The time keeper is alive as long as this is.
        let _ = self.shared.nudge.send(());
    }

    /// Moves the time and lets everything happen that was due meanwhile.
    pub fn advance(&self, by: Duration) {
        self.clock.jump(by.try_into().expect("a test's leap fits"));
        drop(self.shared.caught_up());
        self.shared.flush();
    }

    /// Requests to routes that do not exist no longer fail the test at the end.
    pub fn forgive_unknown_routes(&mut self) {
        self.forgiving = true;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.stop.stop();
        // The time keeper looks at the stop when it is nudged.
        let _ = self.shared.nudge.send(());
        let unknown = self.shared.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.forgiving && !thread::panicking() {
            assert!(unknown.is_empty(), "requests that no route of the service knows: {unknown:?}");
        }
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world after everything that is due by now.
    fn caught_up(&self) -> MutexGuard<'_, World> {
        let mut world = self.world();
        world.catch_up();
        world
    }

    /// Pushes what has happened; without a live socket it is lost, as with the real service.
    fn flush(&self) {
        let events = std::mem::take(&mut self.world().outbox);
        for event in events {
            self.socket.send(&event.to_string());
        }
    }

    /// Sleeps until the next task is due, the agenda changes, or the service ends.
    fn keep_time(&self, nudged: &Receiver<()>) {
        while !self.stop.stopped() {
            let wait = {
                let world = self.caught_up();
                let next = world.agenda.next().map(|due| world.clock.real_until(due));
                // A task that is due at once still waits a moment: the division by the speed rounds down.
                next.unwrap_or(Duration::from_secs(60)).max(Duration::from_millis(1))
            };
            self.flush();
            let _ = nudged.recv_timeout(wait);
        }
    }

    fn serve(&self, stream: Stream) -> io::Result<()> {
        stream.read_limit(Some(Duration::from_secs(5)))?;
        let mut reader = BufReader::new(stream.clone());
        let mut stream = stream;
        while let Some(request) = http::read(&mut reader, 32 * 1024 * 1024)? {
            let upgrade =
                request.header("upgrade").is_some_and(|v| v.eq_ignore_ascii_case("websocket"));
            if upgrade && request.path() == "/ws" {
                return socket::serve(self, &request, &reader);
            }
            let Some(delivery) = self.answer(&request) else { return Ok(()) };
            if !http::send(&mut stream, &request, &delivery)? {
                break;
            }
        }
        Ok(())
    }

    /// Records the request, carries it out, and says what reaches the client; `None` at the end of the service.
    fn answer(&self, request: &Request) -> Option<Delivery> {
        self.record.add(|log| log.requests.push(Seen::new(request)));
        let path = request.path();
        let fault = self.rules().fault(&request.method, &path);
        if fault == Some(Fault::Hang) {
            self.stop.pause(Duration::from_secs(3600));
            return None;
        }
        if let Some(delivery) = fault.as_ref().and_then(|fault| fault.instead(refusal::of_status)) {
            return Some(self.dated(delivery));
        }
        let scripted = self.rules().scripted(&request.method, &path);
        let answer = match scripted {
            Some(script) => play(&script, request),
            None => self.carry_out(request),
        };
        let delivery = match fault {
            Some(Fault::Lost) => Delivery::Cut,
            Some(Fault::Torn) => Delivery::Torn(answer),
            Some(Fault::Foreign(foreign)) => foreign.delivery(),
            Some(Fault::Slow(time)) => {
                if !self.stop.pause(time) {
                    return None;
                }
                Delivery::Whole(answer)
            }
            _ => Delivery::Whole(answer),
        };
        Some(self.dated(delivery))
    }

    fn carry_out(&self, request: &Request) -> Answer {
        let answer = {
            let mut world = self.caught_up();
            route::answer(&mut world, request)
        };
        let _ = self.nudge.send(());
        self.flush();
        answer.unwrap_or_else(|| {
            let line = format!("{} {}", request.method, request.raw_path);
            self.unknown.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            refusal::not_found("route")
        })
    }

    fn dated(&self, delivery: Delivery) -> Delivery {
        let date = http_date(self.world().now());
        match delivery {
            Delivery::Whole(answer) => Delivery::Whole(answer.with("Date", date)),
            Delivery::Torn(answer) => Delivery::Torn(answer.with("Date", date)),
            Delivery::Cut => Delivery::Cut,
        }
    }
}
