//! How many texts become turns: counted when they are accepted, and over restarts. A turn costs money and a worker whatever
//! it replies, and anybody can send a thousand texts from a thousand numbers.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::clock::{Clock, Moment, Uptime};
use state::file;
use state::phone::Phone;

/// Turns of one number within [`WINDOW`].
const MAX_OF_NUMBER: usize = 10;
/// Numbers that we texted have a budget apart, and so many times as large: nobody can guess them, and a mission may have
/// texted hundreds of people.
const TIMES_FOR_TEXTED: usize = 4;
/// Over how long turns are counted.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// The texts of the last hour that became turns.
#[derive(Debug)]
pub(crate) struct TurnBudget {
    /// Where they are kept; `None` in a simulation.
    path: Option<PathBuf>,
    clock: Clock,
    /// Turns of all numbers together that we never wrote to, within [`WINDOW`].
    max_of_others: usize,
    turns: Mutex<Vec<TextTurn>>,
}

/// One text that became a turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TextTurn {
    /// Its request in the journal: one that is resumed after a restart is counted once.
    key: String,
    from: String,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up: Option<Uptime>,
    /// Whether we had texted the number before.
    texted: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct TurnsFile {
    format: u32,
    turns: Vec<TextTurn>,
}

impl TurnBudget {
    /// The budget with what an earlier process counted. A file that cannot be read counts nothing.
    pub(crate) fn open(path: Option<PathBuf>, clock: Clock, max_of_others: usize) -> Self {
        let bytes = path.as_deref().and_then(|path| file::read(path).ok().flatten());
        let kept: TurnsFile =
            bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { path, clock, max_of_others, turns: Mutex::new(kept.turns) }
    }

    /// Counts a text as a turn. Fails with the reason if that is one too many, and counts nothing then.
    pub(crate) fn take(&self, key: &str, from: &Phone, is_texted: bool) -> Result<(), String> {
        let now = self.clock.moment();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|turn| turn.age(now) < WINDOW);
        if let Some(turn) = turns.iter_mut().find(|turn| turn.key == key) {
            // It was counted before, and becomes a turn only now.
            (turn.at, turn.up) = (now.at, now.uptime);
            self.write(&turns);
            return Ok(());
        }
        let n_of_number = turns.iter().filter(|turn| turn.from == from.as_str()).count();
        if n_of_number >= MAX_OF_NUMBER {
            return Err(format!("{MAX_OF_NUMBER} turns of this number within an hour"));
        }
        let n_alike = turns.iter().filter(|turn| turn.texted == is_texted).count();
        let max = if is_texted {
            self.max_of_others.saturating_mul(TIMES_FOR_TEXTED)
        } else {
            self.max_of_others
        };
        if n_alike >= max {
            let whom = if is_texted { "that we wrote to" } else { "that we never wrote to" };
            return Err(format!("{max} turns of numbers {whom} within an hour (`sms.per_hour`)"));
        }
        let (key, from) = (key.to_owned(), from.to_string());
        turns.push(TextTurn { key, from, at: now.at, up: now.uptime, texted: is_texted });
        self.write(&turns);
        Ok(())
    }

    /// Writes the turns. What cannot be written counts until this process ends; a power cut may cost the last ones.
    fn write(&self, turns: &[TextTurn]) {
        let Some(path) = &self.path else { return };
        let document = TurnsFile { format: 1, turns: turns.to_vec() };
        // Numbers and texts: writing them to memory does not fail.
        let bytes = serde_json::to_vec(&document).unwrap_or_default();
        let _ = file::replace_unsynced(path, &bytes);
    }
}

impl TextTurn {
    /// How long ago it was, whichever way the clock was set since.
    fn age(&self, now: Moment) -> SignedDuration {
        now.since(Moment { at: self.at, uptime: self.up }).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_OF_NUMBER, TIMES_FOR_TEXTED, TurnBudget};
    use jiff::SignedDuration;
    use state::clock::Clock;
    use state::phone::Phone;

    fn phone(n: usize) -> Phone {
        format!("+1555{n:07}").parse().unwrap()
    }

    fn n_taken(budget: &TurnBudget, from: impl Fn(usize) -> Phone, is_texted: bool) -> usize {
        let take = |n: &usize| budget.take(&format!("{is_texted}/{n}"), &from(*n), is_texted);
        (0..1_000).filter(|n| take(n).is_ok()).count()
    }

    #[test]
    fn each_number_and_all_together_have_a_budget() {
        let open = || TurnBudget::open(None, Clock::system(), 60);
        assert_eq!(n_taken(&open(), |_| phone(0), false), MAX_OF_NUMBER);
        assert_eq!(n_taken(&open(), |_| phone(0), true), MAX_OF_NUMBER);
        let budget = open();
        assert_eq!(n_taken(&budget, phone, false), 60);
        assert_eq!(n_taken(&budget, |n| phone(n + 5_000), true), 60 * TIMES_FOR_TEXTED);
        assert!(budget.take("false/0", &phone(0), false).is_ok(), "the same one is counted once");
        assert_eq!(n_taken(&TurnBudget::open(None, Clock::system(), 0), phone, false), 0);
    }

    #[test]
    fn an_hour_counts_over_restarts_and_no_longer() {
        let path = std::env::temp_dir().join(format!("connect-texts-{}", std::process::id()));
        let open = || TurnBudget::open(Some(path.clone()), Clock::system(), 60);
        assert_eq!(n_taken(&open(), phone, false), 60);
        let next = open();
        assert_eq!(n_taken(&next, |n| phone(n + 5_000), false), 60, "those have the same keys");
        assert!(next.take("other", &phone(9_000), false).is_err());
        // As if they had been an hour ago, or the clock had been set back by more.
        for by in [SignedDuration::from_hours(-1), SignedDuration::from_hours(2)] {
            for turn in next.turns.lock().unwrap().iter_mut() {
                (turn.at, turn.up) = (Clock::system().now() + by, None);
            }
            assert!(next.take(&format!("after {by}"), &phone(9_000), false).is_ok());
            let _ = n_taken(&next, |n| phone(n + 7_000), false);
        }
        std::fs::remove_file(path).unwrap();
    }
}
