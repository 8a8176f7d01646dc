//! What survives a crash: each request accepted, sent to the gateway, answered and delivered, one line each.
//!
//! The file is appended to and not fsynced: it survives kill -9, not a power cut (spec 3). A torn last line
//! is ignored. The folding of its lines into what is still open is in [`fold`].

mod compact;
pub(crate) mod fold;

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use state::clock::Clock;
use state::file;

use fold::Open;

/// A journal longer than this is compacted while running: some weeks of busy use.
const COMPACT_BEYOND: u64 = 4 << 20;

/// What happened to a request, or is known of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// A request was accepted; the body is its frame.
    Asked,
    /// It waits for an approval.
    Guarded,
    /// It is on its way to the gateway: from here on it may have run.
    Sent,
    /// There is an answer; the body is what is to be delivered.
    Answered,
    /// A text is on its way to the service: from here on it may have been sent.
    Posting,
    /// Nothing remains to be done: delivered, expired, or told to be lost.
    Settled,
    /// What is known of a call; the body is a [`crate::calls::Known`].
    Call,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line<T> {
    /// Milliseconds since 1970 on [`Clock`].
    at: i64,
    step: Step,
    key: T,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<T>,
}

/// The open journal. Any thread may write to it.
#[derive(Debug)]
pub(crate) struct Journal {
    clock: Clock,
    writable: AtomicBool,
    /// `None` stands for no journal at all: a simulation.
    log: Option<Mutex<Log>>,
    /// Lines that leave with the next write.
    pending: Mutex<Vec<u8>>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: Option<File>,
    length: u64,
    compact_at: u64,
    /// The last write failed, perhaps in the middle of a line.
    is_torn: bool,
}

impl Journal {
    /// Opens the journal, drops from it what is settled or too old, and gives what is still open.
    ///
    /// A journal that cannot be read or written does not stop the client: see [`Self::is_writable`].
    pub(crate) fn open(path: &Path, clock: Clock) -> (Self, Open, Option<anyhow::Error>) {
        let mut log = Log {
            path: path.to_owned(),
            file: None,
            length: 0,
            compact_at: COMPACT_BEYOND,
            is_torn: false,
        };
        let (open, fault) = match log.take_up(clock.now()) {
            Ok(open) => (open, None),
            Err(err) => (Open::default(), Some(err)),
        };
        let writable = AtomicBool::new(fault.is_none());
        (
            Self { clock, writable, log: Some(Mutex::new(log)), pending: Mutex::default() },
            open,
            fault,
        )
    }

    /// No journal: what is written to it is forgotten. For `simulate`.
    pub(crate) fn none(clock: Clock) -> Self {
        Self { clock, writable: AtomicBool::new(true), log: None, pending: Mutex::default() }
    }

    /// Whether the last line could be written. Without a journal nobody can know after a crash what was
    /// approved, so sensitive requests are then refused (spec 3).
    pub(crate) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    /// Writes one line. It is in the system's hands, and every earlier one too, when this returns `true`.
    pub(crate) fn note(&self, step: Step, key: &str, body: Option<&str>) -> bool {
        self.note_soon(step, key, body);
        self.commit()
    }

    /// Writes one line together with the next ones: nothing may happen that depends on it before
    /// [`Self::commit`], or a later [`Self::note`], has returned `true`.
    pub(crate) fn note_soon(&self, step: Step, key: &str, body: Option<&str>) {
        if self.log.is_none() {
            return;
        }
        let line = Line { at: self.clock.now().as_millisecond(), step, key, body };
        let mut pending = hold(&self.pending);
        let whole = pending.len();
        // A line is text and numbers: writing it to memory does not fail.
        if serde_json::to_writer(&mut *pending, &line).is_ok() {
            pending.push(b'\n');
        } else {
            pending.truncate(whole);
        }
    }

    /// Writes what is pending. False if that fails: then it is lost.
    pub(crate) fn commit(&self) -> bool {
        let Some(log) = &self.log else { return true };
        let mut log = hold(log);
        // Taken under the lock of the file, so that lines stand there in the order of their making.
        let lines = std::mem::take(&mut *hold(&self.pending));
        if lines.is_empty() {
            // Another thread has written them, or nothing was to be written.
            return self.is_writable();
        }
        let written = log.append(&lines).is_ok();
        self.writable.store(written, Ordering::Relaxed);
        if written && log.length > log.compact_at && log.compact(self.clock.now()).is_err() {
            // The long file goes on being used; the next try comes when it has doubled.
            log.compact_at = log.length * 2;
        }
        written
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves at most a torn line, which is provided for.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    fn append(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        let healed = if self.is_torn { [b"\n", lines].concat() } else { Vec::new() };
        let bytes = if self.is_torn { &healed } else { lines };
        if self.file.is_none() {
            self.file = Some(open(&self.path)?);
        }
        let file = self.file.as_mut().context("the journal is not open")?;
        // Unbuffered and in one write: after kill -9 the lines are there or, at worst, the last of them is torn.
        let written = file.write_all(bytes);
        self.is_torn = written.is_err();
        written.with_context(|| format!("writing `{}`", self.path.display()))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Reads what is still open, and rewrites the file without what is settled or too old.
    fn take_up(&mut self, now: Timestamp) -> anyhow::Result<Open> {
        let open = match File::open(&self.path) {
            Ok(file) => Open::fold(BufReader::new(file), now),
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(Open::default()),
            Err(err) => Err(err),
        };
        let open = open.with_context(|| format!("reading `{}`", self.path.display()))?;
        self.compact(now)?;
        Ok(open)
    }

    fn compact(&mut self, now: Timestamp) -> anyhow::Result<()> {
        // Made if it is missing.
        drop(open_file(&self.path)?);
        let kept = compact::compact(|| File::open(&self.path).map(BufReader::new), now)
            .with_context(|| format!("reading `{}`", self.path.display()))?;
        file::publish(&self.path, &kept)?;
        self.file = Some(open_file(&self.path)?);
        self.length = kept.len() as u64;
        self.compact_at = (self.length * 2).max(COMPACT_BEYOND);
        self.is_torn = false;
        Ok(())
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    open_file(path)
}

fn open_file(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("opening `{}`", path.display()))
}
