//! The journal's file: appended to without a buffer, and compacted when it has become long.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use state::clock::Moment;
use state::{file, paths};

use super::compact::compact;
use super::line::process_start;
use super::replay::ReplayedJournal;

/// A journal longer than this is compacted while running: some weeks of busy use.
const COMPACT_BEYOND: u64 = 4 << 20;

/// The file, and whether its last line is whole.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    /// The line with which this process starts, and whether it is in the file.
    start_line: Vec<u8>,
    has_start_line: bool,
    file: Option<File>,
    length: u64,
    compact_at: u64,
    /// The last write failed, perhaps in the middle of a line.
    is_torn: bool,
    /// What somebody else did to the file, and was not told yet.
    taken: Option<&'static str>,
}

impl JournalFile {
    /// The journal at `path`, for a process that started then. Opens nothing yet.
    pub(super) fn new(path: &Path, started: Moment) -> Self {
        Self {
            path: path.to_owned(),
            start_line: process_start(started),
            has_start_line: false,
            file: None,
            length: 0,
            compact_at: COMPACT_BEYOND,
            is_torn: false,
            taken: None,
        }
    }

    /// Compacts the file once it has become long.
    pub(super) fn compact_if_long(&mut self, now: Moment) {
        if self.length > self.compact_at && self.compact(now).is_err() {
            // The long file goes on being used; compacting is attempted again when it has doubled.
            self.compact_at = self.length * 2;
        }
    }

    /// Makes sure that the file is the one that was opened: where somebody removed, renamed or replaced it, it is written
    /// anew from the one that is still open. What was cut off is lost.
    ///
    /// Fails if it cannot be written.
    pub(super) fn stand_again(&mut self, now: Moment) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        if paths::is_at(file, &self.path) {
            let length = file.metadata().map_or(self.length, |meta| meta.len());
            if length != self.length {
                // Whatever the foreign end is, the next line begins a new one; it is read as of no process that we know.
                (self.length, self.is_torn, self.has_start_line) = (length, true, false);
                self.taken = Some("was written to or cut by another program");
            }
            return Ok(());
        }
        self.taken = Some("was removed or replaced, and is written anew");
        let open = || {
            let mut copy = file.try_clone()?;
            copy.seek(SeekFrom::Start(0))?;
            Ok(BufReader::new(copy))
        };
        let compacted = compact(open, now, &self.start_line)
            .with_context(|| format!("reading what was `{}`", self.path.display()))?;
        self.replace(&compacted)
    }

    /// What somebody else did to the file since this was asked last.
    pub(super) fn take_taken(&mut self) -> Option<&'static str> {
        self.taken.take()
    }

    /// Appends whole lines.
    pub(super) fn append(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        let line_end: &[u8] = if self.is_torn { b"\n" } else { b"" };
        // What stands in a file that could not be compacted is of earlier processes.
        let start_line = if self.has_start_line { &[][..] } else { &self.start_line };
        let whole;
        let bytes = if line_end.is_empty() && start_line.is_empty() {
            lines
        } else {
            whole = [line_end, start_line, lines].concat();
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
        self.has_start_line |= written.is_ok();
        written.with_context(|| format!("writing `{}`", self.path.display()))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Reads what an earlier process left.
    pub(super) fn replay(&self, now: Moment) -> anyhow::Result<ReplayedJournal> {
        let replayed = match File::open(&self.path) {
            Ok(file) => ReplayedJournal::read(BufReader::new(file), now),
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(ReplayedJournal::default()),
            Err(err) => Err(err),
        };
        replayed.with_context(|| format!("reading `{}`", self.path.display()))
    }

    /// Makes the file ready for this process: compacted or, where there is no room for a second file, as it is, since what
    /// is unfinished in it must not be forgotten. Fails if it cannot be written.
    pub(super) fn prepare(&mut self, now: Moment) -> anyhow::Result<()> {
        if self.compact(now).is_ok() {
            return Ok(());
        }
        // Ends the line that a crash may have torn, and shows whether the file can be written.
        self.is_torn = true;
        self.append(b"")
    }

    /// Rewrites the file without what is done or too old.
    fn compact(&mut self, now: Moment) -> anyhow::Result<()> {
        // Made if it is missing.
        drop(open_file(&self.path)?);
        let open = || File::open(&self.path).map(BufReader::new);
        let compacted = compact(open, now, &self.start_line)
            .with_context(|| format!("reading `{}`", self.path.display()))?;
        self.replace(&compacted)
    }

    fn replace(&mut self, compacted: &[u8]) -> anyhow::Result<()> {
        file::replace_unsynced(&self.path, compacted)?;
        self.file = Some(open_file(&self.path)?);
        self.length = compacted.len() as u64;
        self.compact_at = (self.length * 2).max(COMPACT_BEYOND);
        (self.is_torn, self.has_start_line) = (false, true);
        Ok(())
    }
}

fn open_file(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("opening `{}`", path.display()))
}
