//! The state that the decision tree works on: the facts, what follows from them, and the effects found necessary so far.

use jiff::Timestamp;

use super::action::{Action, Effect};
use super::applied::AppliedEffects;
use super::end::StepEnd;
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
        tree
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
        self.are_over(|_| true)
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
            (Some(at), _) => TargetState::RetryAt(at),
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
        let random = stable_hash::fraction(&format!("{}/{}", target.id, target.events.len()));
        let (kind, window) = (target.recipient, &target.window);
        match retry::next_retry(kind, &past?, self.facts.now, window, random) {
            NextRetry::At(at) => Some(at),
            NextRetry::Spent(_) | NextRetry::Never(_) => None,
        }
    }
}
