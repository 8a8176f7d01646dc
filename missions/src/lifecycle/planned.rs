//! The targets of an outreach that nothing was scheduled for yet: which of them are begun now and when, and which never.
//!
//! At most two batches are scheduled ahead, so that a pause, an opt-out or a budget that is used up comes in time for the
//! rest. Nothing is begun before the owner approved it, after the last time that was given, or above the budget.

use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::decision_tree::DecisionTree;
use super::facts::{PlannedTarget, RunState};
use super::pacing::{Pace, Slots};
use super::retry::RETRY_NOTICE;
use super::why_dropped::DropReason;
use crate::window::Window;

/// How many batches are scheduled ahead.
const BATCHES_AHEAD: usize = 2;

/// How far ahead the first of them is planned: the requests that come before it take time, and the plan is to hold.
const PLANNING_NOTICE: SignedDuration = SignedDuration::from_secs(120);

/// When each of these windows' targets is called or texted, in their order, from `now` on: each not before its own time and
/// not after `until`. What [`begin`] does one batch after the other comes to the same.
pub(crate) fn times<'a>(
    pacing: Pace,
    taken: impl Iterator<Item = Timestamp>,
    targets: impl Iterator<Item = (&'a Window, Timestamp)>,
    now: Timestamp,
    until: Timestamp,
) -> Vec<Option<Timestamp>> {
    let mut slots = Slots::new(pacing, taken);
    let earliest = now.checked_add(PLANNING_NOTICE).unwrap_or(Timestamp::MAX);
    let time = |(window, from): (&Window, Timestamp)| {
        slots.take(window, from.max(earliest)).filter(|at| *at <= until)
    };
    targets.map(time).collect()
}

/// Begins the targets whose turn it is, and drops those that are never begun.
pub(super) fn begin(tree: &mut DecisionTree) {
    let Some(outreach) = tree.facts.outreach else { return };
    if outreach.is_paused || tree.facts.run == RunState::Paused || !tree.is_reaching() {
        return;
    }
    let now = tree.facts.now;
    let earliest = after_notice(now);
    let begun = || tree.facts.targets.iter().flat_map(|target| &target.events);
    let taken: Vec<Timestamp> = begun()
        .filter(|event| event.is_first)
        .map(|event| event.at)
        .chain(unconfirmed(&outreach.planned))
        .collect();
    let mut n_ahead = taken.iter().filter(|at| **at > now).count();
    let mut n_left = tree.attempts_left();
    let mut slots = Slots::new(outreach.pacing, taken.into_iter());
    let mut actions = Vec::new();
    for target in outreach.planned.iter().filter(|target| target.unconfirmed.is_none()) {
        let to = target.to.clone();
        if let Some(why) = target.forbidden {
            actions.push(Action::Drop { to, why });
            continue;
        }
        if !target.is_approved {
            continue;
        }
        if n_left == Some(0) {
            actions.push(Action::Drop { to, why: DropReason::Budget });
            continue;
        }
        if n_ahead >= BATCHES_AHEAD * outreach.pacing.batch.max(1) {
            continue;
        }
        match slots.take(&target.window, target.at.max(earliest)).filter(|at| *at <= outreach.until)
        {
            Some(at) => {
                actions.push(Action::Begin { to, at });
                n_ahead += 1;
                n_left = n_left.map(|left| left - 1);
            }
            None => actions.push(Action::Drop { to, why: DropReason::TooLate }),
        }
    }
    for action in actions {
        let key = match &action {
            Action::Begin { to, .. } => format!("begin/{to}"),
            Action::Drop { to, .. } => format!("drop/{to}"),
            _ => continue,
        };
        tree.add(&key, action);
    }
}

/// The times of the first calls or texts that may have been scheduled.
fn unconfirmed(planned: &[PlannedTarget]) -> impl Iterator<Item = Timestamp> {
    planned.iter().filter_map(|target| target.unconfirmed.map(|one| one.at))
}

/// The earliest time for which something can still be scheduled.
fn after_notice(now: Timestamp) -> Timestamp {
    now.checked_add(RETRY_NOTICE).unwrap_or(Timestamp::MAX)
}
