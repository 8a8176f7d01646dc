//! The state that the decision tree works on: the facts, what follows from them, and the effects found necessary so far.

use jiff::Timestamp;

use super::action::{Action, Effect};
use super::applied::AppliedEffects;
use super::end::StepEnd;
use super::event_status::EventOutcome;
use super::facts::{MissionFacts, PlanStep, RunState, StepStatus};
use super::retry::{self, NextRetry, PastEvent};
use super::stable_hash;
use super::target::{MissionTarget, TargetEvent};

/// Whether anything more comes of a target.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TargetState {
    /// An event has not ended, or a retry is unconfirmed.
    InProgress,
    /// It is to be retried: the call or text happens then.
    RetryAt(Timestamp),
    /// It would be retried if the run were not paused.
    Paused,
    /// Nothing more comes of it.
    Over,
}

/// One pass through the decision tree.
pub(super) struct DecisionTree<'a> {
    pub(super) applied: &'a AppliedEffects,
    pub(super) facts: MissionFacts<'a>,
    /// The steps' statuses, those included that end in this pass.
    pub(super) statuses: Vec<StepStatus>,
    /// The step that ends with the mission's last event.
    pub(super) verify_step: Option<&'a str>,
    pub(super) target_states: Vec<TargetState>,
    /// The steps that end in this pass.
    pub(super) ended_steps: Vec<(&'a PlanStep, StepEnd)>,
    pub(super) effects: Vec<Effect>,
}

impl<'a> DecisionTree<'a> {
    pub(super) fn new(applied: &'a AppliedEffects, facts: MissionFacts<'a>) -> Self {
        let status = |step: &PlanStep| match applied.steps.get(&step.id) {
            Some(end) if !step.status.is_over() && end.completed => StepStatus::Completed,
            Some(_) if !step.status.is_over() => StepStatus::Failed,
            _ => step.status,
        };
        let statuses = facts.steps.iter().map(status).collect();
        let mut tree = Self {
            applied,
            facts,
            statuses,
            verify_step: applied.verify_step.as_deref().or(facts.verify_step),
            target_states: Vec::new(),
            ended_steps: Vec::new(),
            effects: Vec::new(),
        };
        tree.verify_step = tree.verify_step.or_else(|| tree.likely_verify_step());
        tree.target_states = facts.targets.iter().map(|target| tree.state_of(target)).collect();
        tree.keep_to_budget();
        tree
    }

    /// Of the retries only as many happen as the budget allows beside the targets that wait for their first call.
    fn keep_to_budget(&mut self) {
        let Some(mut left) = self.attempts_left() else { return };
        let outreach = self.facts.outreach.map_or(&[][..], |outreach| &outreach.planned);
        left = left.saturating_sub(outreach.iter().filter(|one| one.unconfirmed.is_none()).count());
        for state in &mut self.target_states {
            if matches!(state, TargetState::RetryAt(_) | TargetState::Paused) {
                match left.checked_sub(1) {
                    Some(rest) => left = rest,
                    None => *state = TargetState::Over,
                }
            }
        }
    }

    /// How many calls or texts of an outreach may still be begun; `None` if nothing limits them.
    pub(super) fn attempts_left(&self) -> Option<usize> {
        let outreach = self.facts.outreach?;
        let events = || self.facts.targets.iter().flat_map(|target| &target.events);
        let seconds: u64 = events().map(|event| u64::from(event.seconds)).sum();
        if outreach.max_minutes.is_some_and(|most| seconds >= u64::from(most) * 60) {
            return Some(0);
        }
        let n_unconfirmed = outreach.planned.iter().filter(|one| one.unconfirmed.is_some()).count()
            + self.facts.targets.iter().filter(|one| one.unconfirmed.is_some()).count();
        Some(outreach.max_attempts?.saturating_sub(events().count() + n_unconfirmed))
    }

    /// Whether the step of an outreach is open, so that it goes on.
    pub(super) fn is_reaching(&self) -> bool {
        self.facts.outreach.is_some_and(|outreach| {
            self.applied.ending.is_none()
                && (self.position(&outreach.step).is_none() || self.is_open(&outreach.step))
        })
    }

    /// Whether there are targets that nothing was scheduled for yet and that are still to be begun, or may have been.
    pub(super) fn has_planned(&self) -> bool {
        let (now, is_reaching) = (self.facts.now, self.is_reaching());
        let planned = self.facts.outreach.map_or(&[][..], |outreach| &outreach.planned);
        planned.iter().any(|target| match target.unconfirmed {
            Some(unconfirmed) => !unconfirmed.is_lost(now),
            None => is_reaching,
        })
    }

    /// Adds an effect unless it was carried out.
    pub(super) fn add(&mut self, key: &str, action: Action) {
        if !self.applied.has(key) {
            self.effects.push(Effect { key: key.to_owned(), action });
        }
    }

    /// Deletes the last event of a target, which has not begun, at the service.
    pub(super) fn unschedule(&mut self, target: &MissionTarget) {
        let (assistant, last) = (target.assistant.clone(), target.last());
        let event = last.id.clone();
        self.add(&last.unschedule_key(), Action::Unschedule { assistant, event });
    }

    /// The place of a step in the plan.
    pub(super) fn position(&self, id: &str) -> Option<usize> {
        self.facts.steps.iter().position(|step| step.id == id)
    }

    /// All targets.
    pub(super) fn targets(&self) -> Vec<&'a MissionTarget> {
        self.facts.targets.iter().collect()
    }

    /// The targets that belong to a step.
    pub(super) fn targets_of(&self, step: &str) -> Vec<&'a MissionTarget> {
        let targets = self.facts.targets.iter();
        targets.filter(|target| target.step.as_deref() == Some(step)).collect()
    }

    /// The targets whose end is the end of a step: its own, and all for the step that ends with the last event.
    pub(super) fn targets_that_end(&self, step: &str) -> Vec<&'a MissionTarget> {
        if self.verify_step == Some(step) { self.targets() } else { self.targets_of(step) }
    }

    /// Whether nothing more comes of the targets that are meant.
    pub(super) fn are_over(&self, is_meant: impl Fn(&MissionTarget) -> bool) -> bool {
        let mut states = self.facts.targets.iter().zip(&self.target_states);
        states.all(|(target, state)| !is_meant(target) || *state == TargetState::Over)
    }

    /// Whether nothing more comes of any target.
    pub(super) fn are_all_over(&self) -> bool {
        self.are_over(|_| true) && !self.has_planned()
    }

    /// When the insights of some call are asked for next.
    pub(super) fn next_insights_poll(&self) -> Option<Timestamp> {
        let events = self.facts.targets.iter().flat_map(|target| &target.events);
        events.filter_map(TargetEvent::next_insights_poll).min()
    }

    fn is_open(&self, step: &str) -> bool {
        self.position(step).is_some_and(|at| !self.statuses[at].is_over())
    }

    /// The only step under way that has no events of its own, while there are events that have just ended and whose own
    /// steps are over: an agent completes the step `sms` when the text is scheduled, and starts `verify`.
    fn likely_verify_step(&self) -> Option<&'a str> {
        let ends_no_step = |target: &&MissionTarget| {
            !target.step.as_deref().is_some_and(|step| self.is_open(step))
                && !self.applied.has(&format!("end/{}/log", target.last().id))
        };
        self.facts.targets.iter().find(ends_no_step)?;
        let started = self.facts.steps.iter().zip(&self.statuses).filter(|(step, status)| {
            **status == StepStatus::InProgress && self.targets_of(&step.id).is_empty()
        });
        let mut ids = started.map(|(step, _)| step.id.as_str());
        let only = ids.next()?;
        ids.next().is_none().then_some(only)
    }

    fn state_of(&self, target: &MissionTarget) -> TargetState {
        if let Some(retry) = target.unconfirmed {
            let is_lost = retry.is_lost(self.facts.now);
            return if is_lost { TargetState::Over } else { TargetState::InProgress };
        }
        match (self.retry_at(target), self.facts.run) {
            _ if target.last().end.is_none() => TargetState::InProgress,
            (Some(_), RunState::Paused) => TargetState::Paused,
            (Some(_), _) if self.facts.outreach.is_some_and(|outreach| outreach.is_paused) => {
                TargetState::Paused
            }
            (Some(at), _) => TargetState::RetryAt(at),
            (None, _) if target.awaits_answer_until(self.facts.now).is_some() => {
                TargetState::InProgress
            }
            (None, _) => TargetState::Over,
        }
    }

    /// When a target is called or texted again, if it is: a step must be open that it would still help.
    fn retry_at(&self, target: &MissionTarget) -> Option<Timestamp> {
        let own = target.step.as_deref().filter(|step| self.position(step).is_some());
        let helps = own.is_none_or(|step| self.is_open(step))
            || self.verify_step.is_some_and(|step| self.is_open(step));
        if !helps || target.forbidden || self.applied.ending.is_some() {
            return None;
        }
        let past: Option<Vec<PastEvent>> = target
            .events
            .iter()
            .map(|event| {
                event.end.as_ref().map(|end| PastEvent { outcome: &end.outcome, at: end.at })
            })
            .collect();
        let has_message = |event: &TargetEvent| {
            event.end.as_ref().is_some_and(|end| end.outcome == EventOutcome::Voicemail)
        };
        if target.outreach.one_message && target.events.iter().any(has_message) {
            return None;
        }
        let until = self.facts.outreach.map_or(Timestamp::MAX, |outreach| outreach.until);
        let random = stable_hash::fraction(&format!("{}/{}", target.id, target.events.len()));
        let (kind, window) = (target.recipient, &target.window);
        match retry::next_retry(kind, &past?, self.facts.now, window, random) {
            NextRetry::At(at) => Some(at).filter(|at| *at <= until),
            NextRetry::Spent(_) | NextRetry::Never(_) => None,
        }
    }
}
