//! Where each target of a mission stands: a table that is drawn over itself, on a terminal only.

use std::io::{IsTerminal as _, Write as _, stdout};

use jiff::Timestamp;
use rustix::termios::tcgetwinsize;
use state::phone::Phone;
use state::secret;

use crate::context::Context;
use crate::lifecycle::Target;
use crate::state_file::Mission;

/// A terminal that does not say how large it is.
const USUAL: Size = Size { rows: 24, columns: 80 };

/// What fits onto the terminal.
#[derive(Clone, Copy, Debug)]
struct Size {
    rows: usize,
    columns: usize,
}

/// The table; nothing at all where stdout is no terminal, or words were asked for.
#[derive(Debug)]
pub(crate) struct Screen {
    is_on: bool,
    n_lines: usize,
}

impl Screen {
    pub(crate) fn new(context: &Context) -> Self {
        Self { is_on: stdout().is_terminal() && !context.printer.is_text(), n_lines: 0 }
    }

    /// Whether there is one.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Draws the table over what it showed before.
    pub(crate) fn draw(
        &mut self,
        mission: &Mission,
        targets: &[Target],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        if !self.is_on {
            return Ok(());
        }
        let clean = |line: String| secret::clean(&line).into_owned();
        let title = clean(format!("{}: {}", mission.slug(), mission.status()));
        let lines = targets.iter().map(|target| clean(line(target, now)));
        let lines = fitted(title, lines, size());
        let mut text = String::new();
        if self.n_lines > 0 {
            // Up to the first line, and away with what is below.
            text = format!("\x1b[{}A\x1b[J", self.n_lines);
        }
        self.n_lines = lines.len();
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
        let mut stdout = stdout().lock();
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.flush()?)
    }
}

fn size() -> Size {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_row > 2 && size.ws_col > 2 => {
            Size { rows: size.ws_row.into(), columns: size.ws_col.into() }
        }
        _ => USUAL,
    }
}

/// Lines that the terminal neither wraps nor scrolls away: over those it could not be drawn again.
fn fitted(title: String, targets: impl Iterator<Item = String>, size: Size) -> Vec<String> {
    let mut lines: Vec<String> = std::iter::once(title).chain(targets).collect();
    let room = size.rows - 1;
    if lines.len() > room {
        let n_left_out = lines.len() - (room - 1);
        lines.truncate(room - 1);
        lines.push(format!("  and {n_left_out} more"));
    }
    let cut = |line: String| line.chars().take(size.columns - 1).collect();
    lines.into_iter().map(cut).collect()
}

/// Where a target stands: channel, number, step, what became of it, what comes next.
fn line(target: &Target, now: Timestamp) -> String {
    let (last, n) = (target.last(), target.attempts.len());
    let to = target.to.parse::<Phone>().map_or_else(|_| "?".to_owned(), |to| to.masked());
    let step = target.step.as_deref().unwrap_or("-");
    let status = match (&last.end, last.seen) {
        (Some(_), _) if last.maybe_voicemail => "perhaps a voicemail".to_owned(),
        (Some(end), _) => end.outcome.words(),
        (None, Some(_)) => "under way".to_owned(),
        (None, None) => format!("at {:.0}", last.at),
    };
    let next = match target.next_look(now) {
        Some(next) => {
            let seconds = next.duration_since(now).as_secs().max(0);
            format!("look in {}:{:02}", seconds / 60, seconds % 60)
        }
        None => String::new(),
    };
    let line =
        format!("  {:<4} {to:<14} {step:<12} try {n}  {status:<28} {next}", target.channel.word());
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Size, fitted};

    #[track_caller]
    fn case(n: usize, rows: usize, wanted: &[&str]) {
        let targets = (1..=n).map(|n| format!("target {n}"));
        assert_eq!(fitted("a mission".to_owned(), targets, Size { rows, columns: 9 }), wanted);
    }

    #[test]
    fn the_table_fits_onto_the_terminal() {
        case(2, 24, &["a missio", "target 1", "target 2"]);
        case(3, 5, &["a missio", "target 1", "target 2", "target 3"]);
        case(4, 5, &["a missio", "target 1", "target 2", "  and 2 "]);
        case(9, 3, &["a missio", "  and 9 "]);
    }
}
