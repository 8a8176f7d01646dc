//! One run of the program as a row of single writes, any of which may be its last.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::world::{World, attempt};
use crate::lifecycle::ledger::Begun;
use crate::lifecycle::plan::{Act, Effect};
use crate::lifecycle::target::Insights;
use crate::lifecycle::tree::{Facts, Run, StepStatus, decide};

/// Insights are there so long after a call was scheduled.
const INSIGHTS_AFTER: SignedDuration = SignedDuration::from_secs(47);

/// How far the program is.
#[derive(Debug)]
pub(super) struct Tick {
    phase: Phase,
    wake: Option<Timestamp>,
}

#[derive(Debug)]
enum Phase {
    /// Looks at one target after the other; what was read and is not yet written.
    Looking {
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

impl Tick {
    pub(super) fn new() -> Self {
        Self { phase: Phase::Looking { target: 0, read: None }, wake: None }
    }

    pub(super) fn wake(&self) -> Option<Timestamp> {
        self.wake
    }

    /// It is killed where it stands.
    pub(super) fn die(&self, world: &mut World) {
        if let Phase::Doing { effects, part: 2 } = &self.phase
            && matches!(effects.front().map(|effect| &effect.act), Some(Act::Retry { .. }))
        {
            world.n_in_doubt += 1;
        }
    }

    /// One read or one write; true when the program is through.
    pub(super) fn step(&mut self, world: &mut World) -> bool {
        match std::mem::replace(&mut self.phase, Phase::Through) {
            Phase::Looking { target, read } => self.phase = look(world, target, read),
            Phase::Deciding => {
                world.refresh_doubts();
                let steps = world.server.steps.clone();
                let plan = decide(&world.local.ledger, facts(world, &steps));
                self.wake = plan.wake;
                self.phase = if plan.effects.is_empty() {
                    Phase::Through
                } else {
                    Phase::Doing { effects: plan.effects.into(), part: 0 }
                };
            }
            Phase::Doing { mut effects, part } => {
                let effect = effects.front().expect("an empty list is not kept");
                match carry_out(world, effect, part) {
                    Carried::Part => self.phase = Phase::Doing { effects, part: part + 1 },
                    Carried::Whole => {
                        effects.pop_front();
                        self.phase = if effects.is_empty() {
                            Phase::Deciding
                        } else {
                            Phase::Doing { effects, part: 0 }
                        };
                    }
                    Carried::Otherwise => self.phase = Phase::Deciding,
                }
            }
            Phase::Through => {}
        }
        matches!(self.phase, Phase::Through)
    }
}

fn facts<'a>(world: &'a World, steps: &'a [crate::lifecycle::tree::Step]) -> Facts<'a> {
    Facts {
        now: world.now,
        steps,
        run: world.server.run,
        targets: &world.local.targets,
        verify_step: world.local.verify.as_deref(),
    }
}

fn look(world: &mut World, n: usize, read: Option<(usize, Option<Value>)>) -> Phase {
    let now = world.now;
    if n == 0 && read.is_none() {
        world.refresh_doubts();
    }
    let Some(target) = world.local.targets.get_mut(n) else { return Phase::Deciding };
    if let Some((attempt, row)) = read {
        target.attempts[attempt].see(row.as_ref(), now);
        return Phase::Looking { target: n, read: None };
    }
    // A retry that may have been made is looked for.
    let made = target.attempts.len();
    let is_due = |due: Timestamp| due <= now;
    let is_sought = target.in_doubt().and_then(|doubt| doubt.next_look(now)).is_some_and(is_due);
    if is_sought {
        let id = target.id.clone();
        if world.server.lists(n, made, now) {
            settle(world, n, made);
        } else {
            world.local.ledger.looked_for(&id, now);
            world.refresh_doubts();
        }
        return Phase::Looking { target: n, read: None };
    }
    let due = target.attempts.iter().position(|one| one.next_look().is_some_and(is_due));
    match due {
        None => Phase::Looking { target: n + 1, read: None },
        Some(at) if target.attempts[at].end.is_none() => {
            let row = world.server.row(n, at, now);
            Phase::Looking { target: n, read: Some((at, row)) }
        }
        Some(at) => {
            let attempt = &mut target.attempts[at];
            let is_there = now.duration_since(attempt.at) >= INSIGHTS_AFTER && n != 2;
            let got = || Insights::Got("said".to_owned());
            attempt.insights = if is_there { got() } else { Insights::Awaited(Some(now)) };
            attempt.maybe_voicemail = is_there && n == 1;
            Phase::Looking { target: n, read: None }
        }
    }
}

/// The event of a retry is known.
fn settle(world: &mut World, n: usize, made: usize) {
    let at = world.server.find(n, made).expect("it was made").at;
    world.local.intents.insert(format!("{n}/{made}"), true);
    let target = &mut world.local.targets[n];
    if target.attempts.len() == made {
        target.attempts.push(attempt(n, made, at));
        target.begun = None;
    }
}

enum Carried {
    Part,
    Whole,
    /// Something else was decided meanwhile.
    Otherwise,
}

fn carry_out(world: &mut World, effect: &Effect, part: usize) -> Carried {
    let World { server, local, .. } = world;
    if part == 0 && local.ledger.has_done(&effect.key) {
        return Carried::Whole;
    }
    match (&effect.act, part) {
        (Act::Verify(_) | Act::Conclude(..) | Act::End(_), _) => {
            let agrees = local.ledger.keep(effect);
            return if agrees { Carried::Whole } else { Carried::Otherwise };
        }
        (Act::Retry { target, attempt, at }, _) => {
            let n = local.targets.iter().position(|one| one.id == *target).expect("it is there");
            return retry(world, n, *attempt, *at, part);
        }
        (Act::Remember(key, value), _) => {
            local.memory.insert(key.clone(), value.clone());
        }
        (Act::Archive(status), _) => local.archived = Some(*status),
        (Act::UpdateStep(id, status), 0) => {
            let step = server.steps.iter_mut().find(|step| step.id == *id).expect("it is there");
            step.status = StepStatus::read(status);
            return Carried::Part;
        }
        (Act::Log { summary, .. }, 0) => {
            server.log.entry(effect.idempotency_key("run")).or_insert_with(|| summary.clone());
            return Carried::Part;
        }
        (Act::Unschedule { event, .. }, 0) => {
            server.delete(event);
            return Carried::Part;
        }
        (Act::UpdateRun { status, .. }, 0) => {
            server.run = Run::Ended(*status);
            return Carried::Part;
        }
        (Act::Tell(text), 0) => {
            local.told.push(text.clone());
            return Carried::Part;
        }
        (Act::RemoveCron, 0) => {
            local.cron = false;
            return Carried::Part;
        }
        _ => {}
    }
    local.ledger.keep(effect);
    Carried::Whole
}

/// Begun, then the intent, then the request, then what it made.
fn retry(world: &mut World, n: usize, made: usize, at: Timestamp, part: usize) -> Carried {
    let line = format!("{n}/{made}");
    let target = &world.local.targets[n];
    match part {
        0 => {
            let begun = Begun { attempt: made, at, since: world.now, up: None, looked: None };
            let id = target.id.clone();
            let is_next = world.local.ledger.begin(&id, begun, target.attempts.len());
            if is_next { Carried::Part } else { Carried::Otherwise }
        }
        1 => match world.local.intents.get(&line) {
            None => {
                world.local.intents.insert(line, false);
                Carried::Part
            }
            // Somebody else's request: the next look finds it.
            Some(_) => Carried::Whole,
        },
        2 => {
            let forbidden = target.forbidden;
            let fate = world.fate(n, made);
            world.server.add(n, made, at, world.now, fate, forbidden);
            Carried::Part
        }
        _ => {
            settle(world, n, made);
            Carried::Whole
        }
    }
}
