//! What the threads of one simulated service share, and what they do: serve requests, keep the time, send events.

use super::refusal;
use super::routes;
use super::socket::{AcceptedLogin, SocketServer};
use super::store::World;
use super::timeline;
use crate::clock::http_date;
use crate::faults::RequestFault;
use crate::overrides::{self, Overrides};
use crate::recording::{RecordedRequest, Recorder, ServiceLog};
use crate::wire::http::{self, Delivery, ServerRequest, ServerResponse};
use crate::wire::stop::StopSignal;
use crate::wire::stream::ServerStream;
use std::io::{self, BufReader};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What the threads of one service share.
pub(super) struct ServiceInner {
    world: Mutex<World>,
    overrides: Mutex<Overrides>,
    pub(super) recorder: Recorder<ServiceLog>,
    pub(super) socket: SocketServer,
    pub(super) stop: Arc<StopSignal>,
    /// Wakes the thread that keeps the time, because the agenda or the clock changed.
    wake: Sender<()>,
    unknown_routes: Mutex<Vec<String>>,
}

impl ServiceInner {
    /// Starts the thread that keeps the time.
    pub(super) fn start(world: World) -> Arc<Self> {
        let (wake, woken) = channel();
        let inner = Arc::new(Self {
            world: Mutex::new(world),
            overrides: Mutex::default(),
            recorder: Recorder::default(),
            socket: SocketServer::default(),
            stop: Arc::default(),
            wake,
            unknown_routes: Mutex::default(),
        });
        let keeper = Arc::clone(&inner);
        thread::spawn(move || keeper.keep_time(&woken));
        inner
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world after everything that is due by now.
    pub(super) fn world_now(&self) -> MutexGuard<'_, World> {
        let mut world = self.world();
        timeline::catch_up(&mut world);
        world
    }

    pub(super) fn overrides(&self) -> MutexGuard<'_, Overrides> {
        self.overrides.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The requests so far that no route knows, as method and path.
    pub(super) fn unknown_routes(&self) -> MutexGuard<'_, Vec<String>> {
        self.unknown_routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the timer thread.
    pub(super) fn wake_timekeeper(&self) {
        // It is alive as long as somebody holds this.
        let _ = self.wake.send(());
    }

    /// Sends the events that have come up; without a live connection they are lost, as with the real service.
    pub(super) fn send_events(&self) {
        let events = std::mem::take(&mut self.world().outbox);
        for event in events {
            self.socket.send(&event.to_string());
        }
    }

    /// Sleeps until the next task is due, the agenda changes, or the service ends.
    fn keep_time(&self, woken: &Receiver<()>) {
        while !self.stop.stopped() {
            let wait = {
                let world = self.world_now();
                let next = world.agenda.next().map(|due| world.clock.real_until(due));
                // A task that is due at once still waits a moment: the division by the speed rounds down.
                next.unwrap_or(Duration::from_secs(60)).max(Duration::from_millis(1))
            };
            self.send_events();
            let _ = woken.recv_timeout(wait);
        }
    }

    /// Serves one connection to its end.
    pub(super) fn serve(&self, stream: ServerStream) -> io::Result<()> {
        stream.read_limit(Some(Duration::from_secs(5)))?;
        let mut reader = BufReader::new(stream.clone());
        let mut stream = stream;
        while let Some(request) = http::read(&mut reader, 32 * 1024 * 1024)? {
            let upgrade =
                request.header("upgrade").is_some_and(|v| v.eq_ignore_ascii_case("websocket"));
            if upgrade && request.path() == "/ws" {
                let login = || {
                    let settings = &self.world().settings;
                    AcceptedLogin { key: settings.key.clone(), has_devices: settings.has_devices }
                };
                return self.socket.serve(&request, &reader, &self.recorder, &login);
            }
            let Some(delivery) = self.deliver(&request) else { return Ok(()) };
            if !http::send(&mut stream, &request, &delivery)? {
                break;
            }
        }
        Ok(())
    }

    /// Records the request, carries it out, and gives what reaches the client; `None` at the end of the service.
    fn deliver(&self, request: &ServerRequest) -> Option<Delivery> {
        let path = request.path();
        let fault = self.overrides().fault(&request.method, &path);
        let refused = fault.as_ref().is_some_and(RequestFault::is_refusal);
        let record = RecordedRequest { refused, ..RecordedRequest::new(request) };
        self.recorder.add(|log| log.requests.push(record));
        let own = || Some(Delivery::Whole(self.respond(request)));
        let status = refusal::of_status;
        let delivery =
            overrides::deliver(&self.overrides, &self.stop, request, fault, status, own)?;
        Some(self.with_date(delivery))
    }

    /// Carries out a request by its endpoint.
    fn respond(&self, request: &ServerRequest) -> ServerResponse {
        let response = routes::respond(&mut self.world_now(), request);
        self.wake_timekeeper();
        self.send_events();
        response.unwrap_or_else(|| {
            let line = format!("{} {}", request.method, request.raw_path);
            self.unknown_routes().push(line);
            refusal::not_found("route")
        })
    }

    fn with_date(&self, delivery: Delivery) -> Delivery {
        let date = http_date(self.world().now());
        match delivery {
            Delivery::Whole(response) => Delivery::Whole(response.with("Date", date)),
            Delivery::Torn(response) => Delivery::Torn(response.with("Date", date)),
            Delivery::Cut => Delivery::Cut,
        }
    }
}
