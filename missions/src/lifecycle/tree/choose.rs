//! What it comes to: which end, whose turn, how long to wait.

use jiff::{SignedDuration, Timestamp};

use super::super::ledger::RunEnd;
use super::super::plan::{Decision, Plan};
use super::super::target::{Attempt, Target};
use super::{Fate, StepStatus, Tree, words};

/// How long nothing is done for a run that is held.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

impl Tree<'_> {
    pub(super) fn choose(mut self) -> Plan {
        if let Some((step, reason)) = self.failed_step() {
            let summary = reason.clone();
            let plan = self.end(RunEnd::Failed, Some(step.clone()), summary, false);
            return Plan { decision: Decision::FailMission { step, reason }, ..plan };
        }
        if self.is_complete() && self.next_insights().is_none() {
            let summary = self.summary();
            let plan = self.end(RunEnd::Succeeded, None, summary.clone(), false);
            return Plan { decision: Decision::Complete { summary }, ..plan };
        }
        self.retry();
        self.tell_steps();
        let wake = self.wake();
        let decision = self.decision(wake);
        Plan { decision, effects: self.effects, wake }
    }

    /// The first step that failed and that nothing can mend any more.
    fn failed_step(&self) -> Option<(String, String)> {
        let mut steps = self.facts.steps.iter().zip(&self.statuses);
        let (step, _) = steps.find(|(step, status)| {
            let is_its_own = |target: &Target| target.step.as_ref() == Some(&step.id);
            **status == StepStatus::Failed && self.are_over(is_its_own)
        })?;
        let now = self.concluded.iter().find(|(known, _)| known.id == step.id).map(|(_, end)| end);
        let end = now.or_else(|| self.ledger.steps.get(&step.id)).filter(|end| !end.completed);
        let by_hand = || format!("the step `{}` was marked as failed", step.id);
        Some((step.id.clone(), end.map_or_else(by_hand, |end| end.summary.clone())))
    }

    fn is_complete(&self) -> bool {
        let are_done = self.statuses.iter().all(|status| status.is_over());
        !self.statuses.is_empty() && are_done && self.are_over(|_| true)
    }

    pub(super) fn next_insights(&self) -> Option<Timestamp> {
        let attempts = self.facts.targets.iter().flat_map(|target| &target.attempts);
        attempts.filter_map(Attempt::next_insights).min()
    }

    fn wake(&self) -> Option<Timestamp> {
        let now = self.facts.now;
        let looks = self.facts.targets.iter().filter_map(|target| target.next_look(now));
        looks.chain(self.next_insights()).min()
    }

    fn decision(&self, wake: Option<Timestamp>) -> Decision {
        let due =
            self.facts.targets.iter().zip(&self.fates).find_map(|(target, fate)| match fate {
                Fate::Due(at) => Some(Decision::Retry { target: target.id.clone(), at: *at }),
                _ => None,
            });
        if let Some(retry) = due {
            return retry;
        }
        if !self.are_over(|_| true) || self.is_complete() {
            let later = || self.facts.now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
            return Decision::Wait { until: wake.unwrap_or_else(later) };
        }
        let mut steps = self.facts.steps.iter().zip(&self.statuses);
        let next = steps.find(|(_, status)| !status.is_over());
        Decision::Continue {
            step: next.map(|(step, _)| step.id.clone()),
            begun: next.is_some_and(|(_, status)| *status == StepStatus::InProgress),
        }
    }

    fn summary(&self) -> String {
        let n = self.statuses.len();
        let n_skipped = self.statuses.iter().filter(|one| **one == StepStatus::Skipped).count();
        let steps = match (n, n_skipped) {
            (1, 0) => "the only step is completed".to_owned(),
            (n, 0) => format!("all {n} steps are completed"),
            (n, skipped) => {
                format!("{} of {n} steps are completed, {skipped} skipped", n - skipped)
            }
        };
        let targets: Vec<&Target> = self.facts.targets.iter().collect();
        if targets.is_empty() { steps } else { format!("{steps}; {}", words::tally(&targets)) }
    }
}
