//! Prompts at a terminal: questions on stderr, answers from stdin, and Ctrl-C ends the program between any two keys.
//!
//! By rustix, which the workspace has anyway: rpassword leaves the terminal without echo after Ctrl-C, and dialoguer
//! brings a whole console library.

use anyhow::Context as _;
use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use state::exit::{Exit, Fault};
use state::out;
use state::terminal::{width, wrapped};
use std::io::{self, IsTerminal as _, Write as _};

/// From this width on, in columns, a row stands in one line.
const WIDE: usize = 60;
/// Where its text begins then.
const INDENT: usize = 17;

/// Longest answer, in bytes: beyond any key or greeting.
const LONGEST: usize = 4096;

/// A terminal in raw mode. While this lives the terminal itself echoes nothing: a key that is pasted before its prompt
/// must not be shown.
pub struct Terminal(#[expect(dead_code, reason = "dropping it puts the settings back")] RawMode);

impl Terminal {
    /// The terminal, if stdin and stderr are one.
    pub fn find() -> Option<Self> {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        is_terminal.then(RawMode::enter)?.map(Self).ok()
    }

    /// Prints a paragraph.
    pub fn print(&self, text: &str) {
        let text = wrapped(text, width(true), 0);
        // That the terminal is gone shows at the next prompt.
        let _ = writeln!(io::stderr(), "{}", out::printable(&text));
    }

    /// Prints what belongs to a word, beside it or on a narrow terminal below it.
    pub fn row(&self, word: &str, text: &str) {
        let width = width(true);
        let is_wide = width.is_none_or(|width| width >= WIDE);
        let text = wrapped(text, width, if is_wide { INDENT } else { 4 });
        let row = match (is_wide, word) {
            (true, _) => format!("  {word:13}  {text}"),
            (false, "") => format!("    {text}"),
            (false, _) => format!("  {word}\n    {text}"),
        };
        let _ = writeln!(io::stderr(), "{}", out::printable(&row));
    }

    /// Asks for a text; Enter gives `default`.
    pub fn text(&self, question: &str, default: Option<&str>) -> anyhow::Result<Option<String>> {
        let shown = default.map_or_else(String::new, |default| format!(" [{}]", one_line(default)));
        let answer = prompt(&format!("{question}{shown}: "), Echo::On)?;
        Ok(if answer.is_empty() { default.map(str::to_owned) } else { Some(answer) })
    }

    /// Asks for a text that is not shown; `None` for just Enter.
    pub fn hidden(&self, question: &str) -> anyhow::Result<Option<String>> {
        Ok(Some(prompt(&format!("{question}: "), Echo::Off)?).filter(|answer| !answer.is_empty()))
    }

    /// Asks for yes or no until one is given.
    pub fn confirm(&self, question: &str, default: bool) -> anyhow::Result<bool> {
        let choices = if default { "Y/n" } else { "y/N" };
        loop {
            match prompt(&format!("{question} [{choices}]: "), Echo::On)?.to_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.print("Please answer y or n."),
            }
        }
    }

    /// Asks for one of `choices` by its number or its word; Enter gives the first.
    pub fn choose<'a>(&self, question: &str, choices: &[&'a str]) -> anyhow::Result<&'a str> {
        for (index, choice) in choices.iter().enumerate() {
            self.print(&format!("  {}) {choice}", index + 1));
        }
        loop {
            let answer = prompt(&format!("{question} [1]: "), Echo::On)?;
            let number = if answer.is_empty() { Some(1) } else { answer.parse::<usize>().ok() };
            let by_number = number.and_then(|number| choices.get(number.checked_sub(1)?));
            if let Some(choice) =
                by_number.or_else(|| choices.iter().find(|choice| **choice == answer))
            {
                return Ok(choice);
            }
            self.print(&format!("Please answer with a number from 1 to {}.", choices.len()));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    On,
    Off,
}

/// The terminal's settings from before, which are restored when this is dropped.
struct RawMode(Termios);

impl RawMode {
    /// From now on keys arrive one by one without echo, and Ctrl-C as a byte: a signal would end the program in raw mode.
    fn enter() -> anyhow::Result<Self> {
        let stdin = io::stdin();
        let before = termios::tcgetattr(&stdin).context("reading the terminal's settings")?;
        let mut raw = before.clone();
        raw.local_modes -=
            LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(&stdin, OptionalActions::Now, &raw).context("setting the terminal")?;
        Ok(Self(before))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // A terminal that is gone needs no settings.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Shows the question and reads one line, trimmed. The terminal is in raw mode.
fn prompt(question: &str, echo: Echo) -> anyhow::Result<String> {
    show(question);
    let mut line = Vec::new();
    let mut key = [0];
    loop {
        let n = match rustix::io::read(io::stdin(), &mut key) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other.context("reading the terminal")?,
        };
        match key[0] {
            _ if n == 0 => return Err(interrupted()),
            b'\n' | b'\r' => break,
            // Ctrl-C, Ctrl-D, Ctrl-\.
            0x03 | 0x04 | 0x1c => return Err(interrupted()),
            // Backspace deletes a whole character.
            0x08 | 0x7f => {
                while line.pop().is_some_and(|byte: u8| byte & 0xc0 == 0x80) {}
                redraw(question, &line, echo);
            }
            // Ctrl-U deletes the line.
            0x15 => {
                line.clear();
                redraw(question, &line, echo);
            }
            // Other control keys, and the rest of what an arrow key sends, are not text.
            0x1b => skip_sequence()?,
            byte if byte < 0x20 || line.len() >= LONGEST => {}
            byte => {
                line.push(byte);
                if echo == Echo::On {
                    let _ = io::stderr().write_all(&[byte]);
                }
            }
        }
    }
    show("\n");
    let line = String::from_utf8(line).ok().context("what was typed is not UTF-8")?;
    Ok(line.trim().to_owned())
}

/// Reads on to the letter that ends an escape sequence; Escape alone waits for one more key.
fn skip_sequence() -> anyhow::Result<()> {
    let mut key = [0];
    loop {
        let n = rustix::io::read(io::stdin(), &mut key).context("reading the terminal")?;
        if n == 0
            || (key[0].is_ascii_alphabetic() && key[0] != b'O')
            || key[0] == b'~'
            || key[0] < 0x20
        {
            return Ok(());
        }
    }
}

fn redraw(question: &str, line: &[u8], echo: Echo) {
    let shown = if echo == Echo::On { String::from_utf8_lossy(line) } else { "".into() };
    show(&format!("\r\x1b[K{question}{shown}"));
}

fn show(text: &str) {
    let mut stderr = io::stderr();
    // That the terminal is gone shows at the next read.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn one_line(text: &str) -> String {
    state::sanitize::line_up_to(text, 60)
}

fn interrupted() -> anyhow::Error {
    show("\n");
    Fault::new(Exit::Undecided, "interrupted; nothing was changed")
        .hint("run the same command again")
        .into()
}
