//! The lifecycle of missions, kept by the program (spec 4): a pass looks at what is due, decides by the seed's
//! tree, and carries out what follows, one pass at a time.
//!
//! It may be killed anywhere: what was decided is kept before anything is told of it, what was done is kept as
//! done, and the next pass finds the rest necessary again.

mod carry;
mod facts;
mod heard;
mod known;
mod look;
mod pass;
mod report;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use state::exit::Fault;
use state::file;
use state::gateway;
use state::lock::Lock;

use crate::context::Context;
use crate::lifecycle::{self, Decision, Facts, Plan, Run, Step, decide};
use crate::service::ServiceApi;
use crate::state_file::Mission;
use carry::Carried;
use heard::Words;
use known::Around;
use look::Rows;

pub(crate) use facts::ids;
pub(crate) use known::Known;
pub(crate) use pass::{Passed, pass};
pub(crate) use report::Report;

/// Deciding anew gives fewer and fewer effects; one that goes on for ever is a fault of its own.
const MOST_ROUNDS: usize = 50;

/// How long an untold session is left alone, so that a gateway that is off does not cost a request a minute.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// How long a command that ends a mission waits for a tick at work.
const WAIT: Duration = Duration::from_secs(60);

/// What a tick is about to do, and what it knows already.
#[derive(Debug)]
pub(crate) struct Tick<'a> {
    context: &'a Context,
    api: ServiceApi,
    gateway: Option<gateway::Client>,
    /// The lists of assistants, asked for once.
    lists: HashMap<String, Rows>,
}

/// A mission as it stood when nothing was left to be done for it.
#[derive(Debug)]
struct Followed {
    known: Known,
    /// When it was due, before the service was asked for its plan.
    due: Option<Timestamp>,
}

/// The lock of ticks: the lifecycle is decided by one program at a time.
fn lock_path(context: &Context) -> anyhow::Result<PathBuf> {
    let path = context.file.path();
    if let Some(folder) = path.parent() {
        file::make_dir(folder)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(path.with_file_name(format!("{name}.tick.lock")))
}

/// Looks after a mission that a command ends. Waits for a tick that is at work.
pub(crate) fn lock(context: &Context) -> anyhow::Result<Lock> {
    Lock::hold(&lock_path(context)?, WAIT)
}

impl<'a> Tick<'a> {
    /// A tick that has asked nobody yet. Fails (exit 3) if no key is configured.
    pub(crate) fn new(context: &'a Context) -> anyhow::Result<Self> {
        let api = context.api()?;
        Ok(Self { context, api, gateway: None, lists: HashMap::new() })
    }

    /// The time where calls and texts happen: a machine whose clock is wrong neither rings at another hour for it nor
    /// gives up what goes on.
    pub(crate) fn now(&self) -> Timestamp {
        self.api.now()
    }

    /// Looks, unless there is no need to, decides and does what follows; what it stopped at is in the report.
    pub(crate) fn look_after(&mut self, slug: &str, looks: Option<(&Known, &Words)>) -> Report {
        let mut report = Report::default();
        let looked = match looks {
            Some((known, heard)) => self.look(slug, known, heard, &mut report),
            None => Ok(()),
        };
        let followed = match looked {
            Ok(()) => self.follow(slug, &mut report).unwrap_or_else(|err| {
                report.failed("deciding", &err);
                None
            }),
            Err(err) => {
                report.failed("looking", &err);
                None
            }
        };
        if let Err(err) = self.conclude(slug, followed, &mut report) {
            report.failed("writing", &err);
        }
        report
    }

    /// Decides, and carries out what was decided, until nothing is left: what is known then; `None` if it stopped before.
    fn follow(&mut self, slug: &str, report: &mut Report) -> anyhow::Result<Option<Followed>> {
        let mut facts = None;
        for _ in 0..MOST_ROUNDS {
            let missions = self.context.file.read()?;
            let mission = missions.known(slug)?;
            let (mission_id, run_id) = ids(&mission)?;
            let (mission_id, run_id) = (mission_id.to_owned(), run_id.to_owned());
            let names = carry::Names { slug, mission: &mission_id, run: &run_id };
            report.ids = (mission_id.clone(), run_id.clone());
            let (was_due, (steps, run)) = match &facts {
                Some(facts) => facts,
                None => facts.insert((mission.tick_due(), self.facts(names)?)),
            };
            let now = self.now();
            let known = Known::read(&mission, &Around::read(self.context)?)?;
            // Whoever holds the missions costs each change a copy of all of them.
            drop(missions);
            let plan = known.decide(now, steps, *run);
            report.take_plan(&plan);
            if plan.effects.is_empty() {
                return Ok(Some(Followed { known, due: *was_due }));
            }
            for effect in &plan.effects {
                match self.carry_out(names, effect, report) {
                    Ok(Carried::Done) => report.done(effect),
                    Ok(Carried::Refused(why)) => report.refused(effect, &why),
                    Ok(Carried::Otherwise) => break,
                    Err(err) => {
                        report.failed(&effect.key, &err);
                        return Ok(None);
                    }
                }
            }
        }
        Err(Fault::usage("deciding does not come to an end").into())
    }

    /// Keeps when the mission is due next, if its events alone do not say so.
    fn conclude(
        &self,
        slug: &str,
        followed: Option<Followed>,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let Followed { known, due: was_due } = if let Some(followed) = followed {
            followed
        } else {
            let missions = self.context.file.read()?;
            let mission = missions.known(slug)?;
            Followed { known: Known::of(self.context, &mission)?, due: mission.tick_due() }
        };
        let now = self.now();
        let is_in_doubt = known.targets.iter().any(|target| target.in_doubt().is_some());
        let due = match &report.decision {
            _ if report.is_untold() => Some(later(now, TOLD_AGAIN)),
            _ if report.is_stopped() => Some(now),
            // That it will never be known has to be noticed, however late.
            _ if is_in_doubt => known.next_look(now),
            Some(Decision::Wait { until }) if known.next_look(now).is_none() => Some(*until),
            Some(Decision::Over(_)) if !known.ledger.is_settled() => known.next_look(now),
            _ => None,
        };
        if was_due != due {
            self.context.file.change_mission(slug, |mission| {
                // What somebody did since the service was asked is the next tick's to look at.
                if mission.view().tick_due() == was_due {
                    mission.set_tick_due(due);
                }
                Ok(())
            })?;
        }
        report.settled = known.ledger.is_settled();
        let looks = known.next_look(now).filter(|_| !report.settled);
        report.next = [due, looks].into_iter().flatten().min();
        Ok(())
    }
}

impl Known {
    /// Reads a mission with all that matters to it now.
    pub(crate) fn of(context: &Context, mission: &Mission) -> anyhow::Result<Self> {
        Self::read(mission, &Around::read(context)?)
    }

    /// What the decision tree says.
    pub(crate) fn decide(&self, now: Timestamp, steps: &[Step], run: Run) -> Plan {
        let facts = Facts {
            now,
            steps,
            run,
            targets: &self.targets,
            verify_step: self.verify_step.as_deref(),
        };
        decide(&self.ledger, facts)
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The names under which `next` and the reports speak of a mission.
pub(crate) fn names<'a>(mission: &Mission<'a>, has_cron: bool) -> lifecycle::Names<'a> {
    lifecycle::Names {
        slug: mission.slug(),
        mission: mission.mission_id().unwrap_or_default(),
        run: mission.run_id().unwrap_or_default(),
        has_cron,
    }
}
