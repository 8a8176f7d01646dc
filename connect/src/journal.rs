//! What survives a crash: each request accepted, sent to the gateway, answered and delivered, one line each.
//!
//! The file is appended to and not fsynced: it survives kill -9, not a power cut (spec 3). A torn last line
//! is ignored. The folding of its lines into what is still open is in [`fold`].
//!
//! Each life of the client begins with a line of the machine's uptime, so that the next one can tell how old the lines
//! are although the clock on the wall was set in between (see [`dates`]).

mod compact;
mod dates;
pub(crate) mod fold;

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use state::clock::Clock;
use state::file;
use state::moment::{Moment, Uptime};

use fold::Open;

/// A journal longer than this is compacted while running: some weeks of busy use.
const COMPACT_BEYOND: u64 = 4 << 20;

/// So much is kept in memory while the journal cannot be written: some thousand requests.
const BACKLOG: usize = 1 << 20;

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
    /// A life of the client began; the line has the uptime and no key.
    Life,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line<T> {
    /// Milliseconds since 1970 on [`Clock`], counted from the beginning of the life.
    at: i64,
    step: Step,
    key: T,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up: Option<Uptime>,
}

/// The open journal. Any thread may write to it.
#[derive(Debug)]
pub(crate) struct Journal {
    clock: Clock,
    /// When it was opened: a clock that is set while it is open changes nothing.
    began: Moment,
    writable: AtomicBool,
    /// `None` stands for no journal at all: a simulation.
    log: Option<Mutex<Log>>,
    /// Lines that leave with the next write.
    pending: Mutex<Vec<u8>>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// The line with which this life begins, and whether it is in the file.
    life: Vec<u8>,
    has_begun: bool,
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
        let began = clock.moment();
        let mut log = Log {
            path: path.to_owned(),
            life: life(began),
            has_begun: false,
            file: None,
            length: 0,
            compact_at: COMPACT_BEYOND,
            is_torn: false,
        };
        let (open, fault) = match log.read(began) {
            Ok(open) => (open, log.take_up(began).err()),
            Err(err) => (Open::default(), Some(err)),
        };
        let (writable, log) = (AtomicBool::new(fault.is_none()), Some(Mutex::new(log)));
        (Self { clock, began, writable, log, pending: Mutex::default() }, open, fault)
    }

    /// No journal: what is written to it is forgotten. For `simulate`.
    pub(crate) fn none(clock: Clock) -> Self {
        let (began, writable) = (clock.moment(), AtomicBool::new(true));
        Self { clock, began, writable, log: None, pending: Mutex::default() }
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
        let line = Line { at: self.now(), step, key, body, up: None };
        let mut pending = hold(&self.pending);
        let whole = pending.len();
        // A line is text and numbers: writing it to memory does not fail.
        if serde_json::to_writer(&mut *pending, &line).is_ok() {
            pending.push(b'\n');
        } else {
            pending.truncate(whole);
        }
    }

    /// The time of a line.
    fn now(&self) -> i64 {
        let age = self.clock.moment().since(self.began);
        self.began.at.as_millisecond().saturating_add(i64::try_from(age.as_millis()).unwrap_or(0))
    }

    /// Writes what is pending. False if that fails: then it stays pending, since lines that are in the file already
    /// would tell a later life that requests are open which have long been answered.
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
        if !written && lines.len() <= BACKLOG {
            hold(&self.pending).splice(..0, lines);
        }
        if written && log.length > log.compact_at && log.compact(self.clock.moment()).is_err() {
            // The long file goes on being used; the next try comes when it has doubled.
            log.compact_at = log.length * 2;
        }
        written
    }
}

/// The first line of a life.
fn life(began: Moment) -> Vec<u8> {
    let at = began.at.as_millisecond();
    let line = Line { at, step: Step::Life, key: "", body: None, up: began.up };
    // Numbers and a word: writing them to memory does not fail.
    let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves at most a torn line, which is provided for.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    fn append(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        let heal: &[u8] = if self.is_torn { b"\n" } else { b"" };
        // What stands in a file that could not be taken up is of earlier lives.
        let life = if self.has_begun { &[][..] } else { &self.life };
        let whole;
        let bytes = if heal.is_empty() && life.is_empty() {
            lines
        } else {
            whole = [heal, life, lines].concat();
            &whole
        };
        if self.file.is_none() {
            let file = open_file(&self.path)?;
            self.length = file.metadata().map_or(0, |meta| meta.len());
            self.file = Some(file);
        }
        let file = self.file.as_mut().context("the journal is not open")?;
        // Unbuffered and in one write: after kill -9 the lines are there or, at worst, the last of them is torn.
        let written = file.write_all(bytes);
        // What was written of lines that did not all fit is taken back: they come again, whole.
        let is_cut = |file: &File| file.set_len(self.length).is_ok();
        self.is_torn = written.is_err() && (self.is_torn || !is_cut(file));
        self.has_begun |= written.is_ok();
        written.with_context(|| format!("writing `{}`", self.path.display()))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Reads what is still open.
    fn read(&self, now: Moment) -> anyhow::Result<Open> {
        let open = match File::open(&self.path) {
            Ok(file) => Open::fold(BufReader::new(file), now),
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(Open::default()),
            Err(err) => Err(err),
        };
        open.with_context(|| format!("reading `{}`", self.path.display()))
    }

    /// Rewrites the file without what is settled or too old. Where there is no room for a second file, the long one
    /// goes on being used: what is open in it is not to be forgotten.
    fn take_up(&mut self, now: Moment) -> anyhow::Result<()> {
        if self.compact(now).is_ok() {
            return Ok(());
        }
        // Ends the line that a crash may have torn, and shows whether the file can be written.
        self.is_torn = true;
        self.append(b"")
    }

    fn compact(&mut self, now: Moment) -> anyhow::Result<()> {
        // Made if it is missing.
        drop(open_file(&self.path)?);
        let open = || File::open(&self.path).map(BufReader::new);
        let kept = compact::compact(open, now, &self.life)
            .with_context(|| format!("reading `{}`", self.path.display()))?;
        file::publish(&self.path, &kept)?;
        self.file = Some(open_file(&self.path)?);
        self.length = kept.len() as u64;
        self.compact_at = (self.length * 2).max(COMPACT_BEYOND);
        (self.is_torn, self.has_begun) = (false, true);
        Ok(())
    }
}

fn open_file(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("opening `{}`", path.display()))
}
