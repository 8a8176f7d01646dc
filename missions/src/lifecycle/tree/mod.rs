//! The seed's decision tree, run after every look: what ended, who is tried again, which steps and which missions
//! are over, and who has to be told.
//!
//! The order of the effects is the seed's ("fail mission now" has six): a step is concluded in our own state before
//! anything is told of it, a mission likewise, so that everything that follows rests on what is kept and not on
//! what the next look may see.

mod choose;
mod finish;
mod words;

use jiff::Timestamp;
use serde_json::json;

use super::hash;
use super::ledger::{Ledger, RunEnd, StepEnd};
use super::plan::{Act, Effect, Plan};
use super::retry::{self, Past, Retry};
use super::target::{Insights, Target};

/// A step of the plan as the service has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its id.
    pub(crate) id: String,
    /// What is done in it.
    pub(crate) description: String,
    /// How far it is.
    pub(crate) status: StepStatus,
}

/// How far a step is (facts/server.md 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepStatus {
    /// Not begun.
    Pending,
    /// Begun; any word that we do not know counts as this.
    InProgress,
    /// Done.
    Completed,
    /// Left out, which is as good.
    Skipped,
    /// Failed.
    Failed,
}

/// How far the run is at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// Under way.
    Running,
    /// Held: nobody is tried again.
    Paused,
    /// Over, by our hand or another.
    Ended(RunEnd),
}

/// What is known of a mission besides its ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The time.
    pub(crate) now: Timestamp,
    /// The steps in their order.
    pub(crate) steps: &'a [Step],
    /// The run.
    pub(crate) run: Run,
    /// Who is to be reached.
    pub(crate) targets: &'a [Target],
    /// The step that was named at scheduling as the one that ends with the last event.
    pub(crate) verify_step: Option<&'a str>,
}

impl StepStatus {
    /// Reads the service's word.
    pub(crate) fn read(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "completed" => Self::Completed,
            "skipped" => Self::Skipped,
            "failed" => Self::Failed,
            _ => Self::InProgress,
        }
    }

    /// Whether it never changes again.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped | Self::Failed)
    }
}

/// Where a target stands.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    /// An attempt goes on or is in doubt.
    Open,
    /// It is tried again then.
    Due(Timestamp),
    /// It would be tried again if the run were not held.
    Held,
    /// Nothing more comes of it.
    Over,
}

struct Tree<'a> {
    ledger: &'a Ledger,
    facts: Facts<'a>,
    /// The steps' statuses, those included that are being concluded.
    statuses: Vec<StepStatus>,
    verify: Option<&'a str>,
    fates: Vec<Fate>,
    /// The steps that are being concluded.
    concluded: Vec<(&'a Step, StepEnd)>,
    effects: Vec<Effect>,
}

/// What should happen to a mission.
pub(crate) fn decide(ledger: &Ledger, facts: Facts) -> Plan {
    let mut tree = Tree::new(ledger, facts);
    if let Some(ending) = &ledger.ending {
        return tree.finish(ending);
    }
    if let Run::Ended(status) = facts.run {
        return tree.end(status, None, "ended at the service".to_owned(), true);
    }
    tree.name_verify_step();
    tree.log_ends();
    tree.withdraw_hopeless();
    tree.record_concluded();
    tree.conclude_steps();
    tree.choose()
}

impl<'a> Tree<'a> {
    fn new(ledger: &'a Ledger, facts: Facts<'a>) -> Self {
        let status = |step: &Step| match ledger.steps.get(&step.id) {
            Some(end) if !step.status.is_over() && end.completed => StepStatus::Completed,
            Some(_) if !step.status.is_over() => StepStatus::Failed,
            _ => step.status,
        };
        let statuses = facts.steps.iter().map(status).collect();
        let verify = ledger.verify_step.as_deref().or(facts.verify_step);
        let mut tree = Self {
            ledger,
            facts,
            statuses,
            verify,
            fates: Vec::new(),
            concluded: Vec::new(),
            effects: Vec::new(),
        };
        tree.verify = tree.verify.or_else(|| tree.likely_verify_step());
        tree.fates = facts.targets.iter().map(|target| tree.fate(target)).collect();
        tree
    }

    fn step(&self, id: &str) -> Option<usize> {
        self.facts.steps.iter().position(|step| step.id == id)
    }

    fn is_open(&self, id: &str) -> bool {
        self.step(id).is_some_and(|at| !self.statuses[at].is_over())
    }

    fn in_step(&self, id: &str) -> Vec<&'a Target> {
        let targets = self.facts.targets.iter();
        targets.filter(|target| target.step.as_deref() == Some(id)).collect()
    }

    /// Does an effect unless it was done.
    fn effect(&mut self, key: &str, act: Act) {
        if !self.ledger.has_done(key) {
            self.effects.push(Effect { key: key.to_owned(), act });
        }
    }

    /// The only step under way that has no events of its own, while there are fresh events that end no step of
    /// their own (seed, complete example: the step `sms` is completed when the text is scheduled).
    fn likely_verify_step(&self) -> Option<&'a str> {
        let is_orphan = |target: &&Target| {
            !target.step.as_deref().is_some_and(|step| self.is_open(step))
                && !self.ledger.has_done(&format!("end/{}/log", target.last().event))
        };
        self.facts.targets.iter().find(is_orphan)?;
        let begun = self.facts.steps.iter().zip(&self.statuses).filter(|(step, status)| {
            **status == StepStatus::InProgress && self.in_step(&step.id).is_empty()
        });
        let mut ids = begun.map(|(step, _)| step.id.as_str());
        let only = ids.next()?;
        ids.next().is_none().then_some(only)
    }

    /// Keeps which step that is before anything is done that would make it less clear.
    fn name_verify_step(&mut self) {
        if let (Some(step), None) = (self.verify, &self.ledger.verify_step) {
            self.effect("verify", Act::Verify(step.to_owned()));
        }
    }

    fn fate(&self, target: &Target) -> Fate {
        if let Some(doubt) = target.in_doubt() {
            return if doubt.is_lost(self.facts.now) { Fate::Over } else { Fate::Open };
        }
        match (self.next_attempt(target), self.facts.run) {
            _ if target.last().end.is_none() => Fate::Open,
            (Some(_), Run::Paused) => Fate::Held,
            (Some(at), _) => Fate::Due(at),
            (None, _) => Fate::Over,
        }
    }

    /// When somebody is tried again: a step must be open that it would still help.
    fn next_attempt(&self, target: &Target) -> Option<Timestamp> {
        let own = target.step.as_deref().filter(|step| self.step(step).is_some());
        let helps = own.is_none_or(|step| self.is_open(step))
            || self.verify.is_some_and(|step| self.is_open(step));
        if !helps || target.forbidden || self.ledger.ending.is_some() {
            return None;
        }
        let past: Option<Vec<Past>> = target
            .attempts
            .iter()
            .map(|attempt| {
                attempt.end.as_ref().map(|end| Past { outcome: &end.outcome, at: end.at })
            })
            .collect();
        let random = hash::fraction(&format!("{}/{}", target.id, target.attempts.len()));
        let (kind, window) = (target.recipient, &target.window);
        match retry::next_attempt(kind, &past?, self.facts.now, window, random) {
            Retry::At(at) => Some(at),
            Retry::Spent(_) | Retry::NotRetried(_) => None,
        }
    }

    /// The end of every call and text is logged once, and so is what was said.
    fn log_ends(&mut self) {
        for target in self.facts.targets {
            for attempt in &target.attempts {
                let Some(end) = &attempt.end else { continue };
                let what =
                    format!("{} to {}: {}", words::noun_of(target), target.to, end.outcome.words());
                let payload = json!({ "event_id": attempt.event, "outcome": end.outcome.words() });
                let log = |summary, payload| Act::Log {
                    kind: "custom",
                    summary,
                    step: target.step.clone(),
                    payload,
                };
                self.effect(&format!("end/{}/log", attempt.event), log(what, payload));
                if let Insights::Got(said) = &attempt.insights {
                    let payload = json!({ "event_id": attempt.event });
                    let what = format!("Insights of the call to {}: {said}", target.to);
                    self.effect(&format!("insights/{}/log", attempt.event), log(what, payload));
                }
            }
        }
    }

    /// What waits although its number must not be called any more, or although its time is long past, shall not
    /// happen after all.
    fn withdraw_hopeless(&mut self) {
        for target in self.facts.targets {
            let last = target.last();
            let is_overdue = words::outcome(target) == super::ending::Outcome::Stuck
                && last.end.is_some()
                && last.seen.is_none();
            if target.is_unwanted() || is_overdue {
                self.withdraw(target);
            }
        }
    }

    fn withdraw(&mut self, target: &Target) {
        let (assistant, last) = (target.assistant.clone(), target.last());
        let event = last.event.clone();
        self.effect(&last.withdrawal(), Act::Unschedule { assistant, event });
    }

    fn retry(&mut self) {
        for (target, fate) in self.facts.targets.iter().zip(self.fates.clone()) {
            if let Fate::Due(at) = fate {
                let (target, attempt) = (target.id.clone(), target.attempts.len());
                let key = format!("retry/{target}/{attempt}");
                self.effect(&key, Act::Retry { target, attempt, at });
            }
        }
    }

    fn are_over(&self, is_meant: impl Fn(&Target) -> bool) -> bool {
        let mut fates = self.facts.targets.iter().zip(&self.fates);
        fates.all(|(target, fate)| !is_meant(target) || *fate == Fate::Over)
    }

    /// A step with events is over when all of them are: completed if one succeeded, failed if none did.
    fn conclude_steps(&mut self) {
        for step in self.facts.steps {
            let targets = self.in_step(&step.id);
            let is_its_own = |target: &Target| target.step.as_ref() == Some(&step.id);
            let ends_later = self.verify == Some(&*step.id);
            if !targets.is_empty() && !ends_later && self.are_over(is_its_own) {
                self.conclude(step, &targets);
            }
        }
        let verify = self.verify.and_then(|id| self.step(id)).map(|at| &self.facts.steps[at]);
        let targets: Vec<&Target> = self.facts.targets.iter().collect();
        if let Some(step) = verify
            && !targets.is_empty()
            && !self.statuses.contains(&StepStatus::Failed)
            && self.are_over(|_| true)
        {
            self.conclude(step, &targets);
        }
    }

    fn conclude(&mut self, step: &'a Step, targets: &[&Target]) {
        let at = self.step(&step.id).expect("the step was found in the plan");
        if self.statuses[at].is_over() {
            return;
        }
        let completed = targets.iter().any(|target| words::is_reached(target));
        let summary = if completed { words::tally(targets) } else { words::why(targets) };
        self.statuses[at] = if completed { StepStatus::Completed } else { StepStatus::Failed };
        let end = StepEnd { completed, summary };
        self.effects.push(Effect {
            key: format!("step/{}", step.id),
            act: Act::Conclude(step.id.clone(), end.clone()),
        });
        self.record_step(step, &end);
        self.concluded.push((step, end));
    }

    /// What the seed wants of a step that ended: its status, the log, the memory.
    fn record_step(&mut self, step: &Step, end: &StepEnd) {
        let id = &step.id;
        let word = if end.completed { "completed" } else { "failed" };
        if !step.status.is_over() {
            self.effect(&format!("step/{id}/update"), Act::UpdateStep(id.clone(), word));
        }
        let Some(summary) = self.summary_of(id, end) else { return };
        let (kind, told) = if end.completed {
            ("step_completed", format!("Completed: {} ({summary})", step.description))
        } else {
            ("error", format!("Failed: {summary}"))
        };
        let payload = json!({ "step_id": id, "status": word });
        let log = Act::Log { kind, summary: told, step: Some(id.clone()), payload };
        self.effect(&format!("step/{id}/log"), log);
        let (key, memory) = if end.completed {
            (format!("step_{id}"), json!({ "status": word, "summary": summary }))
        } else {
            (format!("error_{id}"), json!({ "error": summary, "recoverable": false }))
        };
        self.effect(&format!("step/{id}/memory"), Act::Remember(key, memory));
    }

    /// What came of a step in a few words; `None` as long as what was said in a call may show that a machine took it.
    fn summary_of(&self, id: &str, end: &StepEnd) -> Option<String> {
        let is_last = self.verify == Some(id);
        let targets = self.facts.targets.iter();
        let targets: Vec<&Target> =
            targets.filter(|one| is_last || one.step.as_deref() == Some(id)).collect();
        if !end.completed || targets.is_empty() {
            return Some(end.summary.clone());
        }
        let is_open = targets.iter().any(|target| target.last().is_answer_open());
        (!is_open || self.ledger.ending.is_some()).then(|| words::tally(&targets))
    }

    /// Steps that were concluded by an earlier run are recorded to their end.
    fn record_concluded(&mut self) {
        for step in self.facts.steps {
            if let Some(end) = self.ledger.steps.get(&step.id) {
                self.record_step(step, end);
            }
        }
    }
}
