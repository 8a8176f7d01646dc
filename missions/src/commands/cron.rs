//! `cron add`, `cron remove`, `cron list`: lets `tick` run for a mission until it ends.

use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};
use state::{cron_daemon, failure, out, shell};

use crate::args::{AddCron, CronCommand};
use crate::context::CommandContext;
use crate::cron::{self, TickInterval, TickScheduler};
use crate::input;
use crate::store::event;

pub(crate) fn run(context: &CommandContext, what: &CronCommand) -> anyhow::Result<Exit> {
    match what {
        CronCommand::Add(args) => add(context, args),
        CronCommand::Remove { slug } => remove(context, slug),
        CronCommand::List { slug } => list(context, slug.as_deref()),
    }
}

fn add(context: &CommandContext, args: &AddCron) -> anyhow::Result<Exit> {
    let slug = &args.slug;
    let every = TickInterval::minutes(args.every)?;
    check_goes_on(context, slug)?;
    let scheduler = if args.openclaw { cron::of_gateway()? } else { TickScheduler::Crontab };
    if let Some(step) = &args.step {
        set_verify_step(context, slug, step)?;
    }
    cron::try_key(context)?;
    let written = cron::add(context, slug, scheduler, every).map_err(|err| {
        if scheduler == TickScheduler::Openclaw {
            return err;
        }
        let (hint, slug) = (failure::hint_of(&err), shell::quote(slug));
        let others = format!("`missions cron add {slug} --openclaw` lets the gateway tick, `missions watch {slug}` ticks here");
        let hint = hint.map_or_else(|| others.clone(), |hint| format!("{hint}; {others}"));
        Fault::new(failure::exit_of(&err), exit::one_line(&err)).hint(hint).into()
    })?;
    if scheduler == TickScheduler::Crontab && cron_daemon::is_missing() {
        let (missing, start) = (cron_daemon::MISSING, cron_daemon::START);
        out::warning(&format!("{missing}; {start}, or give --openclaw"));
    }
    let mut document = serde_json::to_value(scheduler)?;
    document["slug"] = json!(slug);
    document["changed"] = json!(written.is_some());
    document["written"] = json!(written);
    context.printer.print_after_change(&document, || match &written {
        Some(written) => format!("Added: {written}"),
        None => format!("'{slug}' had it already"),
    })?;
    Ok(Exit::Done)
}

fn remove(context: &CommandContext, slug: &str) -> anyhow::Result<Exit> {
    let removed = cron::remove(context, slug)?;
    if !removed {
        // A line may be left of a mission that is not stored any more, but a wrong slug is more likely.
        context.store.read()?.require(slug)?;
    }
    let document = json!({ "slug": slug, "changed": removed });
    context.printer.print_after_change(&document, || {
        let any_more = if removed { "runs ticks for it any more" } else { "ran ticks for it" };
        format!("'{slug}': nothing {any_more}")
    })?;
    Ok(Exit::Done)
}

fn list(context: &CommandContext, only: Option<&str>) -> anyhow::Result<Exit> {
    let missions = context.store.read()?;
    if let Some(slug) = only {
        missions.require(slug)?;
    }
    let is_wanted = |slug: &str| only.is_none_or(|only| only == slug);
    let mut listed: Vec<Value> = Vec::new();
    for (slug, line) in cron::lines(&context.config)? {
        if is_wanted(&slug) {
            listed.push(json!({"slug": slug, "scheduler": "crontab", "line": line}));
        }
    }
    for mission in missions.iter().filter(|mission| is_wanted(mission.slug())) {
        let Some(scheduler) = cron::scheduler(&mission) else { continue };
        if let Some(id) = cron::job(context, mission.slug(), scheduler)? {
            listed.push(json!({"slug": mission.slug(), "scheduler": "openclaw", "job": id}));
        }
    }
    let text = || listed.iter().map(row).collect::<Vec<_>>().join("\n");
    context.printer.print(&json!({ "missions": listed }), text)?;
    Ok(Exit::Done)
}

fn row(listed: &Value) -> String {
    let text = |key: &str| listed[key].as_str().unwrap_or_default();
    format!("{}: {} {}{}", text("slug"), text("scheduler"), text("line"), text("job"))
}

fn check_goes_on(context: &CommandContext, slug: &str) -> anyhow::Result<()> {
    let missions = context.store.read()?;
    let status = missions.require(slug)?.status();
    if status.is_over() {
        return Err(Fault::usage(format!("mission `{slug}` has ended: {status}"))
            .hint("nothing is left for a tick to do")
            .into());
    }
    Ok(())
}

/// Sets the step that ends with the mission's last event, as scheduling does: with each event.
fn set_verify_step(context: &CommandContext, slug: &str, step: &str) -> anyhow::Result<()> {
    context.store.change_mission(slug, |mission| {
        input::step_of(&mission.view().plan(), step)?;
        let ids: Vec<String> = event::ids(&mission.view()).map(str::to_owned).collect();
        if ids.is_empty() {
            return Err(Fault::usage(format!(
                "mission `{slug}` has nothing scheduled that --step could wait for"
            ))
            .hint("schedule first, or give --verify-step to schedule-call or schedule-sms")
            .into());
        }
        for id in ids {
            if let Some(mut event) = event::get(&mission.view(), &id) {
                event.verify_step = Some(step.to_owned());
                event::set(mission, &id, &event)?;
            }
        }
        Ok(())
    })
}
