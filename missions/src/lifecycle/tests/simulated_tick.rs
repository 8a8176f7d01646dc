//! One tick as a row of single reads and writes, any of which may be its last.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::world::{SimulatedWorld, new_event};
use crate::lifecycle::action::{Action, Effect};
use crate::lifecycle::applied::PendingRetry;
use crate::lifecycle::decide;
use crate::lifecycle::facts::{MissionFacts, RunState, StepStatus};
use crate::lifecycle::target::{CallInsights, MissionTarget};

/// Insights are there so long after a call was scheduled.
const INSIGHTS_AFTER: SignedDuration = SignedDuration::from_secs(47);

/// A tick, and how far it is.
#[derive(Debug)]
pub(super) struct SimulatedTick {
    phase: Phase,
    next_poll: Option<Timestamp>,
}

#[derive(Debug)]
enum Phase {
    /// Polls one target after the other; what was read and is not yet written.
    Polling {
        target: usize,
        read: Option<(usize, Option<Value>)>,
    },
    Deciding,
    /// The effects that are left, and how much of the first is done.
    Doing {
        effects: VecDeque<Effect>,
        part: usize,
    },
    Through,
}

impl SimulatedTick {
    pub(super) fn new() -> Self {
        Self { phase: Phase::Polling { target: 0, read: None }, next_poll: None }
    }

    /// When it next has something to poll.
    pub(super) fn next_poll(&self) -> Option<Timestamp> {
        self.next_poll
    }

    /// It is killed at this point.
    pub(super) fn die(&self, world: &mut SimulatedWorld) {
        if let Phase::Doing { effects, part: 2 } = &self.phase
            && matches!(effects.front().map(|effect| &effect.action), Some(Action::Retry { .. }))
        {
            world.n_unconfirmed += 1;
        }
    }

    /// One read or one write; true when the program is through.
    pub(super) fn step(&mut self, world: &mut SimulatedWorld) -> bool {
        match std::mem::replace(&mut self.phase, Phase::Through) {
            Phase::Polling { target, read } => self.phase = poll(world, target, read),
            Phase::Deciding => {
                world.refresh_unconfirmed();
                let steps = world.server.steps.clone();
                let directive = decide(&world.local.applied, facts(world, &steps));
                let next_poll = |target: &MissionTarget| target.next_poll(world.now);
                self.next_poll = world.local.targets.iter().filter_map(next_poll).min();
                self.phase = if directive.effects.is_empty() {
                    Phase::Through
                } else {
                    Phase::Doing { effects: directive.effects.into(), part: 0 }
                };
            }
            Phase::Doing { mut effects, part } => {
                let effect = effects.front().expect("an empty list is not stored");
                match carry_out(world, effect, part) {
                    Progress::Part => self.phase = Phase::Doing { effects, part: part + 1 },
                    Progress::Whole => {
                        effects.pop_front();
                        self.phase = if effects.is_empty() {
                            Phase::Deciding
                        } else {
                            Phase::Doing { effects, part: 0 }
                        };
                    }
                    Progress::Stale => self.phase = Phase::Deciding,
                }
            }
            Phase::Through => {}
        }
        matches!(self.phase, Phase::Through)
    }
}

fn facts<'a>(
    world: &'a SimulatedWorld,
    steps: &'a [crate::lifecycle::facts::PlanStep],
) -> MissionFacts<'a> {
    MissionFacts {
        now: world.now,
        steps,
        run: world.server.run,
        targets: &world.local.targets,
        verify_step: world.local.verify.as_deref(),
        outreach: None,
    }
}

fn poll(world: &mut SimulatedWorld, n: usize, read: Option<(usize, Option<Value>)>) -> Phase {
    let now = world.now;
    if n == 0 && read.is_none() {
        world.refresh_unconfirmed();
    }
    let Some(target) = world.local.targets.get_mut(n) else { return Phase::Deciding };
    if let Some((at, row)) = read {
        target.events[at].record_poll(row.as_ref(), now);
        return Phase::Polling { target: n, read: None };
    }
    // The event of an unconfirmed retry is searched for.
    let made = target.events.len();
    let is_due = |due: Timestamp| due <= now;
    let is_sought = target.unconfirmed.and_then(|retry| retry.next_poll(now)).is_some_and(is_due);
    if is_sought {
        let id = target.id.clone();
        if world.server.lists(n, made, now) {
            confirm(world, n, made);
        } else {
            world.local.applied.retry_was_polled(&id, now);
            world.refresh_unconfirmed();
        }
        return Phase::Polling { target: n, read: None };
    }
    let due = target.events.iter().position(|one| one.next_poll().is_some_and(is_due));
    match due {
        None => Phase::Polling { target: n + 1, read: None },
        Some(at) if target.events[at].end.is_none() => {
            let row = world.server.row(n, at, now);
            Phase::Polling { target: n, read: Some((at, row)) }
        }
        Some(at) => {
            let event = &mut target.events[at];
            let is_there = now.duration_since(event.at) >= INSIGHTS_AFTER && n != 2;
            let got = || CallInsights::Got("said".to_owned());
            event.insights = if is_there { got() } else { CallInsights::Awaited(Some(now)) };
            event.maybe_voicemail = is_there && n == 1;
            Phase::Polling { target: n, read: None }
        }
    }
}

/// The event of a retry is known.
fn confirm(world: &mut SimulatedWorld, n: usize, made: usize) {
    let at = world.server.find(n, made).expect("it was made").at;
    world.local.intents.insert(format!("{n}/{made}"), true);
    let target = &mut world.local.targets[n];
    if target.events.len() == made {
        target.events.push(new_event(n, made, at));
        target.unconfirmed = None;
    }
}

enum Progress {
    Part,
    Whole,
    /// Something else was decided meanwhile.
    Stale,
}

fn carry_out(world: &mut SimulatedWorld, effect: &Effect, part: usize) -> Progress {
    let SimulatedWorld { server, local, .. } = world;
    if part == 0 && local.applied.has(&effect.key) {
        return Progress::Whole;
    }
    match (&effect.action, part) {
        (Action::SetVerifyStep(_) | Action::EndStep(..) | Action::EndMission(_), _) => {
            let agrees = local.applied.apply(effect);
            return if agrees { Progress::Whole } else { Progress::Stale };
        }
        (Action::Retry { target, attempt, at }, _) => {
            let n = local.targets.iter().position(|one| one.id == *target).expect("it is there");
            return retry(world, n, *attempt, *at, part);
        }
        (Action::SaveMemory(key, value), _) => {
            local.memory.insert(key.clone(), value.clone());
        }
        (Action::Archive(status), _) => local.archived = Some(*status),
        (Action::UpdateStep(id, status), 0) => {
            let step = server.steps.iter_mut().find(|step| step.id == *id).expect("it is there");
            step.status = StepStatus::read(status);
            return Progress::Part;
        }
        (Action::Log { summary, .. }, 0) => {
            server.log.entry(effect.idempotency_key("run")).or_insert_with(|| summary.clone());
            return Progress::Part;
        }
        (Action::Unschedule { event, .. }, 0) => {
            server.delete(event);
            return Progress::Part;
        }
        (Action::UpdateRun { status, .. }, 0) => {
            server.run = RunState::Ended(*status);
            return Progress::Part;
        }
        (Action::NotifyAgent(text), 0) => {
            local.notified.push(text.clone());
            return Progress::Part;
        }
        (Action::RemoveCron, 0) => {
            local.cron = false;
            return Progress::Part;
        }
        _ => {}
    }
    local.applied.apply(effect);
    Progress::Whole
}

/// Recorded as pending, then the intent, then the request, then its event.
fn retry(
    world: &mut SimulatedWorld,
    n: usize,
    made: usize,
    at: Timestamp,
    part: usize,
) -> Progress {
    let line = format!("{n}/{made}");
    let target = &world.local.targets[n];
    match part {
        0 => {
            let pending = PendingRetry {
                attempt: made,
                at,
                started_at: world.now,
                up: None,
                polled_at: None,
            };
            let id = target.id.clone();
            let is_next = world.local.applied.start_retry(&id, pending, target.events.len());
            if is_next { Progress::Part } else { Progress::Stale }
        }
        1 => match world.local.intents.get(&line) {
            None => {
                world.local.intents.insert(line, false);
                Progress::Part
            }
            // Another program's request: the next poll finds it.
            Some(_) => Progress::Whole,
        },
        2 => {
            let forbidden = target.forbidden;
            let end = world.scripted_end(n, made);
            world.server.add(n, made, at, world.now, end, forbidden);
            Progress::Part
        }
        _ => {
            confirm(world, n, made);
            Progress::Whole
        }
    }
}
