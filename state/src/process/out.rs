//! What is printed: one JSON document or text on stdout, everything for people on stderr. Nothing here panics, secrets are
//! redacted ([`crate::text::secret`]), and nothing reaches a terminal that moves its cursor or hides
//! ([`sanitize::printable`]): texts lose it, JSON escapes it.
//!
//! A closed pipe is no error: the reader has seen enough, and the exit code stays what it is.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use serde_json::Value;

use crate::exit::{self, Exit, Fault};
use crate::process::args::Common;
use crate::process::terminal::Painted;
pub use crate::process::terminal::printable;
use crate::process::{env, invocation};
use crate::text::{sanitize, secret};

static QUIET: AtomicBool = AtomicBool::new(false);
static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Prints the results of a command: as JSON, or in text mode in the words of the scripts that the tools replace.
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

    /// Prints the one document of a command that changed nothing: `value`, or in text mode `text`.
    ///
    /// Fails if stdout cannot be written, a closed pipe excepted.
    pub fn print(self, value: &Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.text {
            return print_text(text());
        }
        // Value by value: redacting the printed JSON could leave something that is none.
        let value = secret::redact_json(value);
        let json = if self.pretty {
            serde_json::to_string_pretty(&*value)
        } else {
            serde_json::to_string(&*value)
        };
        let json = sanitize::escape_json(json.context("writing JSON")?);
        write(&ending_in_newline(json))
    }

    /// [`print`](Self::print) with a text in colours, which it has on a terminal that knows them.
    pub fn print_painted(
        self,
        value: &Value,
        text: impl FnOnce() -> Painted,
    ) -> anyhow::Result<()> {
        if !self.text {
            return self.print(value, String::new);
        }
        let is_coloured = io::stdout().is_terminal() && !env::no_color();
        write(&ending_in_newline(text().with_codes(is_coloured)))
    }

    /// [`print`](Self::print) for a command that has changed something.
    ///
    /// Fails with exit 8 if stdout cannot be written: exit 4 would say that nothing was done, and have it done again.
    pub fn print_after_change(
        self,
        value: &Value,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        self.print(value, text).map_err(|err| output_failed(&err).into())
    }

    /// [`print`](Self::print) for a command that ends with a failure of its own: if stdout cannot be written that is a
    /// warning, and the exit code stays that of the failure.
    pub fn print_with_failure(self, value: &Value, text: impl FnOnce() -> String) {
        if let Err(err) = self.print(value, text) {
            warning(&exit::one_line(&err));
        }
    }

    /// Prints one document of a stream: JSON in one line, or in text mode `text`.
    pub fn print_line(self, value: &Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        Self { pretty: false, ..self }.print(value, text)
    }

    /// Prints in text mode only: what the scripts say on stdout before they have a result.
    pub fn print_in_text_mode(self, text: &str) -> anyhow::Result<()> {
        if self.text { print_text(text.to_owned()) } else { Ok(()) }
    }
}

/// The fault (exit 8) of a command that has changed something and cannot write that to stdout, for the reason given.
pub fn output_failed(why: &anyhow::Error) -> Fault {
    let text = format!("it was done, but that could not be printed: {}", exit::one_line(why));
    Fault::new(Exit::Unconfirmed, text)
        .hint("look at what is there before you run the same line again")
}

/// Whether the other end of stdout was closed: a command that prints without an end ends then.
pub fn is_stdout_closed() -> bool {
    STDOUT_CLOSED.load(Ordering::Relaxed)
}

/// JSON with two spaces of indentation, as the scripts printed it.
pub fn pretty_json(value: &Value) -> String {
    let json = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    sanitize::escape_json(json)
}

/// Prints progress on stderr, unless `--quiet` is given.
pub fn progress(text: &str) {
    if !QUIET.load(Ordering::Relaxed) {
        print_to_stderr("", text);
    }
}

/// Prints a warning on stderr: something is probably not as the user wants it.
pub fn warning(text: &str) {
    print_to_stderr("warning: ", text);
}

/// Prints the error that ends the program on stderr.
pub fn error(text: &str) {
    print_to_stderr("error: ", text);
}

/// Prints a hint on stderr: the command to run next, as it is [typed here](invocation::in_hint). Whoever writes the hint
/// quotes what comes from outside for a shell; here it loses what could move a cursor.
pub fn hint(text: &str) {
    print_to_stderr("hint: ", &sanitize::without_controls(&invocation::in_hint(text)));
}

fn print_to_stderr(label: &str, text: &str) {
    let coloured = match label {
        "error: " if colour() => "\x1b[1;31merror:\x1b[0m ",
        "warning: " if colour() => "\x1b[1;33mwarning:\x1b[0m ",
        _ => label,
    };
    let text = printable(text);
    // If stderr cannot be written there is nowhere to report that.
    let _ = writeln!(io::stderr(), "{coloured}{text}");
}

fn colour() -> bool {
    io::stderr().is_terminal() && !env::no_color()
}

/// Prints a text on stdout, with a newline at its end.
pub fn print_text(text: String) -> anyhow::Result<()> {
    write(&printable(&ending_in_newline(text)))
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
            STDOUT_CLOSED.store(true, Ordering::Relaxed);
            Ok(())
        }
        other => other.context("writing to stdout"),
    }
}
