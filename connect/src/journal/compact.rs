//! Compacts the journal to the shortest that says the same: what is done keeps one line, a call its last, old lines go.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead, Result};

use serde::Deserialize;
use state::clock::{Moment, Uptime};

use super::clock_correction::ClockCorrection;
use super::line::{JournalStep, RETENTION};

/// As much of a line as decides whether it stays; its body, which is nearly all of it, is passed over.
#[derive(Deserialize)]
struct LineHead<'a> {
    at: i64,
    step: JournalStep,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(default)]
    up: Option<Uptime>,
}

/// Gives the lines that stay, each behind the start line of its process, and at last `start_line`, that of the present
/// process. The journal is read twice, line by line, and only hashes of keys are remembered: that a client has been busy
/// for a day does not show in its memory.
pub(super) fn compact<R: BufRead>(
    open_reader: impl Fn() -> Result<R>,
    now: Moment,
    start_line: &[u8],
) -> Result<Vec<u8>> {
    let hasher = RandomState::new();
    let mut done = HashSet::new();
    let mut last_of_call = HashMap::new();
    each_line(open_reader()?, now, |number, head, _| {
        let key = hasher.hash_one(&head.key);
        match head.step {
            JournalStep::Done => _ = done.insert(key),
            JournalStep::Call => _ = last_of_call.insert(key, number),
            _ => {}
        }
    })?;
    let mut compacted = Vec::new();
    let mut compacted_done = HashSet::new();
    // The start line of the process whose lines are being read, and the last one that was compacted.
    let (mut start_of_line, mut last_start) = (Vec::new(), Vec::new());
    each_line(open_reader()?, now, |number, head, line| {
        let key = hasher.hash_one(&head.key);
        let stays = match head.step {
            JournalStep::ProcessStart => {
                start_of_line = [line, b"\n"].concat();
                false
            }
            JournalStep::Call => last_of_call.get(&key) == Some(&number),
            JournalStep::Done => compacted_done.insert(key),
            _ => !done.contains(&key),
        };
        if stays {
            if start_of_line != last_start {
                compacted.extend_from_slice(&start_of_line);
                last_start.clone_from(&start_of_line);
            }
            compacted.extend_from_slice(line);
            compacted.push(b'\n');
        }
    })?;
    if last_start != start_line {
        compacted.extend_from_slice(start_line);
    }
    Ok(compacted)
}

/// Calls `each` with the number, the head and the text of each line that can be read and is not too old, and of every
/// start line.
fn each_line(
    mut journal: impl BufRead,
    now: Moment,
    mut each: impl FnMut(usize, &LineHead, &[u8]),
) -> Result<()> {
    let mut clock = ClockCorrection::from(now);
    let mut line = Vec::new();
    for number in 0.. {
        line.clear();
        if journal.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let Ok(head) = serde_json::from_slice::<LineHead>(text) else { continue };
        if head.step == JournalStep::ProcessStart {
            clock.process_started(head.at, head.up);
        } else if clock.corrected(head.at).is_none_or(|at| clock.age(at) > RETENTION) {
            continue;
        }
        each(number, &head, text);
    }
    Ok(())
}
