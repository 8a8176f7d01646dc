//! The table that `watch` draws on a terminal: the state of each target of a mission, drawn over and over in its place.

use std::io::{IsTerminal as _, Write as _, stdout};

use jiff::Timestamp;
use rustix::termios::tcgetwinsize;
use state::out;
use state::phone::Phone;

use crate::context::CommandContext;
use crate::lifecycle::MissionTarget;
use crate::store::Mission;

/// For a terminal that does not say how large it is.
const DEFAULT_SIZE: TerminalSize = TerminalSize { rows: 24, columns: 80 };

/// How much fits onto the terminal.
#[derive(Clone, Copy, Debug)]
struct TerminalSize {
    rows: usize,
    columns: usize,
}

/// The table. Off where stdout is no terminal, or text mode was asked for.
#[derive(Debug)]
pub(crate) struct LiveTable {
    is_on: bool,
    n_lines: usize,
}

impl LiveTable {
    pub(crate) fn new(context: &CommandContext) -> Self {
        Self { is_on: stdout().is_terminal() && !context.printer.is_text(), n_lines: 0 }
    }

    /// Whether it is drawn.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Draws the table in place of the one before. `now` is this machine's time.
    pub(crate) fn draw(
        &mut self,
        mission: &Mission,
        targets: &[MissionTarget],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        if !self.is_on {
            return Ok(());
        }
        let clean = |line: String| out::printable(&line).replace('\n', " ");
        let title = clean(format!("{}: {}", mission.slug(), mission.status()));
        let lines = targets.iter().map(|target| clean(line(target, now)));
        let lines = fitted(title, lines, size());
        let mut text = String::new();
        if self.n_lines > 0 {
            // Up to the first line, and clear what is below.
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

fn size() -> TerminalSize {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_row > 2 && size.ws_col > 2 => {
            TerminalSize { rows: size.ws_row.into(), columns: size.ws_col.into() }
        }
        _ => DEFAULT_SIZE,
    }
}

/// As many lines, cut, as the terminal neither wraps nor scrolls: others could not be drawn over.
fn fitted(title: String, targets: impl Iterator<Item = String>, size: TerminalSize) -> Vec<String> {
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

/// A target: channel, number, step, how many calls or texts, the state of the last, when it is polled.
fn line(target: &MissionTarget, now: Timestamp) -> String {
    let (last, n) = (target.last(), target.events.len());
    let to = target.to.parse::<Phone>().map_or_else(|_| "?".to_owned(), |to| to.masked());
    let step = target.step.as_deref().unwrap_or("-");
    let status = match (&last.end, last.activity) {
        (Some(_), _) if last.maybe_voicemail => "perhaps a voicemail".to_owned(),
        (Some(end), _) => end.outcome.to_string(),
        (None, Some(_)) => "under way".to_owned(),
        (None, None) => format!("at {:.0}", last.at),
    };
    let next = match target.next_poll(now) {
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
    use super::{TerminalSize, fitted};

    #[track_caller]
    fn case(n: usize, rows: usize, wanted: &[&str]) {
        let targets = (1..=n).map(|n| format!("target {n}"));
        assert_eq!(
            fitted("a mission".to_owned(), targets, TerminalSize { rows, columns: 9 }),
            wanted
        );
    }

    #[test]
    fn the_table_fits_onto_the_terminal() {
        case(2, 24, &["a missio", "target 1", "target 2"]);
        case(3, 5, &["a missio", "target 1", "target 2", "target 3"]);
        case(4, 5, &["a missio", "target 1", "target 2", "  and 2 "]);
        case(9, 3, &["a missio", "  and 9 "]);
    }
}
