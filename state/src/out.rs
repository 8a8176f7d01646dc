//! Writing: one document on stdout, everything for people on stderr. Nothing here ever panics, and no listed secret
//! ([`crate::secret`]) passes.
//!
//! A closed pipe is a quiet end (spec 2): the reader has seen enough, and the exit code stays what it is.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use serde_json::Value;

use crate::args::Common;
use crate::env;
use crate::exit::{self, Exit, Fault};
use crate::{secret, words};

static QUIET: AtomicBool = AtomicBool::new(false);
static READER_GONE: AtomicBool = AtomicBool::new(false);

/// Prints the result of a command, as JSON or as the reference's words.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    text: bool,
    pretty: bool,
}

impl Printer {
    /// Text with `--text` or `CLAWDTALK_OUTPUT=text`, else JSON: pretty on a terminal, one line otherwise.
    pub fn new(common: &Common) -> Self {
        QUIET.store(common.quiet, Ordering::Relaxed);
        let text = common.text_mode || env::output_is_text();
        Self { text, pretty: io::stdout().is_terminal() }
    }

    /// Whether text mode was asked for.
    pub fn is_text(self) -> bool {
        self.text
    }

    /// Prints the one document of a command: `value`, or in text mode the words of `text`.
    ///
    /// Fails if stdout cannot be written, a closed pipe excepted.
    pub fn document(self, value: &Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.text {
            return say(text());
        }
        // Text by text, so that it stays a document.
        let value = secret::clean_json(value);
        let json = if self.pretty {
            serde_json::to_string_pretty(&*value)
        } else {
            serde_json::to_string(&*value)
        };
        write(&ending_in_newline(json.context("writing JSON")?))
    }

    /// The same as [`document`](Self::document) for a command that has changed something.
    ///
    /// Fails with exit 8 if stdout cannot be written: exit 4 would say that nothing was done, and have it done again.
    pub fn done(self, value: &Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        self.document(value, text).map_err(|err| unsaid(&err).into())
    }

    /// Prints what is told beside a code that says no: that it cannot be printed is a warning, and the code stays.
    pub fn beside(self, value: &Value, text: impl FnOnce() -> String) {
        if let Err(err) = self.document(value, text) {
            warning(&exit::told(&err));
        }
    }

    /// Prints one line of a stream: compact JSON, or in text mode the words of `text`.
    pub fn line(self, value: &Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        Self { pretty: false, ..self }.document(value, text)
    }

    /// Prints words in text mode only: what the reference says on stdout before it has a result.
    pub fn words(self, text: &str) -> anyhow::Result<()> {
        if self.text { say(text.to_owned()) } else { Ok(()) }
    }
}

/// The fault of something that was done and could not be told of on stdout, for the reason given.
pub fn unsaid(why: &anyhow::Error) -> Fault {
    let text = format!("it was done, but that could not be said: {}", exit::told(why));
    Fault::new(Exit::Unknown, text).hint("look at what is there before you run the same line again")
}

/// Whether somebody closed the pipe that stdout was written to: a stream without an end ends then.
pub fn reader_is_gone() -> bool {
    READER_GONE.load(Ordering::Relaxed)
}

/// JSON as the reference prints it: two spaces of indentation.
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// Tells of work under way, on stderr; `--quiet` mutes it.
pub fn progress(text: &str) {
    if !QUIET.load(Ordering::Relaxed) {
        tell("", text);
    }
}

/// Tells of something that is probably not what was meant, on stderr.
pub fn warning(text: &str) {
    tell("warning: ", text);
}

/// Tells of the failure that ends the program, on stderr.
pub fn error(text: &str) {
    tell("error: ", text);
}

/// Tells the next command to run, on stderr. What came from outside was quoted for a shell by whoever wrote the hint;
/// here it loses what would move a cursor.
pub fn hint(text: &str) {
    tell("hint: ", &words::plain(text));
}

fn tell(label: &str, text: &str) {
    let coloured = match label {
        "error: " if colour() => "\x1b[1;31merror:\x1b[0m ",
        "warning: " if colour() => "\x1b[1;33mwarning:\x1b[0m ",
        _ => label,
    };
    let text = secret::clean(text);
    // Nobody is left to tell that stderr is gone.
    let _ = writeln!(io::stderr(), "{coloured}{text}");
}

fn colour() -> bool {
    io::stderr().is_terminal() && !env::no_colour()
}

/// Prints words, ending in a newline.
pub fn say(words: String) -> anyhow::Result<()> {
    write(&secret::clean(&ending_in_newline(words)))
}

fn ending_in_newline(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn write(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(err) if err.kind() == ErrorKind::BrokenPipe => {
            READER_GONE.store(true, Ordering::Relaxed);
            Ok(())
        }
        other => other.context("writing to stdout"),
    }
}
