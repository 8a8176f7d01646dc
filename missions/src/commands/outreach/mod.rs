//! `outreach`: from a list to a plan, and from the plan to the first calls or texts. What is planned is stored before the
//! first request, and each stage after it, so that the same line again goes on wherever it stopped.

mod begin;
mod draft;

use std::collections::HashSet;

use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::shell;

use crate::args::OutreachArgs;
use crate::commands::init::claim;
use crate::context::CommandContext;
use crate::outreach::plan::{self, RefusedRow};
use crate::outreach::quota::Quota;
use crate::outreach::report::Report;
use crate::outreach::targets;
use crate::store::{Mission, Missions, event, outreach};
use draft::Draft;

/// How many rows of the plan are printed of one that is carried out: the rest stands in the report.
const SHOWN: usize = 20;

/// What is printed.
struct Printed<'a> {
    slug: &'a str,
    dry_run: bool,
    outreach: &'a outreach::Outreach,
    /// Those that were begun before, which are not shown again.
    begun: &'a HashSet<String>,
    refused: &'a [RefusedRow],
    quota: Quota,
    ticker: Option<&'static str>,
}

pub(crate) fn run(context: &CommandContext, args: &OutreachArgs) -> anyhow::Result<Exit> {
    let draft = Draft::read(context, args)?;
    let listed = match &args.targets {
        Some(path) => targets::read(path)?,
        None => targets::of_numbers(&args.to),
    };
    let _lock = if args.dry_run { None } else { Some(context.lock_workflow()?) };
    let missions = context.store.read()?;
    let live = claim::live(&missions, &draft.name);
    if live.is_none()
        && !args.again
        && let Some(report) = ended(context, &missions, &draft.name)?
    {
        return print_ended(context, &report);
    }
    let existing = live.as_deref().map(|slug| missions.require(slug)).transpose()?;
    let stored = existing.as_ref().map(|mission| same(mission, &draft)).transpose()?;
    if stored.as_ref().is_some_and(|stored| stored.denied) && !args.again {
        return Err(begin::denied().into());
    }
    let begun = existing.as_ref().map(begun).transpose()?.unwrap_or_default();
    drop(missions);
    let (planned, refused) = draft.plan(context, &listed, stored.as_ref(), live.as_deref())?;
    let n_new = planned.targets.len() - stored.as_ref().map_or(0, |stored| stored.targets.len());
    let quota = Quota::fetch(&context.api()?)?;
    let slug = live.clone().unwrap_or_else(|| crate::slug::of_name(&draft.name));
    let mut printed = Printed {
        slug: &slug,
        dry_run: args.dry_run,
        outreach: &planned,
        begun: &begun,
        refused: &refused,
        quota,
        ticker: None,
    };
    if planned.targets.is_empty() || (args.strict && !refused.is_empty()) {
        context.printer.print_with_failure(&printed.json(), || printed.text());
        return Err(nobody(&refused, args.strict).into());
    }
    if let Err(fault) = quota.check(n_new, live.is_none()) {
        context.printer.print_with_failure(&printed.json(), || printed.text());
        return Err(fault.into());
    }
    if args.dry_run {
        context.printer.print(&printed.json(), || printed.text())?;
        return Ok(Exit::Done);
    }
    let goes_on = begin::begin(context, &draft, &planned)?;
    printed.slug = &goes_on.slug;
    printed.outreach = &goes_on.outreach;
    printed.ticker = goes_on.ticker;
    context.end(&printed.json(), || printed.text(), goes_on.fault)
}

impl Printed<'_> {
    fn json(&self) -> Value {
        let is_shown = |target: &&outreach::OutreachTarget| {
            target.dropped.is_none() && !self.begun.contains(&target.to)
        };
        let targets: Vec<_> = self.outreach.targets.iter().filter(is_shown).collect();
        let shown = if self.dry_run { targets.len() } else { SHOWN };
        let row = |target: &&outreach::OutreachTarget| plan::row(self.outreach.channel, target);
        let rows: Vec<Value> = targets.iter().take(shown).map(row).collect();
        let refused: Vec<Value> = self.refused.iter().map(RefusedRow::json).collect();
        let n_begun = self.begun.len();
        let totals =
            json!({ "planned": targets.len(), "begun": n_begun, "refused": refused.len() });
        let next = format!("missions wait {}", shell::quote(self.slug));
        let mut document = json!({
            "slug": self.slug, "dry_run": self.dry_run, "plan": rows, "refused": refused, "totals": totals,
            "quota": self.quota.json(), "ticker": self.ticker, "next": next,
        });
        if targets.len() > shown {
            document["not_shown"] = (targets.len() - shown).into();
        }
        if self.dry_run {
            document["next"] = Value::Null;
        }
        document
    }

    fn text(&self) -> String {
        let line = |target: &outreach::OutreachTarget| {
            let name = target.name.as_deref().unwrap_or_default();
            format!("{}  {}  {name}\n", target.window.local(target.at), target.to)
        };
        let refused = |row: &RefusedRow| format!("line {}: {}: {}\n", row.line, row.given, row.why);
        let head = format!("{}: {} planned\n", self.slug, self.outreach.targets.len());
        let plan = self.outreach.targets.iter().map(line);
        std::iter::once(head).chain(plan).chain(self.refused.iter().map(refused)).collect()
    }
}

/// The numbers that were called or texted, or are scheduled.
fn begun(mission: &Mission) -> anyhow::Result<HashSet<String>> {
    let events = event::all(mission)?.into_iter().filter(|(_, event)| !event.withdrawn);
    Ok(events.map(|(_, event)| event.to).collect())
}

/// The report of the newest outreach of that name that has ended.
fn ended(
    context: &CommandContext,
    missions: &Missions,
    name: &str,
) -> anyhow::Result<Option<Report>> {
    let Some(slug) = claim::ended(missions, name) else { return Ok(None) };
    let mission = missions.require(&slug)?;
    if !outreach::is_outreach(&mission) {
        return Ok(None);
    }
    Report::read(context, &mission).map(Some)
}

fn print_ended(context: &CommandContext, report: &Report) -> anyhow::Result<Exit> {
    state::out::progress("it has ended; nothing was begun; `--again` begins anew");
    let mut document = report.json(None);
    document["ended"] = true.into();
    context.printer.print(&document, || report.text())?;
    Ok(Exit::Done)
}

/// The outreach of that name that goes on. Fails (exit 2) if it asks something else, or is another kind of mission.
fn same(mission: &Mission, draft: &Draft) -> anyhow::Result<outreach::Outreach> {
    let stored = outreach::require(mission)?;
    let slug = shell::quote(mission.slug());
    if stored.question != draft.question || stored.channel != draft.channel {
        let text = format!("outreach `{}` goes on with another question", mission.slug());
        return Err(Fault::usage(text)
            .hint(format!("give the same one, another NAME, or end it: `missions cancel {slug}`"))
            .into());
    }
    Ok(stored)
}

fn nobody(refused: &[RefusedRow], strict: bool) -> Fault {
    let first = refused.first().map_or_else(
        || "the list has nobody new".to_owned(),
        |row| format!("line {}: {}", row.line, row.why),
    );
    let text = if strict {
        format!("{} rows are refused; {first}", refused.len())
    } else {
        format!("nobody on the list can be reached; {first}")
    };
    Fault::usage(text).hint("mend the rows in `refused`; nothing was begun")
}
