//! The simulated service, and what one machine stores of a mission.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use state::clock::Moment;

use super::history::{History, Intervention, ScriptedEnd};
use crate::lifecycle::applied::AppliedEffects;
use crate::lifecycle::end::RunEnd;
use crate::lifecycle::facts::{PlanStep, RunState, StepStatus};
use crate::lifecycle::target::{CallInsights, MissionTarget, OutreachTargetFacts, TargetEvent};
use crate::service::Channel;

/// A list shows a new event only after this time.
const LAG: SignedDuration = SignedDuration::from_secs(30);

#[derive(Clone, Debug)]
pub(super) struct SimulatedWorld {
    pub(super) now: Timestamp,
    pub(super) server: Server,
    pub(super) local: Local,
    pub(super) is_locked: bool,
    /// Programs that died between an intent and its request.
    pub(super) n_unconfirmed: usize,
    /// Phones that rang after the mission was over and finished.
    pub(super) n_late_dials: usize,
    interventions: VecDeque<(Timestamp, Intervention)>,
    /// When the cron line was removed.
    cron_removed_at: Option<Timestamp>,
    /// Seconds between two runs of cron.
    period: i64,
    ends: Vec<Vec<ScriptedEnd>>,
}

#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) steps: Vec<PlanStep>,
    pub(super) run: RunState,
    pub(super) events: Vec<Event>,
    /// By idempotency key.
    pub(super) log: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) target: usize,
    pub(super) attempt: usize,
    pub(super) at: Timestamp,
    pub(super) made: Timestamp,
    pub(super) was_forbidden: bool,
    pub(super) deleted: bool,
    pub(super) dialled: bool,
    end: ScriptedEnd,
}

/// What is stored here, each change of it at once and whole.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) applied: AppliedEffects,
    pub(super) targets: Vec<MissionTarget>,
    pub(super) verify: Option<String>,
    /// Whether each intent is settled.
    pub(super) intents: BTreeMap<String, bool>,
    pub(super) memory: BTreeMap<String, Value>,
    pub(super) archived: Option<RunEnd>,
    pub(super) notified: Vec<String>,
    pub(super) cron: bool,
}

/// What must be the same whatever happened on the way.
#[derive(Debug, PartialEq)]
pub(super) struct FinalState {
    steps: Vec<StepStatus>,
    run: RunState,
    log: BTreeMap<String, String>,
    memory: BTreeMap<String, Value>,
    archived: Option<RunEnd>,
    notified: BTreeSet<String>,
    attempts: Vec<usize>,
}

pub(super) fn step_id(n: usize) -> String {
    format!("step_{n}")
}

impl SimulatedWorld {
    pub(super) fn new(history: &History) -> Self {
        let status = |(n, status): (usize, &StepStatus)| PlanStep {
            id: step_id(n),
            description: format!("Step {n}"),
            status: *status,
        };
        let start = history.start;
        let mut server = Server {
            steps: history.steps.iter().enumerate().map(status).collect(),
            run: RunState::Running,
            events: Vec::new(),
            log: BTreeMap::new(),
        };
        let mut targets = Vec::new();
        for (n, planned) in history.targets.iter().enumerate() {
            let at = start + planned.after;
            server.add(n, 0, at, start, planned.ends[0], false);
            targets.push(MissionTarget {
                id: format!("{n}/0"),
                assistant: "a".to_owned(),
                channel: Channel::Call,
                to: format!("+1555000000{n}"),
                step: planned.step.map(step_id),
                recipient: planned.recipient,
                window: planned.window.clone(),
                forbidden: false,
                events: vec![new_event(n, 0, at)],
                unconfirmed: None,
                reply: None,
                n_withdrawn: 0,
                outreach: OutreachTargetFacts::default(),
            });
        }
        let interventions = history
            .interventions
            .iter()
            .map(|(after, intervention)| (start + *after, *intervention))
            .collect();
        let local = Local {
            applied: AppliedEffects::default(),
            targets,
            verify: history.verify.map(step_id),
            intents: BTreeMap::new(),
            memory: BTreeMap::new(),
            archived: None,
            notified: Vec::new(),
            cron: true,
        };
        Self {
            now: start,
            server,
            local,
            is_locked: true,
            n_unconfirmed: 0,
            n_late_dials: 0,
            interventions,
            cron_removed_at: None,
            period: history.period(),
            ends: history.targets.iter().map(|planned| planned.ends.clone()).collect(),
        }
    }

    /// When cron runs the program again, which has nothing to do before `wake`; never if its line is gone.
    pub(super) fn next_tick(&mut self, wake: Option<Timestamp>) -> Option<Timestamp> {
        let intervention = self.interventions.front().map(|(at, _)| *at);
        if !self.local.cron {
            self.cron_removed_at = Some(self.now);
            return None;
        }
        [wake, intervention].into_iter().flatten().min()
    }

    /// Time passes, to the next run of cron after `until` at least.
    pub(super) fn advance(&mut self, until: Timestamp) {
        let next = (until.max(self.now).as_second().div_euclid(self.period) + 1) * self.period;
        self.now = Timestamp::from_second(next).unwrap();
        while self.interventions.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, intervention) = self.interventions.pop_front().unwrap();
            self.apply(intervention);
        }
        for event in &mut self.server.events {
            let rings = !event.dialled && !event.deleted && event.at <= self.now;
            if rings && !matches!(event.end, ScriptedEnd::NeverBegun | ScriptedEnd::Deleted) {
                event.dialled = true;
                let is_late = self.cron_removed_at.is_some_and(|removed| event.at > removed);
                self.n_late_dials += usize::from(is_late && self.is_locked);
            }
        }
    }

    /// Whether an hour lay between the end of the mission and the last program that had something to do.
    pub(super) fn took_an_hour_to_finish(&self) -> bool {
        let ended = self.local.applied.ending.as_ref().map(|end| end.at);
        let (Some(ended), Some(removed)) = (ended, self.cron_removed_at) else { return false };
        removed.duration_since(ended) >= SignedDuration::from_hours(1)
    }

    pub(super) fn scripted_end(&self, target: usize, attempt: usize) -> ScriptedEnd {
        self.ends[target].get(attempt).copied().unwrap_or_default()
    }

    /// Which retries were started and are unconfirmed; without an intent a request never left.
    pub(super) fn refresh_unconfirmed(&mut self) {
        let Local { applied, targets, intents, .. } = &mut self.local;
        for (n, target) in targets.iter_mut().enumerate() {
            let made = target.events.len();
            let has_intent = intents.contains_key(&format!("{n}/{made}"));
            let now = Moment { at: self.now, uptime: None };
            target.unconfirmed = applied.unconfirmed(&target.id, made, has_intent, now);
        }
    }

    fn apply(&mut self, intervention: Intervention) {
        let is_over = matches!(self.server.run, RunState::Ended(_));
        match intervention {
            Intervention::SetStep(step, status) => {
                let step = &mut self.server.steps[step];
                if !step.status.is_over() {
                    step.status = status;
                }
            }
            Intervention::Forbid(target) => self.local.targets[target].forbidden = true,
            Intervention::SetRun(run) if !is_over => self.server.run = run,
            Intervention::SetRun(_) => {}
        }
    }

    pub(super) fn final_state(&self) -> FinalState {
        let attempts =
            |n: usize| self.server.events.iter().filter(|event| event.target == n).count();
        // The end of a mission stands for that of its last steps where one poll finds both.
        let is_over = matches!(self.server.run, RunState::Ended(_));
        let counts = |text: &str| !is_over || text.starts_with("The mission");
        FinalState {
            steps: self.server.steps.iter().map(|step| step.status).collect(),
            run: self.server.run,
            log: self.server.log.clone(),
            memory: self.local.memory.clone(),
            archived: self.local.archived,
            // Its rows say when the last call was: that of a retry depends on when the one before was seen to end.
            notified: self
                .local
                .notified
                .iter()
                .filter(|text| counts(text))
                .filter_map(|text| text.split(" What came of it").next().map(str::to_owned))
                .collect(),
            attempts: (0..self.local.targets.len()).map(attempts).collect(),
        }
    }
}

/// An event that was just scheduled.
pub(super) fn new_event(target: usize, n: usize, at: Timestamp) -> TargetEvent {
    TargetEvent {
        id: format!("{target}/{n}"),
        at,
        polled_at: None,
        activity: None,
        end: None,
        insights: CallInsights::None,
        maybe_voicemail: false,
        is_first: n == 0,
        seconds: 0,
    }
}

impl Event {
    pub(super) fn is_voicemail(&self) -> bool {
        self.end == ScriptedEnd::Voicemail
    }
}

impl Server {
    pub(super) fn add(
        &mut self,
        target: usize,
        attempt: usize,
        at: Timestamp,
        made: Timestamp,
        end: ScriptedEnd,
        was_forbidden: bool,
    ) {
        let (deleted, dialled) = (false, false);
        self.events.push(Event { target, attempt, at, made, was_forbidden, deleted, dialled, end });
    }

    pub(super) fn find(&self, target: usize, attempt: usize) -> Option<&Event> {
        self.events.iter().find(|event| event.target == target && event.attempt == attempt)
    }

    /// The row of an event as it is now.
    pub(super) fn row(&self, target: usize, attempt: usize, now: Timestamp) -> Option<Value> {
        let event = self.find(target, attempt).filter(|event| !event.deleted)?;
        event.end.row(now.duration_since(event.at))
    }

    /// Whether the list shows it.
    pub(super) fn lists(&self, target: usize, attempt: usize, now: Timestamp) -> bool {
        self.find(target, attempt).is_some_and(|event| now.duration_since(event.made) >= LAG)
    }

    /// Cancels what waits; of anything else only the record goes.
    pub(super) fn delete(&mut self, id: &str) {
        let event =
            self.events.iter_mut().find(|one| format!("{}/{}", one.target, one.attempt) == id);
        if let Some(event) = event {
            event.deleted = true;
        }
    }
}
