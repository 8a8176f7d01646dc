//! The invented service, and what one machine keeps of a mission.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use state::moment::Moment;

use super::history::{Fate, Hand, History};
use crate::lifecycle::ledger::{Ledger, RunEnd};
use crate::lifecycle::target::{Attempt, Insights, Target};
use crate::lifecycle::tree::{Run, Step, StepStatus};
use crate::service::Channel;

/// A list shows a new event only after this time.
const LAG: SignedDuration = SignedDuration::from_secs(30);

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) server: Server,
    pub(super) local: Local,
    pub(super) is_locked: bool,
    /// Programs that died between an intent and its request.
    pub(super) n_in_doubt: usize,
    /// Phones that rang after the mission was over and tidied up.
    pub(super) n_late_dials: usize,
    hands: VecDeque<(Timestamp, Hand)>,
    /// When the cron line went.
    settled: Option<Timestamp>,
    /// Seconds between two runs of cron.
    period: i64,
    fates: Vec<Vec<Fate>>,
}

#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) steps: Vec<Step>,
    pub(super) run: Run,
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
    fate: Fate,
}

/// What is kept here, each change of it at once and whole.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) ledger: Ledger,
    pub(super) targets: Vec<Target>,
    pub(super) verify: Option<String>,
    /// Whether each intent is settled.
    pub(super) intents: BTreeMap<String, bool>,
    pub(super) memory: BTreeMap<String, Value>,
    pub(super) archived: Option<RunEnd>,
    pub(super) told: Vec<String>,
    pub(super) cron: bool,
}

/// What must be the same whatever happened on the way.
#[derive(Debug, PartialEq)]
pub(super) struct End {
    steps: Vec<StepStatus>,
    run: Run,
    log: BTreeMap<String, String>,
    memory: BTreeMap<String, Value>,
    archived: Option<RunEnd>,
    told: BTreeSet<String>,
    attempts: Vec<usize>,
}

pub(super) fn step_id(n: usize) -> String {
    format!("step_{n}")
}

impl World {
    pub(super) fn new(history: &History) -> Self {
        let status = |(n, status): (usize, &StepStatus)| Step {
            id: step_id(n),
            description: format!("Step {n}"),
            status: *status,
        };
        let start = history.start;
        let mut server = Server {
            steps: history.steps.iter().enumerate().map(status).collect(),
            run: Run::Running,
            events: Vec::new(),
            log: BTreeMap::new(),
        };
        let mut targets = Vec::new();
        for (n, wish) in history.targets.iter().enumerate() {
            let at = start + wish.after;
            server.add(n, 0, at, start, wish.fates[0], false);
            targets.push(Target {
                id: format!("{n}/0"),
                assistant: "a".to_owned(),
                channel: Channel::Call,
                to: format!("+1555000000{n}"),
                step: wish.step.map(step_id),
                recipient: wish.recipient,
                window: wish.window.clone(),
                forbidden: false,
                attempts: vec![attempt(n, 0, at)],
                begun: None,
            });
        }
        let hands = history.hands.iter().map(|(after, hand)| (start + *after, *hand)).collect();
        let local = Local {
            ledger: Ledger::default(),
            targets,
            verify: history.verify.map(step_id),
            intents: BTreeMap::new(),
            memory: BTreeMap::new(),
            archived: None,
            told: Vec::new(),
            cron: true,
        };
        Self {
            now: start,
            server,
            local,
            is_locked: true,
            n_in_doubt: 0,
            n_late_dials: 0,
            hands,
            settled: None,
            period: history.period(),
            fates: history.targets.iter().map(|wish| wish.fates.clone()).collect(),
        }
    }

    /// When cron runs the program again, which has nothing to do before `wake`; never if its line is gone.
    pub(super) fn next_tick(&mut self, wake: Option<Timestamp>) -> Option<Timestamp> {
        let hand = self.hands.front().map(|(at, _)| *at);
        if !self.local.cron {
            self.settled = Some(self.now);
            return None;
        }
        [wake, hand].into_iter().flatten().min()
    }

    /// Time passes, to the next run of cron after `until` at least.
    pub(super) fn advance(&mut self, until: Timestamp) {
        let next = (until.max(self.now).as_second().div_euclid(self.period) + 1) * self.period;
        self.now = Timestamp::from_second(next).unwrap();
        while self.hands.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, hand) = self.hands.pop_front().unwrap();
            self.apply(hand);
        }
        for event in &mut self.server.events {
            let rings = !event.dialled && !event.deleted && event.at <= self.now;
            if rings && !matches!(event.fate, Fate::NeverBegun | Fate::Deleted) {
                event.dialled = true;
                let is_late = self.settled.is_some_and(|settled| event.at > settled);
                self.n_late_dials += usize::from(is_late && self.is_locked);
            }
        }
    }

    /// Whether an hour lay between the end of the mission and the last program that had something to do.
    pub(super) fn took_an_hour_to_settle(&self) -> bool {
        let ended = self.local.ledger.ending.as_ref().map(|ending| ending.at);
        let (Some(ended), Some(settled)) = (ended, self.settled) else { return false };
        settled.duration_since(ended) >= SignedDuration::from_hours(1)
    }

    pub(super) fn fate(&self, target: usize, attempt: usize) -> Fate {
        self.fates[target].get(attempt).copied().unwrap_or_default()
    }

    /// What was begun and is not known yet; what was begun without an intent never left.
    pub(super) fn refresh_doubts(&mut self) {
        let Local { ledger, targets, intents, .. } = &mut self.local;
        for (n, target) in targets.iter_mut().enumerate() {
            let made = target.attempts.len();
            let has_intent = intents.contains_key(&format!("{n}/{made}"));
            let now = Moment { at: self.now, up: None };
            target.begun = ledger.unsettled(&target.id, made, has_intent, now);
        }
    }

    fn apply(&mut self, hand: Hand) {
        let is_over = matches!(self.server.run, Run::Ended(_));
        match hand {
            Hand::Mark(step, status) => {
                let step = &mut self.server.steps[step];
                if !step.status.is_over() {
                    step.status = status;
                }
            }
            Hand::Forbid(target) => self.local.targets[target].forbidden = true,
            Hand::Run(run) if !is_over => self.server.run = run,
            Hand::Run(_) => {}
        }
    }

    pub(super) fn end(&self) -> End {
        let attempts =
            |n: usize| self.server.events.iter().filter(|event| event.target == n).count();
        // The end of a mission stands for that of its last steps where one look finds both.
        let is_over = matches!(self.server.run, Run::Ended(_));
        let counts = |text: &str| !is_over || text.starts_with("The mission");
        End {
            steps: self.server.steps.iter().map(|step| step.status).collect(),
            run: self.server.run,
            log: self.server.log.clone(),
            memory: self.local.memory.clone(),
            archived: self.local.archived,
            told: self.local.told.iter().filter(|text| counts(text)).cloned().collect(),
            attempts: (0..self.local.targets.len()).map(attempts).collect(),
        }
    }
}

/// The record of an event that was just made.
pub(super) fn attempt(target: usize, n: usize, at: Timestamp) -> Attempt {
    Attempt {
        event: format!("{target}/{n}"),
        at,
        looked: None,
        seen: None,
        end: None,
        insights: Insights::None,
        maybe_voicemail: false,
    }
}

impl Event {
    pub(super) fn is_voicemail(&self) -> bool {
        self.fate == Fate::Voicemail
    }
}

impl Server {
    pub(super) fn add(
        &mut self,
        target: usize,
        attempt: usize,
        at: Timestamp,
        made: Timestamp,
        fate: Fate,
        was_forbidden: bool,
    ) {
        let (deleted, dialled) = (false, false);
        self.events.push(Event {
            target,
            attempt,
            at,
            made,
            was_forbidden,
            deleted,
            dialled,
            fate,
        });
    }

    pub(super) fn find(&self, target: usize, attempt: usize) -> Option<&Event> {
        self.events.iter().find(|event| event.target == target && event.attempt == attempt)
    }

    /// The row of an event as it is now.
    pub(super) fn row(&self, target: usize, attempt: usize, now: Timestamp) -> Option<Value> {
        let event = self.find(target, attempt).filter(|event| !event.deleted)?;
        event.fate.row(now.duration_since(event.at))
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
