//! The socket's thread: it sleeps until something comes in, a worker has something to send, or a timer is due.

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

use crate::desk::Desk;
use crate::events;
use crate::mail::{Mail, Mailbox};
use crate::periods::sooner;
use crate::sleep_watch::SleepWatch;
use crate::status::ClientState;
use crate::transport::connection::{ConnectionEvent, ServiceConnection};

/// Names of what is polled.
pub(crate) const WAKER: Token = Token(0);
/// The WebSocket.
pub(crate) const SOCKET: Token = Token(1);
const SIGNALS: Token = Token(2);

/// Frames read before everything else has its turn again: a flood must not keep answers from leaving.
const MOST_FRAMES: usize = 64;

/// How long the service may take to return our goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// Why the client ended.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It was told to.
    Stopped,
    /// The service refused the key, in these words.
    KeyRefused(String),
    /// Another client took over.
    Replaced,
}

/// The client at work.
pub(crate) struct Client {
    poll: Poll,
    signals: UnixStream,
    mail: Mailbox,
    session: ServiceConnection,
    desk: Desk,
    sleep: SleepWatch,
    /// The socket may have more to read than was read.
    unread: bool,
    /// Since a signal came: until when turns in flight may take.
    stop_by: Option<Instant>,
    was_connected: bool,
}

impl Client {
    /// A client that is ready to run.
    pub(crate) fn new(
        poll: Poll,
        mail: Mailbox,
        session: ServiceConnection,
        desk: Desk,
    ) -> anyhow::Result<Self> {
        let signals = signals(poll.registry()).context("watching for SIGTERM and SIGINT")?;
        Ok(Self {
            poll,
            signals,
            mail,
            session,
            desk,
            sleep: SleepWatch::new(),
            unread: false,
            stop_by: None,
            was_connected: false,
        })
    }

    /// Runs until there is a reason to end.
    pub(crate) fn run(mut self) -> anyhow::Result<Verdict> {
        let mut ready = Events::with_capacity(16);
        loop {
            match self.poll.poll(&mut ready, self.patience()) {
                Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
                other => other.context("waiting for the socket")?,
            }
            let now = Instant::now();
            for event in &ready {
                match event.token() {
                    SOCKET => self.unread = true,
                    SIGNALS => self.signalled(now),
                    _ => {}
                }
            }
            if let Some(verdict) = self.step(now) {
                self.close(&mut ready);
                self.desk.count();
                // Nobody writes it later.
                self.desk.status.write(Instant::now());
                return Ok(verdict);
            }
        }
    }

    /// One round: what came in, what is due, what is to go out.
    fn step(&mut self, now: Instant) -> Option<Verdict> {
        let mut verdict = None;
        if self.sleep.has_resumed() {
            let news = self.session.on_resume(now);
            verdict = verdict.or(self.hear(news));
        }
        for mail in self.mail.take() {
            match mail {
                Mail::Dialled { attempt, result } => {
                    let news = self.session.on_dialled(attempt, result, now);
                    // Frames may have arrived together with the handshake: read before the next poll.
                    self.unread = true;
                    verdict = verdict.or(self.hear(news));
                }
                Mail::Turn { key, report } => self.desk.report(&key, report),
            }
        }
        for _ in 0..MOST_FRAMES {
            if !self.unread || verdict.is_some() {
                break;
            }
            match self.session.next_event(now) {
                None => self.unread = false,
                news => verdict = verdict.or(self.hear(news)),
            }
        }
        if verdict.is_some() {
            // That the connection is gone by now is no news, and would hide why.
            self.desk.shop.journal.commit();
            self.desk.log_now();
            return verdict;
        }
        self.desk.tick(now);
        let news = self.session.tick(now);
        verdict = verdict.or(self.hear(news));
        // What is sent is noted first, so that a crash does not forget it.
        self.desk.shop.journal.commit();
        let news = self.session.send(&mut self.desk.outbox, now);
        verdict = verdict.or(self.hear(news));
        self.desk.log_now();
        self.desk.count();
        self.desk.status.tick(now);
        let is_over = self.stop_by.is_some_and(|stop_by| now >= stop_by || self.desk.is_idle());
        verdict.or(is_over.then_some(Verdict::Stopped))
    }

    /// How long to sleep.
    fn patience(&self) -> Option<Duration> {
        if self.unread {
            return Some(Duration::ZERO);
        }
        let due = sooner(self.desk.due(), self.stop_by);
        let due = sooner(due, Some(self.session.due().min(self.desk.status.due())));
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    fn hear(&mut self, news: Option<ConnectionEvent>) -> Option<Verdict> {
        match news? {
            ConnectionEvent::Connected => self.connected(),
            ConnectionEvent::Event(event, frame) => {
                let desk = &mut self.desk;
                // Nothing that the service sends can end the client.
                let handled =
                    catch_unwind(AssertUnwindSafe(|| events::handle(desk, event, &frame)));
                if handled.is_err() {
                    desk.shop.log.line("an event broke; see the line before");
                }
            }
            ConnectionEvent::Nothing => {}
            ConnectionEvent::Ignored(what) => {
                self.desk.shop.log.debug(|| format!("ignored: {what}"))
            }
            ConnectionEvent::Pong(number) => {
                self.desk.status.on_pong();
                self.desk.delivered(number);
            }
            ConnectionEvent::Disconnected { why, code, pause } => self.down(&why, code, pause),
            ConnectionEvent::KeyRefused(message) => return Some(Verdict::KeyRefused(message)),
            ConnectionEvent::Replaced => {
                self.desk.status.on_close(Some(4000), "another client took over");
                return Some(Verdict::Replaced);
            }
        }
        None
    }

    fn connected(&mut self) {
        let status = &mut self.desk.status;
        if self.was_connected {
            status.change(|status| status.reconnects += 1);
        }
        self.was_connected = true;
        status.on_pong();
        status.enter(ClientState::Connected, None);
        self.desk.shop.log.line("connected: the service accepted the key");
    }

    fn down(&mut self, why: &str, code: Option<u16>, pause: Duration) {
        let n_dropped = self.desk.outbox.on_disconnected();
        let pause = pause.as_secs_f64();
        self.desk.shop.log.line(format_args!("not connected: {why}; next try in {pause:.1} s"));
        if n_dropped > 0 {
            self.desk.shop.log.line(format_args!("{n_dropped} frames of the moment were dropped"));
        }
        self.desk.status.on_close(code, why);
        self.desk.status.enter(ClientState::Waiting, Some(why.to_owned()));
    }

    fn signalled(&mut self, now: Instant) {
        let mut taken = [0; 16];
        while self.signals.read(&mut taken).is_ok_and(|n_read| n_read > 0) {}
        if self.stop_by.is_some() {
            // Told twice: no more patience.
            self.stop_by = Some(now);
            return;
        }
        self.stop_by = Some(now + self.desk.shop.periods.drain);
        self.desk.shop.log.line("told to stop: no new requests");
        self.desk.stop();
    }

    /// Says goodbye and gives the service a moment to hear it: a stream that is closed with frames unread
    /// is reset, and the goodbye with it.
    fn close(&mut self, ready: &mut Events) {
        self.session.close();
        let until = Instant::now() + GOODBYE;
        while self.session.is_open() && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            let _ = self.poll.poll(ready, Some(left));
            while self.session.is_open()
                && Instant::now() < until
                && self.session.next_event(Instant::now()).is_some()
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
