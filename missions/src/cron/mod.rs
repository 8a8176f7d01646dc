//! What runs `tick` for a mission: one marked line of the user's crontab, or a job of the gateway's scheduler.

mod openclaw;
mod table;

use serde::{Deserialize, Serialize};
use state::config::Config;
use state::crontab;

use crate::context::Context;
use crate::state_file::Mission;

pub(crate) use table::{Every, program};

/// The key of a mission under which its scheduler is kept.
const KEY: &str = "cron";

/// Who runs the ticks of a mission. No program is named: a state file is data, and may have come from anywhere. The
/// `program` that earlier versions kept there is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheduler", rename_all = "lowercase")]
pub(crate) enum Scheduler {
    /// The user's cron.
    Crontab,
    /// The gateway, told by its program, as that is found when it is needed.
    Openclaw,
}

/// Has `scheduler` run the ticks, and no other. What was written: the line, or the job's id; `None` if all was
/// as it should be.
///
/// Fails (exit 4) if the scheduler cannot be used.
pub(crate) fn add(
    context: &Context,
    slug: &str,
    scheduler: Scheduler,
    every: Every,
) -> anyhow::Result<Option<String>> {
    let line = table::line(context, slug, every)?;
    if kept(context, slug)?.is_some_and(|kept| kept != scheduler) {
        remove(context, slug)?;
    }
    // Kept before it is done: after a crash in between `remove` looks where there may be something.
    context.file.change_mission(slug, |mission| mission.set_part(KEY, &scheduler))?;
    match scheduler {
        Scheduler::Crontab => {
            let skill = context.config.skill_dir();
            let changed =
                crontab::set(skill, &mark(&context.config, slug), std::slice::from_ref(&line))?;
            Ok(changed.then(|| line.text().to_owned()))
        }
        Scheduler::Openclaw => {
            let job = openclaw::Job { name: &mark(&context.config, slug), every };
            openclaw::add(&job, &table::command(context, slug)?)
        }
    }
}

/// Takes the line or the job of a mission away. Whether there was one.
///
/// A crontab that cannot be used is a fault (exit 4) only for a mission that was given a line.
pub(crate) fn remove(context: &Context, slug: &str) -> anyhow::Result<bool> {
    let mark = mark(&context.config, slug);
    let Some(kept) = kept(context, slug)? else {
        return Ok(has_line(context, slug) && crontab::set(context.config.skill_dir(), &mark, &[])?);
    };
    let removed = match kept {
        Scheduler::Openclaw => openclaw::remove(&mark)?,
        Scheduler::Crontab => crontab::set(context.config.skill_dir(), &mark, &[])?,
    };
    context.file.change(|missions| {
        // It may have been removed from the state file meanwhile.
        if let Ok(mut mission) = missions.known_mut(slug) {
            mission.unset(KEY);
        }
        Ok(())
    })?;
    Ok(removed)
}

/// Whether something may still run the ticks of a mission.
pub(crate) fn has(context: &Context, mission: &Mission) -> bool {
    scheduler(mission).is_some() || has_line(context, mission.slug())
}

/// Who was last told to run the ticks of a mission.
pub(crate) fn scheduler(mission: &Mission) -> Option<Scheduler> {
    mission.part(KEY)
}

/// The missions of this folder that have a line, with it, those included that the state file does not know.
///
/// Fails (exit 4) if the crontab cannot be used.
pub(crate) fn lines(config: &Config) -> anyhow::Result<Vec<(String, String)>> {
    let slug_of = |line: &str| crontab::mission_of(line, config.skill_dir());
    let crontab = crontab::read()?;
    Ok(crontab.lines().filter_map(|line| Some((slug_of(line)?, line.to_owned()))).collect())
}

/// The gateway's job of a mission, if there is one: its id.
///
/// Fails if the gateway cannot be asked (exit 4), or there is no program for that (exit 3).
pub(crate) fn job(
    context: &Context,
    slug: &str,
    scheduler: Scheduler,
) -> anyhow::Result<Option<String>> {
    match scheduler {
        Scheduler::Crontab => Ok(None),
        Scheduler::Openclaw => openclaw::find(&mark(&context.config, slug)),
    }
}

/// The gateway's scheduler.
///
/// Fails (exit 3) if there is no program that speaks to it.
pub(crate) fn of_gateway() -> anyhow::Result<Scheduler> {
    openclaw::program()?;
    Ok(Scheduler::Openclaw)
}

fn kept(context: &Context, slug: &str) -> anyhow::Result<Option<Scheduler>> {
    Ok(context.file.read()?.get(slug).as_ref().and_then(scheduler))
}

fn has_line(context: &Context, slug: &str) -> bool {
    let mark = mark(&context.config, slug);
    crontab::read().is_ok_and(|crontab| !crontab::marked(&crontab, &mark).is_empty())
}

fn mark(config: &Config, slug: &str) -> String {
    crontab::mission_mark(slug, config.skill_dir())
}
