//! The simulated service, the list and what one machine stores of an outreach, and the program that ticks for it.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use state::clock::Moment;

use super::chaos::Tape;
use super::history::ScriptedEnd;
use super::world::new_event;
use crate::lifecycle::action::Action;
use crate::lifecycle::applied::{AppliedEffects, PendingRetry};
use crate::lifecycle::decide;
use crate::lifecycle::facts::{
    DroppedTarget, MissionFacts, OutreachFacts, PlanStep, PlannedTarget, RunState, StepStatus,
};
use crate::lifecycle::pacing::Pace;
use crate::lifecycle::planned;
use crate::lifecycle::retry::Recipient;
use crate::lifecycle::target::{CallInsights, MissionTarget, OutreachTargetFacts};
use crate::lifecycle::why_dropped::DropReason;
use crate::service::Channel;
use crate::window::{Window, WindowOptions};

/// Somebody on the list.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) at: Timestamp,
    pub(super) window: Window,
    pub(super) ends: Vec<ScriptedEnd>,
    dropped: Option<DropReason>,
    forbidden: Option<DropReason>,
}

/// A call at the service.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) person: usize,
    pub(super) attempt: usize,
    pub(super) at: Timestamp,
    pub(super) made: Timestamp,
    pub(super) deleted: bool,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) people: Vec<Person>,
    pub(super) pacing: Pace,
    pub(super) until: Timestamp,
    pub(super) max_attempts: Option<usize>,
    pub(super) recipient: Option<Recipient>,
    is_paused: bool,
    is_approved: bool,
    pub(super) applied: AppliedEffects,
    pub(super) targets: Vec<MissionTarget>,
    intents: BTreeSet<(usize, usize)>,
    pub(super) calls: Vec<Call>,
    step: StepStatus,
    pub(super) run: RunState,
    /// What somebody does, and when.
    interventions: Vec<(Timestamp, Intervention)>,
}

#[derive(Clone, Copy, Debug)]
enum Intervention {
    Forbid(usize, DropReason),
    Pause(bool),
    Approve,
    Cancel,
}

fn number(person: usize) -> String {
    format!("+1555000{person:04}")
}

impl World {
    pub(super) fn read(tape: &mut Tape) -> Self {
        const STARTS: [&str; 3] =
            ["2027-06-02T15:00:00Z", "2027-03-12T21:30:00Z", "2027-11-05T20:45:00Z"];
        const ZONES: [&str; 3] = ["America/New_York", "America/Chicago", "Europe/London"];
        let now: Timestamp = STARTS[tape.below(STARTS.len())].parse().unwrap();
        let pacing = Pace { batch: 1 + tape.below(3), every: [120, 60, 600][tape.below(3)] };
        let until = now + SignedDuration::from_hours([240, 2, 30][tape.below(3)]);
        let n = 1 + tape.below(5);
        let window = |tape: &mut Tape| {
            let hours = ["9-17", "0-24", "12-13"][tape.below(3)];
            let options =
                WindowOptions::read(Some(hours), None, Some(ZONES[tape.below(3)])).unwrap();
            options.for_recipient(&number(0).parse().unwrap(), &TimeZone::UTC).0
        };
        let windows: Vec<Window> = (0..n).map(|_| window(tape)).collect();
        let wanted = windows.iter().map(|window| (window, now));
        let times = planned::times(pacing, std::iter::empty(), wanted, now, until);
        let ends = [
            ScriptedEnd::Completed,
            ScriptedEnd::NoAnswer,
            ScriptedEnd::Busy,
            ScriptedEnd::Voicemail,
            ScriptedEnd::Failed,
            ScriptedEnd::Canceled,
            ScriptedEnd::Stuck,
        ];
        let people = windows.into_iter().zip(times).map(|(window, at)| Person {
            at: at.unwrap_or(now),
            window,
            ends: (0..3).map(|_| ends[tape.below(ends.len())]).collect(),
            dropped: None,
            forbidden: None,
        });
        let people: Vec<Person> = people.collect();
        let recipient = [Some(Recipient::Automated), None, Some(Recipient::Service)][tape.below(3)];
        let max_attempts = [None, Some(2), Some(5), Some(12)][tape.below(4)];
        let is_approved = tape.below(4) != 3;
        let mut interventions = Vec::new();
        if !is_approved {
            interventions.push((now + SignedDuration::from_mins(30), Intervention::Approve));
        }
        for _ in 0..tape.below(4) {
            let at = now + SignedDuration::from_mins([1, 5, 30, 300, 1500][tape.below(5)]);
            let person = tape.below(n);
            let kind = tape.below(8);
            if matches!(kind, 5 | 6) {
                let again = at + SignedDuration::from_mins(45);
                interventions.push((again, Intervention::Pause(false)));
            }
            interventions.push(match kind {
                0..=3 => (at, Intervention::Forbid(person, DropReason::OptedOut)),
                4 => (at, Intervention::Forbid(person, DropReason::DoNotCall)),
                5 | 6 => (at, Intervention::Pause(true)),
                _ => (at, Intervention::Cancel),
            });
        }
        interventions.sort_by_key(|(at, _)| *at);
        Self {
            now,
            people,
            pacing,
            until,
            max_attempts,
            recipient,
            is_paused: false,
            is_approved,
            applied: AppliedEffects::default(),
            targets: Vec::new(),
            intents: BTreeSet::new(),
            calls: Vec::new(),
            step: StepStatus::Pending,
            run: RunState::Running,
            interventions,
        }
    }

    pub(super) fn outreach(&self) -> OutreachFacts {
        let begun: BTreeSet<&str> = self.targets.iter().map(|target| &*target.to).collect();
        let waits = self.people.iter().enumerate().filter(|(n, _)| !begun.contains(&*number(*n)));
        let (mut planned, mut dropped) = (Vec::new(), Vec::new());
        for (n, person) in waits {
            let (to, name) = (number(n), None);
            if let Some(why) = person.dropped {
                dropped.push(DroppedTarget { to, name, why });
                continue;
            }
            let moment = Moment { at: self.now, uptime: None };
            let has_intent = self.intents.contains(&(n, 0));
            planned.push(PlannedTarget {
                unconfirmed: self.applied.unconfirmed(
                    &format!("first/{to}"),
                    0,
                    has_intent,
                    moment,
                ),
                to,
                name,
                at: person.at,
                window: person.window.clone(),
                is_approved: self.is_approved,
                forbidden: person.forbidden,
            });
        }
        OutreachFacts {
            pacing: self.pacing,
            step: "reach".to_owned(),
            until: self.until,
            max_attempts: self.max_attempts,
            max_minutes: None,
            answers_within: None,
            assistant: None,
            is_paused: self.is_paused,
            planned,
            dropped,
        }
    }

    pub(super) fn steps(&self) -> Vec<PlanStep> {
        let (id, description) = ("reach".to_owned(), "Reach them".to_owned());
        vec![PlanStep { id, description, status: self.step }]
    }

    fn person_of(&self, to: &str) -> usize {
        (0..self.people.len()).find(|n| number(*n) == to).unwrap()
    }

    /// What is stored of a call that is known to exist.
    fn confirm(&mut self, n: usize, attempt: usize) {
        let at =
            self.calls.iter().find(|one| (one.person, one.attempt) == (n, attempt)).unwrap().at;
        let event = new_event(n, attempt, at);
        let to = number(n);
        if let Some(target) = self.targets.iter_mut().find(|target| target.to == to) {
            if target.events.len() == attempt {
                target.events.push(event);
            }
            return;
        }
        self.targets.push(MissionTarget {
            id: event.id.clone(),
            assistant: "a".to_owned(),
            channel: Channel::Call,
            to,
            step: Some("reach".to_owned()),
            recipient: self.recipient,
            window: self.people[n].window.clone(),
            forbidden: self.people[n].forbidden.is_some(),
            events: vec![event],
            unconfirmed: None,
            reply: None,
            n_withdrawn: 0,
            outreach: OutreachTargetFacts { one_message: true, ..OutreachTargetFacts::default() },
        });
    }

    /// The service is asked about what is due.
    fn poll(&mut self) {
        let now = self.now;
        for n in 0..self.people.len() {
            let known: usize = self
                .targets
                .iter()
                .find(|one| one.to == number(n))
                .map_or(0, |one| one.events.len());
            let is_there = self.calls.iter().any(|one| (one.person, one.attempt) == (n, known));
            if self.intents.contains(&(n, known)) && is_there {
                self.confirm(n, known);
            } else if known == 0 {
                self.applied.retry_was_polled(&format!("first/{}", number(n)), now);
            } else {
                let first = self.targets.iter().find(|one| one.to == number(n)).unwrap().id.clone();
                self.applied.retry_was_polled(&first, now);
            }
        }
        let (calls, people) = (&self.calls, &self.people);
        for target in &mut self.targets {
            let n = (0..people.len()).find(|n| number(*n) == target.to).unwrap();
            target.forbidden = people[n].forbidden.is_some();
            for (attempt, event) in target.events.iter_mut().enumerate() {
                if event.end.is_none() && event.next_poll().is_some_and(|next| next <= now) {
                    let call = calls.iter().find(|one| (one.person, one.attempt) == (n, attempt));
                    let end = people[n].ends.get(attempt).copied().unwrap_or_default();
                    let row = call
                        .filter(|call| !call.deleted)
                        .and_then(|call| end.row(now.duration_since(call.at)));
                    event.record_poll(row.as_ref(), now);
                    if event.insights != CallInsights::None {
                        event.insights = CallInsights::Got("said".to_owned());
                    }
                }
            }
        }
        self.refresh_unconfirmed();
    }

    fn refresh_unconfirmed(&mut self) {
        let moment = Moment { at: self.now, uptime: None };
        for target in &mut self.targets {
            let n = (0..self.people.len()).find(|n| number(*n) == target.to).unwrap();
            let made = target.events.len();
            let has_intent = self.intents.contains(&(n, made));
            target.unconfirmed = self.applied.unconfirmed(&target.id, made, has_intent, moment);
        }
    }

    /// One program, which dies after so many writes. Returns when the next has something to do.
    pub(super) fn tick(&mut self, mut writes: usize) -> Timestamp {
        self.poll();
        for _ in 0..60 {
            let (outreach, steps) = (self.outreach(), self.steps());
            let facts = MissionFacts {
                now: self.now,
                steps: &steps,
                run: self.run,
                targets: &self.targets,
                verify_step: None,
                outreach: Some(&outreach),
            };
            let effects = decide(&self.applied, facts).effects;
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                let mut dies = || {
                    writes = writes.saturating_sub(1);
                    writes == 0
                };
                match &effect.action {
                    Action::Begin { to, at } => {
                        let (n, key) = (self.person_of(to), format!("first/{to}"));
                        if self.submit(n, 0, &key, *at, &mut dies) {
                            return self.now;
                        }
                    }
                    Action::Retry { target, attempt, at } => {
                        let to =
                            self.targets.iter().find(|one| one.id == *target).unwrap().to.clone();
                        let n = self.person_of(&to);
                        if self.submit(n, *attempt, target, *at, &mut dies) {
                            return self.now;
                        }
                    }
                    action => {
                        match action {
                            Action::Drop { to, why } => {
                                let n = self.person_of(to);
                                self.people[n].dropped = Some(*why);
                            }
                            Action::UpdateStep(_, word) => self.step = StepStatus::read(word),
                            Action::UpdateRun { status, .. } => self.run = RunState::Ended(*status),
                            Action::Unschedule { event, .. } => {
                                let is_it = |one: &&mut Call| {
                                    format!("{}/{}", one.person, one.attempt) == *event
                                };
                                if let Some(call) = self.calls.iter_mut().find(is_it) {
                                    call.deleted = true;
                                }
                            }
                            _ => {}
                        }
                        if dies() || !self.applied.apply(&effect) {
                            return self.now;
                        }
                    }
                }
                self.refresh_unconfirmed();
            }
        }
        let planned = self.outreach().planned;
        let searched = planned.iter().filter_map(|one| one.unconfirmed?.next_poll(self.now));
        let polls = self.targets.iter().filter_map(|target| target.next_poll(self.now));
        let later = self.now + SignedDuration::from_mins(30);
        polls.chain(searched).min().unwrap_or(later).max(self.now)
    }

    /// Recorded as pending, then the intent, then the request, then its event; true if the program died.
    fn submit(
        &mut self,
        n: usize,
        attempt: usize,
        key: &str,
        at: Timestamp,
        dies: &mut impl FnMut() -> bool,
    ) -> bool {
        let pending = PendingRetry { attempt, at, started_at: self.now, up: None, polled_at: None };
        if !self.applied.start_retry(key, pending, attempt) || dies() {
            return true;
        }
        if !self.intents.insert((n, attempt)) {
            return false;
        }
        if dies() {
            return true;
        }
        let (person, made, deleted) = (n, self.now, false);
        assert!(self.people[n].forbidden.is_none(), "a forbidden number was called");
        assert!(self.is_approved && !self.is_paused, "called without a yes, or in a pause");
        self.calls.push(Call { person, attempt, at, made, deleted });
        if dies() {
            return true;
        }
        self.confirm(n, attempt);
        dies()
    }

    pub(super) fn advance(&mut self, until: Timestamp) {
        // What is stuck is looked at for hours.
        let is_long = self.people.iter().any(|person| person.ends.contains(&ScriptedEnd::Stuck));
        let period = SignedDuration::from_secs(if is_long { 900 } else { 120 });
        self.now = until.max(self.now + period);
        while self.interventions.first().is_some_and(|(at, _)| *at <= self.now) {
            match self.interventions.remove(0).1 {
                Intervention::Forbid(n, why) => self.people[n].forbidden = Some(why),
                Intervention::Pause(is_paused) => self.is_paused = is_paused,
                Intervention::Approve => self.is_approved = true,
                Intervention::Cancel => self.run = RunState::Ended(super::RunEnd::Cancelled),
            }
        }
    }
}
