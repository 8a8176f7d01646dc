//! What runs `tick` for a mission: one marked line of the user's crontab, or a job of the gateway's scheduler.

mod crontab_line;
mod gateway_job;
mod try_key;

use serde::{Deserialize, Serialize};
use state::config::Config;
use state::cron_daemon;
use state::crontab::{self, CrontabLine};

use crate::context::CommandContext;
use crate::store::Mission;

pub(crate) use crontab_line::TickInterval;
pub(crate) use try_key::try_key;

/// The key in a mission of its scheduler.
const KEY: &str = "cron";

/// Who runs the ticks of a mission. No program is named here: a state file is data, and may have come from anywhere. The
/// key `program` that earlier versions stored beside it is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheduler", rename_all = "lowercase")]
pub(crate) enum TickScheduler {
    /// The user's cron.
    Crontab,
    /// The gateway, spoken to through its program, which is searched for each time.
    Openclaw,
}

/// Lets `scheduler` run the ticks, and no other. Returns what was written, the line or the id of the job; `None` if nothing
/// had to be changed.
///
/// Fails (exit 4) if the scheduler cannot be used.
pub(crate) fn add(
    context: &CommandContext,
    slug: &str,
    scheduler: TickScheduler,
    every: TickInterval,
) -> anyhow::Result<Option<String>> {
    let line = crontab_line::line(context, slug, every)?;
    if stored(context, slug)?.is_some_and(|stored| stored != scheduler) {
        remove(context, slug)?;
    }
    // Stored before it is done: after a crash in between, `remove` knows where to look.
    let was_stored = stored(context, slug)?.is_some();
    context.store.change_mission(slug, |mission| mission.set_typed(KEY, &scheduler))?;
    let added = write(context, slug, scheduler, every, &line);
    if added.is_err() && !was_stored {
        context.store.change_mission(slug, |mission| {
            mission.unset(KEY);
            Ok(())
        })?;
    }
    added
}

fn write(
    context: &CommandContext,
    slug: &str,
    scheduler: TickScheduler,
    every: TickInterval,
    line: &CrontabLine,
) -> anyhow::Result<Option<String>> {
    match scheduler {
        TickScheduler::Crontab => {
            let skill = context.config.skill_dir();
            let changed = crontab::set_lines(
                skill,
                &mark(&context.config, slug),
                std::slice::from_ref(line),
            )?;
            Ok(changed.then(|| line.text().to_owned()))
        }
        TickScheduler::Openclaw => {
            let job = gateway_job::GatewayJob { name: &mark(&context.config, slug), every };
            gateway_job::add(&job, &crontab_line::command(context, slug)?)
        }
    }
}

/// Removes the line or the job of a mission; false if there was none.
///
/// A crontab that cannot be used is an error (exit 4) only for a mission that was given a line.
pub(crate) fn remove(context: &CommandContext, slug: &str) -> anyhow::Result<bool> {
    let mark = mark(&context.config, slug);
    let Some(scheduler) = stored(context, slug)? else {
        return Ok(
            has_line(context, slug) && crontab::set_lines(context.config.skill_dir(), &mark, &[])?
        );
    };
    let removed = match scheduler {
        TickScheduler::Openclaw => gateway_job::remove(&mark)?,
        TickScheduler::Crontab => crontab::set_lines(context.config.skill_dir(), &mark, &[])?,
    };
    context.store.change(|missions| {
        // The mission may have been removed from the state file meanwhile.
        if let Ok(mut mission) = missions.require_mut(slug) {
            mission.unset(KEY);
        }
        Ok(())
    })?;
    Ok(removed)
}

/// Whether something may still run ticks for a mission.
pub(crate) fn has(context: &CommandContext, mission: &Mission) -> bool {
    scheduler(mission).is_some() || has_line(context, mission.slug())
}

/// What runs ticks for a mission and is alive, by its name: a crontab without a daemon is not.
pub(crate) fn live(mission: &Mission) -> Option<&'static str> {
    match scheduler(mission)? {
        TickScheduler::Crontab if cron_daemon::is_missing() => None,
        TickScheduler::Crontab => Some("crontab"),
        TickScheduler::Openclaw => Some("openclaw"),
    }
}

/// What runs ticks for a mission, as it was last set up.
pub(crate) fn scheduler(mission: &Mission) -> Option<TickScheduler> {
    mission.typed(KEY)
}

/// The missions of this folder that have a line, with it; those included that the state file does not have.
///
/// Fails (exit 4) if the crontab cannot be used.
pub(crate) fn lines(config: &Config) -> anyhow::Result<Vec<(String, String)>> {
    let slug_of = |line: &str| crontab::mission_slug(line, config.skill_dir());
    let crontab = crontab::read()?;
    Ok(crontab.lines().filter_map(|line| Some((slug_of(line)?, line.to_owned()))).collect())
}

/// The id of the gateway's job of a mission, if there is one.
///
/// Fails if the gateway cannot be asked (exit 4), or there is no program for that (exit 3).
pub(crate) fn job(
    context: &CommandContext,
    slug: &str,
    scheduler: TickScheduler,
) -> anyhow::Result<Option<String>> {
    match scheduler {
        TickScheduler::Crontab => Ok(None),
        TickScheduler::Openclaw => gateway_job::find(&mark(&context.config, slug)),
    }
}

/// The gateway's scheduler.
///
/// Fails (exit 3) if there is no program that speaks to it.
pub(crate) fn of_gateway() -> anyhow::Result<TickScheduler> {
    gateway_job::program()?;
    Ok(TickScheduler::Openclaw)
}

fn stored(context: &CommandContext, slug: &str) -> anyhow::Result<Option<TickScheduler>> {
    Ok(context.store.read()?.get(slug).as_ref().and_then(scheduler))
}

fn has_line(context: &CommandContext, slug: &str) -> bool {
    let mark = mark(&context.config, slug);
    crontab::read().is_ok_and(|crontab| !crontab::lines_with_mark(&crontab, &mark).is_empty())
}

fn mark(config: &Config, slug: &str) -> String {
    crontab::mission_mark(slug, config.skill_dir())
}
