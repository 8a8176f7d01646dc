//! The shortest journal that says the same: what is settled keeps one line, a call its last, and old lines go.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead, Result};

use jiff::Timestamp;
use serde::Deserialize;

use super::Step;
use super::fold::MEMORY;

/// As much of a line as decides whether it stays; its body, which is nearly all of it, is passed over.
#[derive(Deserialize)]
struct Head<'a> {
    at: i64,
    step: Step,
    #[serde(borrow)]
    key: Cow<'a, str>,
}

/// Gives the lines that stay. The journal is read twice, line by line, and only hashes of names are remembered: that
/// a client has been busy for a day does not show in its memory.
pub(super) fn compact<R: BufRead>(open: impl Fn() -> Result<R>, now: Timestamp) -> Result<Vec<u8>> {
    let hasher = RandomState::new();
    let mut settled = HashSet::new();
    let mut last_of_call = HashMap::new();
    each_line(open()?, now, |number, head, _| {
        let name = hasher.hash_one(&head.key);
        match head.step {
            Step::Settled => _ = settled.insert(name),
            Step::Call => _ = last_of_call.insert(name, number),
            _ => {}
        }
    })?;
    let mut kept = Vec::new();
    let mut told = HashSet::new();
    each_line(open()?, now, |number, head, line| {
        let name = hasher.hash_one(&head.key);
        let stays = match head.step {
            Step::Call => last_of_call.get(&name) == Some(&number),
            Step::Settled => told.insert(name),
            _ => !settled.contains(&name),
        };
        if stays {
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
    })?;
    Ok(kept)
}

/// The lines that can be read and are not too old, numbered.
fn each_line(
    mut journal: impl BufRead,
    now: Timestamp,
    mut each: impl FnMut(usize, &Head, &[u8]),
) -> Result<()> {
    let mut line = Vec::new();
    for number in 0.. {
        line.clear();
        if journal.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let Ok(head) = serde_json::from_slice::<Head>(text) else { continue };
        let at = Timestamp::from_millisecond(head.at);
        if at.is_ok_and(|at| now.duration_since(at) <= MEMORY) {
            each(number, &head, text);
        }
    }
    Ok(())
}
