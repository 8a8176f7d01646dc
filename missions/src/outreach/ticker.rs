//! What makes sure that a mission goes on by itself: the user's cron where its daemon runs, else the gateway's scheduler.

use state::cron_daemon;
use state::{exit, out, shell};

use crate::context::CommandContext;
use crate::cron::{self, TickInterval, TickScheduler};

/// Lets something run ticks for a mission, and names it. `None`, with a warning, if nothing can.
pub(crate) fn ensure(context: &CommandContext, slug: &str) -> anyhow::Result<Option<&'static str>> {
    let missions = context.store.read()?;
    let existing = cron::scheduler(&missions.require(slug)?);
    drop(missions);
    if let Some(existing) = existing
        && !(existing == TickScheduler::Crontab && cron_daemon::is_missing())
    {
        return Ok(Some(name(existing)));
    }
    let mut why = cron_daemon::MISSING.to_owned();
    if !cron_daemon::is_missing() {
        match add(context, slug, TickScheduler::Crontab) {
            Ok(name) => return Ok(Some(name)),
            Err(err) => why = exit::one_line(&err),
        }
    }
    if let Ok(scheduler) = cron::of_gateway() {
        match add(context, slug, scheduler) {
            Ok(name) => return Ok(Some(name)),
            Err(err) => why = exit::one_line(&err),
        }
    }
    let slug = shell::quote(slug);
    out::warning(&format!(
        "nothing ticks by itself ({why}): `missions wait {slug}` does while it runs, and so does `missions watch {slug}`"
    ));
    Ok(None)
}

fn add(
    context: &CommandContext,
    slug: &str,
    scheduler: TickScheduler,
) -> anyhow::Result<&'static str> {
    cron::try_key(context)?;
    cron::add(context, slug, scheduler, TickInterval::minutes(1)?)?;
    Ok(name(scheduler))
}

fn name(scheduler: TickScheduler) -> &'static str {
    match scheduler {
        TickScheduler::Crontab => "crontab",
        TickScheduler::Openclaw => "openclaw",
    }
}
