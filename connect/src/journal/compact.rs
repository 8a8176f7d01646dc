//! The shortest journal that says the same: what is settled keeps one line, a call its last, and old lines go.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead, Result};

use serde::Deserialize;
use state::moment::{Moment, Uptime};

use super::Step;
use super::dates::Dates;
use super::fold::MEMORY;

/// As much of a line as decides whether it stays; its body, which is nearly all of it, is passed over.
#[derive(Deserialize)]
struct Head<'a> {
    at: i64,
    step: Step,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(default)]
    up: Option<Uptime>,
}

/// Gives the lines that stay, each behind the one that begins its life, and at last `life`, which begins the present.
/// The journal is read twice, line by line, and only hashes of names are remembered: that a client has been busy for a
/// day does not show in its memory.
pub(super) fn compact<R: BufRead>(
    open: impl Fn() -> Result<R>,
    now: Moment,
    life: &[u8],
) -> Result<Vec<u8>> {
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
    let (mut of, mut last) = (Vec::new(), Vec::new());
    each_line(open()?, now, |number, head, line| {
        let name = hasher.hash_one(&head.key);
        let stays = match head.step {
            Step::Life => {
                of = [line, b"\n"].concat();
                false
            }
            Step::Call => last_of_call.get(&name) == Some(&number),
            Step::Settled => told.insert(name),
            _ => !settled.contains(&name),
        };
        if stays {
            if of != last {
                kept.extend_from_slice(&of);
                last.clone_from(&of);
            }
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
    })?;
    if last != life {
        kept.extend_from_slice(life);
    }
    Ok(kept)
}

/// The lines that can be read and are not too old, numbered, and all that begin a life.
fn each_line(
    mut journal: impl BufRead,
    now: Moment,
    mut each: impl FnMut(usize, &Head, &[u8]),
) -> Result<()> {
    let mut dates = Dates::from(now);
    let mut line = Vec::new();
    for number in 0.. {
        line.clear();
        if journal.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let Ok(head) = serde_json::from_slice::<Head>(text) else { continue };
        if head.step == Step::Life {
            dates.life(head.at, head.up);
        } else if dates.of(head.at).is_none_or(|at| dates.age(at) > MEMORY) {
            continue;
        }
        each(number, &head, text);
    }
    Ok(())
}
