//! What survives a crash: each request accepted, dispatched to the gateway, answered and delivered, one [`line`](mod@line) each.
//!
//! What it guarantees:
//! - **kill -9 loses nothing that it says was written.** Lines are appended unbuffered and not fsynced: they survive the
//!   process, not a power cut.
//! - **The order of lines is the order in which they were made**, whichever thread made them.
//! - **A torn line costs that line only.** One write holds whole lines; what a kill or a full disk leaves of the last is
//!   ignored by the next process, and cut off or ended before this one writes again.
//! - **Done is final.** A request that was [`JournalStep::Done`] is never done again, though lines follow.
//! - **Nothing depends on a line that is not written.** [`Journal::append`] returns whether it is; what was
//!   [`Journal::append_buffered`] counts only after the next commit.
//! - **A journal that cannot be written stops no call.** [`Journal::is_writable`] says so, sensitive requests are refused
//!   then, and lines wait in memory until there is room.
//! - **A file that is taken away is written anew**, with all that was in it; until that is done it cannot be written.
//! - **A clock that is set makes nothing older or younger.** Each process starts with a line of the machine's uptime, by
//!   which the next one dates the lines ([`clock_correction`]).
//!
//! [`replay`] reads what a process left unfinished; [`compact`] shortens the file to what still matters.

mod clock_correction;
mod compact;
mod file;
mod line;
pub(crate) mod replay;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use state::clock::{Clock, Moment};

use file::JournalFile;
use line::JournalLine;
pub(crate) use line::JournalStep;
use replay::ReplayedJournal;

/// So much waits in memory, in bytes, while the journal cannot be written: some thousand requests.
const BACKLOG: usize = 1 << 20;

/// The open journal. Any thread may write to it.
#[derive(Debug)]
pub(crate) struct Journal {
    service_clock: Clock,
    /// When it was opened: a clock that is set while it is open changes nothing.
    opened: Moment,
    writable: AtomicBool,
    /// `None` stands for no journal at all: a simulation.
    file: Option<Mutex<JournalFile>>,
    /// Lines that leave with the next write.
    buffered: Mutex<Vec<u8>>,
}

impl Journal {
    /// Opens the journal, drops from it what is done or too old, and gives what an earlier process left unfinished.
    ///
    /// A journal that cannot be read or written does not stop the client: see [`Self::is_writable`].
    pub(crate) fn open(
        path: &Path,
        service_clock: Clock,
    ) -> (Self, ReplayedJournal, Option<anyhow::Error>) {
        let opened = service_clock.moment();
        let mut file = JournalFile::new(path, opened);
        let (replayed, fault) = match file.replay(opened) {
            Ok(replayed) => (replayed, file.prepare(opened).err()),
            Err(err) => (ReplayedJournal::default(), Some(err)),
        };
        let (writable, file) = (AtomicBool::new(fault.is_none()), Some(Mutex::new(file)));
        (
            Self { service_clock, opened, writable, file, buffered: Mutex::default() },
            replayed,
            fault,
        )
    }

    /// No journal: what is written to it is forgotten. For `simulate`.
    pub(crate) fn none(service_clock: Clock) -> Self {
        let (opened, writable) = (service_clock.moment(), AtomicBool::new(true));
        Self { service_clock, opened, writable, file: None, buffered: Mutex::default() }
    }

    /// Whether the last line could be written. Without a journal nobody knows after a crash what was approved, so sensitive
    /// requests are then refused.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    /// Looks whether somebody took the file away, and writes it anew if so. Gives what was found, once.
    pub(crate) fn check_file(&self) -> Option<&'static str> {
        let mut file = lock(self.file.as_ref()?);
        if file.stand_again(self.service_clock.moment()).is_err() {
            self.writable.store(false, Ordering::Relaxed);
        } else if !self.is_writable() && file.append(b"").is_ok() && lock(&self.buffered).is_empty()
        {
            self.writable.store(true, Ordering::Relaxed);
        }
        file.take_taken()
    }

    /// Writes one line. It is in the system's hands, and every earlier one too, when this returns `true`.
    pub(crate) fn append(&self, step: JournalStep, key: &str, body: Option<&str>) -> bool {
        self.append_buffered(step, key, body);
        self.commit()
    }

    /// Writes one line together with the next ones: nothing may happen that depends on it before
    /// [`Self::commit`], or a later [`Self::append`], has returned `true`.
    pub(crate) fn append_buffered(&self, step: JournalStep, key: &str, body: Option<&str>) {
        if self.file.is_none() {
            return;
        }
        let line = JournalLine { at: self.now(), step, key, body, up: None };
        let mut buffered = lock(&self.buffered);
        let whole = buffered.len();
        // A line is text and numbers: writing it to memory does not fail.
        if serde_json::to_writer(&mut *buffered, &line).is_ok() {
            buffered.push(b'\n');
        } else {
            buffered.truncate(whole);
        }
    }

    /// The time of a line, in milliseconds since 1970.
    fn now(&self) -> i64 {
        let age = self.service_clock.moment().since(self.opened);
        self.opened.at.as_millisecond().saturating_add(i64::try_from(age.as_millis()).unwrap_or(0))
    }

    /// Writes what is buffered. False if that fails: then it stays buffered, since without these lines the next process
    /// would take requests for unfinished that have long been answered.
    pub(crate) fn commit(&self) -> bool {
        let Some(file) = &self.file else { return true };
        let mut file = lock(file);
        // Taken under the lock of the file, so that lines stand there in the order in which they were made.
        let lines = std::mem::take(&mut *lock(&self.buffered));
        if lines.is_empty() {
            // Another thread has written them, or nothing was to be written.
            return self.is_writable();
        }
        let stands = file.stand_again(self.service_clock.moment());
        let written = stands.and_then(|()| file.append(&lines)).is_ok();
        self.writable.store(written, Ordering::Relaxed);
        if !written && lines.len() <= BACKLOG {
            lock(&self.buffered).splice(..0, lines);
        }
        if written {
            file.compact_if_long(self.service_clock.moment());
        }
        written
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves at most a torn line, which is provided for.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
