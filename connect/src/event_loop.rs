//! The loop thread: it sleeps until a frame comes in, another thread sends an event, or a timer is due. It owns the
//! connection and the dispatcher.

use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use state::sleep_watch::SleepWatch;

use crate::handlers;
use crate::kept_files::{FilesCheck, KeptFiles};
use crate::periods::sooner;
use crate::requests::dispatcher::Dispatcher;
use crate::requests::{completion, timers};
use crate::shared::loop_channel::{LoopEvent, LoopReceiver};
use crate::status::ClientState;
use crate::transport::connection::{ConnectionEvent, ServiceConnection};

/// What the poll calls the waker of the [`LoopSender`](crate::shared::loop_channel::LoopSender).
pub(crate) const WAKER: Token = Token(0);
/// What the poll calls the WebSocket.
pub(crate) const SOCKET: Token = Token(1);
/// What the poll calls the pipe that signals are written to.
const SIGNALS: Token = Token(2);

/// Frames read before everything else has its turn again: a flood must not keep answers from leaving.
const MAX_FRAMES: usize = 64;

/// How long the service may take to return our close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// Why the client ends.
#[derive(Debug)]
pub(crate) enum ExitReason {
    /// A signal stopped it.
    Stopped,
    /// The service refused the key, with this message.
    KeyRefused(String),
    /// Another client took over.
    Replaced,
}

/// The client at work.
pub(crate) struct EventLoop {
    poll: Poll,
    signals: UnixStream,
    receiver: LoopReceiver,
    connection: ServiceConnection,
    dispatcher: Dispatcher,
    sleep_watch: SleepWatch,
    kept_files: KeptFiles,
    /// The socket may have more to read than was read.
    has_unread: bool,
    /// Since a signal came: until when turns in flight may take.
    stop_by: Option<Instant>,
    was_connected: bool,
}

impl EventLoop {
    /// A loop that is ready to run.
    pub(crate) fn new(
        poll: Poll,
        receiver: LoopReceiver,
        connection: ServiceConnection,
        dispatcher: Dispatcher,
        kept_files: KeptFiles,
    ) -> anyhow::Result<Self> {
        let signals = signals(poll.registry()).context("watching for SIGTERM and SIGINT")?;
        Ok(Self {
            poll,
            signals,
            receiver,
            connection,
            dispatcher,
            sleep_watch: SleepWatch::new(),
            kept_files,
            has_unread: false,
            stop_by: None,
            was_connected: false,
        })
    }

    /// Runs until there is a reason to end. Gives the lock back: it has to be held while the status is written at last.
    pub(crate) fn run(mut self) -> anyhow::Result<(ExitReason, KeptFiles)> {
        let mut ready = Events::with_capacity(16);
        loop {
            match self.poll.poll(&mut ready, self.poll_timeout()) {
                Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
                other => other.context("waiting for the socket")?,
            }
            let now = Instant::now();
            for event in &ready {
                match event.token() {
                    SOCKET => self.has_unread = true,
                    SIGNALS => self.on_signal(now),
                    _ => {}
                }
            }
            if let Some(reason) = self.round(now) {
                self.close(&mut ready);
                self.dispatcher.update_status();
                // Nobody writes it later.
                self.dispatcher.status.write(Instant::now());
                return Ok((reason, self.kept_files));
            }
        }
    }

    /// One round: what came in, what is due, what is to go out.
    fn round(&mut self, now: Instant) -> Option<ExitReason> {
        let mut reason = None;
        if self.sleep_watch.has_resumed() {
            completion::on_slept(&mut self.dispatcher);
            let event = self.connection.on_resume(now);
            reason = reason.or(self.on_connection_event(event));
        }
        for event in self.receiver.take() {
            match event {
                LoopEvent::Dialled { attempt, result } => {
                    let event = self.connection.on_dialled(attempt, result, now);
                    // Frames may have arrived together with the handshake: read before the next poll.
                    self.has_unread = true;
                    reason = reason.or(self.on_connection_event(event));
                }
                LoopEvent::Worker { key, event } => {
                    completion::on_worker_event(&mut self.dispatcher, &key, event);
                }
                LoopEvent::GatewayDown(health) => {
                    self.dispatcher.status.set_gateway_health(&health);
                }
                LoopEvent::OwnerStopped => completion::on_owner_stopped(&mut self.dispatcher),
                // The change is handled below.
                LoopEvent::Wake => {}
            }
        }
        for _ in 0..MAX_FRAMES {
            if !self.has_unread || reason.is_some() {
                break;
            }
            match self.connection.next_event(now) {
                None => self.has_unread = false,
                event => reason = reason.or(self.on_connection_event(event)),
            }
        }
        if reason.is_some() {
            // Not after the steps below: that the connection is gone by now would hide why.
            self.dispatcher.context.journal.commit();
            self.dispatcher.write_log();
            return reason;
        }
        timers::tick(&mut self.dispatcher, now);
        let event = self.connection.tick(now);
        reason = reason.or(self.on_connection_event(event));
        // What is sent is in the journal first, so that a crash does not forget it.
        self.dispatcher.context.journal.commit();
        let event = self.connection.send(&mut self.dispatcher.outbox, now);
        reason = reason.or(self.on_connection_event(event));
        self.check_files(now);
        self.dispatcher.write_log();
        self.dispatcher.update_status();
        self.dispatcher.status.tick(now);
        let is_over =
            self.stop_by.is_some_and(|stop_by| now >= stop_by || self.dispatcher.is_idle());
        reason.or(is_over.then_some(ExitReason::Stopped))
    }

    /// How long to sleep.
    fn poll_timeout(&self) -> Option<Duration> {
        if self.has_unread {
            return Some(Duration::ZERO);
        }
        let due = sooner(timers::due(&self.dispatcher), self.stop_by);
        let always_due = self.connection.due().min(self.dispatcher.status.due());
        let always_due = always_due.min(self.kept_files.due());
        let due = sooner(due, Some(always_due));
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Looks whether somebody took the client's files away. They are made anew, and that is told.
    fn check_files(&mut self, now: Instant) {
        let Some(FilesCheck { taken, problem }) = self.kept_files.tick(now) else { return };
        let Dispatcher { context, status, .. } = &mut self.dispatcher;
        let journal = context.journal.check_file().map(|what| format!("`.connect.journal` {what}"));
        let of_status =
            status.check_file(now).then(|| "the status file was changed or removed".to_owned());
        for what in [taken.map(str::to_owned), journal, of_status].into_iter().flatten() {
            context.log.line(format_args!("by another program: {what}"));
            status.set_file_taken(&what);
        }
        status.set_file_problem(problem);
    }

    fn on_connection_event(&mut self, event: Option<ConnectionEvent>) -> Option<ExitReason> {
        match event? {
            ConnectionEvent::Connected => self.on_connected(),
            ConnectionEvent::Event(event, frame) => {
                let dispatcher = &mut self.dispatcher;
                // Nothing that the service sends can end the client.
                let handled =
                    catch_unwind(AssertUnwindSafe(|| handlers::handle(dispatcher, event, &frame)));
                if handled.is_err() {
                    let log = &self.dispatcher.context.log;
                    log.line("handling an event panicked; see the line before");
                }
            }
            ConnectionEvent::Nothing => {}
            ConnectionEvent::Ignored(what) => {
                self.dispatcher.context.log.debug(|| format!("ignored: {what}"));
            }
            ConnectionEvent::Pong(number) => {
                self.dispatcher.status.on_pong();
                completion::on_pong(&mut self.dispatcher, number);
            }
            ConnectionEvent::Disconnected { why, code, pause } => {
                self.on_disconnected(&why, code, pause);
            }
            ConnectionEvent::KeyRefused(message) => return Some(ExitReason::KeyRefused(message)),
            ConnectionEvent::Replaced => {
                self.dispatcher.status.on_close(Some(4000), "another client took over");
                return Some(ExitReason::Replaced);
            }
        }
        None
    }

    fn on_connected(&mut self) {
        let status = &mut self.dispatcher.status;
        if self.was_connected {
            status.change(|status| status.reconnects += 1);
        }
        self.was_connected = true;
        status.on_pong();
        status.enter(ClientState::Connected, None);
        self.dispatcher.context.log.line("connected: the service accepted the key");
    }

    fn on_disconnected(&mut self, why: &str, code: Option<u16>, pause: Duration) {
        let n_dropped = self.dispatcher.outbox.on_disconnected();
        let pause = pause.as_secs_f64();
        let log = &self.dispatcher.context.log;
        log.line(format_args!("not connected: {why}; next attempt in {pause:.1} s"));
        if n_dropped > 0 {
            log.line(format_args!("dropped {n_dropped} greetings and progress messages"));
        }
        self.dispatcher.status.on_close(code, why);
        self.dispatcher.status.enter(ClientState::Waiting, Some(why.to_owned()));
    }

    fn on_signal(&mut self, now: Instant) {
        let mut taken = [0; 16];
        while self.signals.read(&mut taken).is_ok_and(|n_read| n_read > 0) {}
        if self.stop_by.is_some() {
            // The second one: turns in flight are not waited for.
            self.stop_by = Some(now);
            return;
        }
        self.stop_by = Some(now + self.dispatcher.context.periods.drain);
        self.dispatcher.context.log.line("stopping: no new requests are accepted");
        completion::stop(&mut self.dispatcher);
    }

    /// Sends a close frame and gives the service a moment to read it: a stream that is closed with frames unread is reset,
    /// and the close frame with it.
    fn close(&mut self, ready: &mut Events) {
        self.connection.close();
        let until = Instant::now() + CLOSE_TIMEOUT;
        while self.connection.is_open() && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            let _ = self.poll.poll(ready, Some(left));
            while self.connection.is_open()
                && Instant::now() < until
                && self.connection.next_event(Instant::now()).is_some()
            {}
        }
    }
}

fn signals(registry: &Registry) -> std::io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    pipe::register(SIGTERM, writer.try_clone()?)?;
    pipe::register(SIGINT, writer)?;
    registry.register(&mut SourceFd(&reader.as_raw_fd()), SIGNALS, Interest::READABLE)?;
    Ok(reader)
}
