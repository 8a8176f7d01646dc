//! The deeds that the gate holds: each is asked about once, and so many in a turn and in an hour.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::gateway_line::deed::NotDone;

/// So many pushes in a turn, and in an hour: a phone that rings on and on is answered without looking.
const PER_TURN: usize = 10;
const PER_HOUR: usize = 20;
const HOUR: Duration = Duration::from_secs(3600);
/// Deeds and turns beyond this are forgotten, the oldest first. The gate keeps none as long.
const MAX_DEEDS: usize = 1_000;

/// What became of a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeedWord {
    /// It may be done, once.
    Allow,
    /// It is not done.
    Deny(NotDone),
}

/// What is known of a deed that the gate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KnownDeed {
    /// Nothing: it is to be asked about.
    New,
    /// An earlier process asked about it, under this id of the service's; `None` if it may have asked without learning the id.
    Earlier(Option<String>),
    /// It is being asked about.
    Open,
    /// It was decided.
    Decided(DeedWord),
}

/// The deeds. Any thread may ask.
#[derive(Debug, Default)]
pub(crate) struct DeedTable {
    state: Mutex<DeedState>,
    /// Held while one is asked about.
    one_push: Mutex<()>,
}

#[derive(Debug, Default)]
struct DeedState {
    deeds: HashMap<String, KnownDeed>,
    order: VecDeque<String>,
    turns: HashMap<String, TurnDeeds>,
    turn_order: VecDeque<String>,
    /// When the pushes of the last hour were sent.
    pushes: VecDeque<Instant>,
}

#[derive(Debug, Default)]
struct TurnDeeds {
    n_pushes: usize,
    was_denied: bool,
}

impl DeedTable {
    /// The journal says that an earlier process knew this deed.
    pub(crate) fn recover(&self, id: &str, approval: Option<String>) {
        self.lock().set(id, KnownDeed::Earlier(approval));
    }

    /// Takes up a deed, and gives what was known of it before.
    pub(crate) fn begin(&self, id: &str) -> KnownDeed {
        let mut state = self.lock();
        let known = state.deeds.get(id).cloned().unwrap_or(KnownDeed::New);
        if !matches!(known, KnownDeed::Decided(_)) {
            state.set(id, KnownDeed::Open);
        }
        known
    }

    /// It was decided.
    pub(crate) fn decide(&self, id: &str, word: DeedWord) {
        self.lock().set(id, KnownDeed::Decided(word));
    }

    /// Waits until no other deed is being asked about.
    pub(crate) fn wait_for_turn(&self) -> MutexGuard<'_, ()> {
        self.one_push.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more may be asked about in this turn; it counts from now on.
    pub(crate) fn admit(&self, turn: &str, now: Instant) -> Result<(), NotDone> {
        let mut state = self.lock();
        while state.pushes.front().is_some_and(|at| now.saturating_duration_since(*at) >= HOUR) {
            state.pushes.pop_front();
        }
        let n_in_hour = state.pushes.len();
        let deeds = state.turn(turn);
        if deeds.was_denied {
            return Err(NotDone::DeniedBefore);
        }
        if deeds.n_pushes >= PER_TURN || n_in_hour >= PER_HOUR {
            return Err(NotDone::TooMany);
        }
        deeds.n_pushes += 1;
        state.pushes.push_back(now);
        Ok(())
    }

    /// The owner said no to a deed of this turn: nothing else of it is asked about.
    pub(crate) fn deny_turn(&self, turn: &str) {
        self.lock().turn(turn).was_denied = true;
    }

    fn lock(&self) -> MutexGuard<'_, DeedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeedState {
    fn set(&mut self, id: &str, known: KnownDeed) {
        if self.deeds.insert(id.to_owned(), known).is_none() {
            self.order.push_back(id.to_owned());
            if self.order.len() > MAX_DEEDS
                && let Some(oldest) = self.order.pop_front()
            {
                self.deeds.remove(&oldest);
            }
        }
    }

    fn turn(&mut self, turn: &str) -> &mut TurnDeeds {
        if !self.turns.contains_key(turn) {
            self.turn_order.push_back(turn.to_owned());
            if self.turn_order.len() > MAX_DEEDS
                && let Some(oldest) = self.turn_order.pop_front()
            {
                self.turns.remove(&oldest);
            }
        }
        self.turns.entry(turn.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{DeedTable, DeedWord, HOUR, KnownDeed, MAX_DEEDS, PER_HOUR, PER_TURN};
    use crate::gateway_line::deed::NotDone;
    use std::time::Instant;

    #[test]
    fn a_deed_is_asked_about_once() {
        let table = DeedTable::default();
        assert_eq!(table.begin("a"), KnownDeed::New);
        assert_eq!(table.begin("a"), KnownDeed::Open);
        table.decide("a", DeedWord::Allow);
        assert_eq!(table.begin("a"), KnownDeed::Decided(DeedWord::Allow));
        table.recover("b", Some("id".to_owned()));
        assert_eq!(table.begin("b"), KnownDeed::Earlier(Some("id".to_owned())));
        assert_eq!(table.begin("b"), KnownDeed::Open);
        for n in 0..MAX_DEEDS {
            table.begin(&n.to_string());
        }
        assert_eq!(table.begin("a"), KnownDeed::New);
    }

    #[test]
    fn so_many_in_a_turn_and_in_an_hour() {
        let (table, now) = (DeedTable::default(), Instant::now());
        for _ in 0..PER_TURN {
            assert_eq!(table.admit("t", now), Ok(()));
        }
        assert_eq!(table.admit("t", now), Err(NotDone::TooMany));
        for n in PER_TURN..PER_HOUR {
            assert_eq!(table.admit(&n.to_string(), now), Ok(()));
        }
        assert_eq!(table.admit("another", now), Err(NotDone::TooMany));
        assert_eq!(table.admit("another", now + HOUR), Ok(()));
        table.deny_turn("another");
        assert_eq!(table.admit("another", now + HOUR), Err(NotDone::DeniedBefore));
    }
}
