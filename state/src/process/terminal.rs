//! Texts for people at a terminal: broken into lines that fit it, and in colours.

use std::io::{self, IsTerminal as _};

use rustix::termios::tcgetwinsize;

use crate::process::env;
use crate::text::{sanitize, secret};

/// The narrowest that lines are made, in columns; on a narrower terminal they break where it breaks them.
const NARROWEST: usize = 20;

/// A colour, by what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Something does not work.
    Failure,
    /// Something should be attended to.
    Warning,
    /// All is well.
    Success,
    /// A heading, or a command to type.
    Strong,
    /// What can be passed over.
    Faint,
}

impl Colour {
    /// The sequence that switches it on, in the sixteen colours that every terminal has, so that its owner's choice of them
    /// holds.
    fn code(self) -> &'static str {
        match self {
            Self::Failure => "\x1b[1;31m",
            Self::Warning => "\x1b[1;33m",
            Self::Success => "\x1b[32m",
            Self::Strong => "\x1b[1m",
            Self::Faint => "\x1b[2m",
        }
    }
}

/// A text with colours.
#[derive(Clone, Debug, Default)]
pub struct Painted(Vec<(Option<Colour>, String)>);

impl Painted {
    /// Adds a plain piece.
    #[must_use]
    pub fn plain(mut self, text: impl Into<String>) -> Self {
        self.0.push((None, text.into()));
        self
    }

    /// Adds a piece in this colour.
    #[must_use]
    pub fn in_colour(mut self, colour: Colour, text: impl Into<String>) -> Self {
        self.0.push((Some(colour), text.into()));
        self
    }

    /// Adds another text.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// As it is printed: each piece without what could move a cursor, within the codes of its colour if it `has_colour`.
    pub(super) fn with_codes(&self, has_colour: bool) -> String {
        let piece = |(colour, text): &(Option<Colour>, String)| {
            let text = printable(text);
            match colour.filter(|_| has_colour) {
                Some(colour) => format!("{}{text}\x1b[0m", colour.code()),
                None => text,
            }
        };
        self.0.iter().map(piece).collect()
    }
}

/// A text as everything is printed: without secrets, and without anything that moves a cursor or hides.
pub fn printable(text: &str) -> String {
    secret::redact(&sanitize::printable(text)).into_owned()
}

/// The columns of the terminal that stdout is, or stderr if `of_stderr`; without one those in `COLUMNS`, if somebody set it.
/// `None` for a file or a pipe, whose lines are not broken.
pub fn width(of_stderr: bool) -> Option<usize> {
    let size = if of_stderr {
        io::stderr().is_terminal().then(|| tcgetwinsize(io::stderr()))
    } else {
        io::stdout().is_terminal().then(|| tcgetwinsize(io::stdout()))
    };
    let columns = size.and_then(Result::ok).map(|size| usize::from(size.ws_col));
    let columns = columns.filter(|columns| *columns > 0);
    let named = || env::var("COLUMNS").and_then(|columns| columns.trim().parse().ok());
    columns.or_else(named).map(|columns: usize| columns.max(NARROWEST))
}

/// Breaks a text at its blanks into lines of at most `width` columns, each but the first behind `indent` blanks. A longer
/// word, such as a path, has a line of its own and is not broken: it is there to be copied.
pub fn wrapped(text: &str, width: Option<usize>, indent: usize) -> String {
    let Some(width) = width else { return text.to_owned() };
    let behind = " ".repeat(indent);
    // The first line begins where the caller has written so much already.
    let options = textwrap::Options::new(width.max(indent + NARROWEST / 2))
        .initial_indent(&behind)
        .subsequent_indent(&behind)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options).join("\n");
    lines.get(indent..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Colour, Painted, wrapped};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    #[test]
    fn colours_are_codes_around_what_cannot_hold_any() {
        let text = Painted::default().in_colour(Colour::Failure, "a\x1b[2J").plain("b\n");
        assert_eq!(text.with_codes(true), "\x1b[1;31ma[2J\x1b[0mb\n");
        assert_eq!(text.with_codes(false), "a[2Jb\n");
    }

    #[test]
    fn lines_break_at_blanks_and_a_path_stays_whole() {
        assert_eq!(wrapped("one two three", Some(20), 10), "one two\n          three");
        assert_eq!(
            wrapped("at /a/long/path/of/folders x", Some(20), 2),
            "at\n  /a/long/path/of/folders\n  x"
        );
        assert_eq!(wrapped("one two three", None, 10), "one two three");
        // Each of these letters takes two columns.
        assert_eq!(wrapped("日本語日本 語日本語日", Some(20), 0), "日本語日本\n語日本語日");
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_line_too_long(words in "[a-z]{1,9}( [a-z]{1,9}){0,30}", width in 20..90usize, indent in 0..8usize) {
            let lines = wrapped(&words, Some(width), indent);
            let again: Vec<_> = lines.split_whitespace().collect();
            prop_assert_eq!(again.join(" "), words);
            prop_assert!(lines.lines().all(|line| line.len() <= width.max(indent + 10)));
        }
    }
}
