//! Begins an outreach, or goes on with it: stored, approved, set up at the service, its first batches scheduled, ticked.

use std::collections::HashSet;

use state::exit::{Exit, Fault};
use state::{sanitize, shell};

use super::draft::Draft;
use crate::commands::init::{self, claim};
use crate::commands::setup_agent;
use crate::context::CommandContext;
use crate::engine::{self, Engine, MissionSnapshot};
use crate::outreach::approval::{self, OwnerDecision};
use crate::outreach::ticker;
use crate::service::Channel;
use crate::store::outreach::{self, Outreach, OutreachTarget};
use crate::store::progress;

/// How many names the owner is shown, and how long each may be.
const NAMED: usize = 5;
const LONGEST_NAME: usize = 40;

/// How long a call takes, for the estimate that the owner is shown, in minutes.
const MINUTES_A_CALL: usize = 3;

/// An outreach that goes on.
pub(super) struct Begun {
    pub(super) slug: String,
    pub(super) outreach: Outreach,
    pub(super) ticker: Option<&'static str>,
    /// What stopped it before its first batches were scheduled.
    pub(super) fault: Option<Fault>,
}

pub(super) fn begin(
    context: &CommandContext,
    draft: &Draft,
    planned: &Outreach,
) -> anyhow::Result<Begun> {
    let slug = store(context, draft, planned)?;
    approve(context, &slug)?;
    init::run_open_stages(context, &slug)?;
    setup_agent::set_up(context, &slug, &draft.assistant(), !planned.takes_line)?;
    let _lock = engine::lock(context)?;
    let missions = context.store.read()?;
    let snapshot = MissionSnapshot::of(context, &missions.require(&slug)?)?;
    drop(missions);
    // Those whose first call or text may be scheduled keep their time.
    let planned = snapshot.outreach.iter().flat_map(|outreach| &outreach.planned);
    let unconfirmed = planned.filter(|one| one.unconfirmed.is_some()).map(|one| one.to.clone());
    let begun = snapshot.targets.iter().map(|target| target.to.clone());
    let begun: HashSet<String> = begun.chain(unconfirmed).collect();
    context.store.change_mission(&slug, |mission| {
        outreach::change(mission, |outreach| draft.replan(context, outreach, &begun))?;
        progress::set_tick_due(mission, Some(context.now()));
        Ok(())
    })?;
    let mut engine = Engine::new(context)?;
    let report = engine::process(&mut engine, &slug, None);
    let ticker = ticker::ensure(context, &slug)?;
    let missions = context.store.read()?;
    let outreach = outreach::require(&missions.require(&slug)?)?;
    let fault = report.fault(&slug);
    Ok(Begun { slug, outreach, ticker, fault })
}

/// Stores what is planned, before the first request; the slug of its mission.
fn store(context: &CommandContext, draft: &Draft, planned: &Outreach) -> anyhow::Result<String> {
    let now = context.now();
    let threshold = approval::threshold(&context.config)?;
    context.store.change(|missions| {
        let claimed = claim::claim(missions, &draft.name, &draft.init_request(), now)?;
        let mut mission = missions.require_mut(&claimed.slug)?;
        let mut outreach = match outreach::get(&mission.view())? {
            None => planned.clone(),
            // A tick may have been at work since it was read.
            Some(mut current) => {
                let known: HashSet<String> =
                    current.targets.iter().map(|target| target.to.clone()).collect();
                let new = planned.targets.iter().filter(|target| !known.contains(&target.to));
                current.targets.extend(new.cloned());
                current
            }
        };
        outreach.denied = false;
        if outreach.targets.len() <= threshold {
            outreach.targets.iter_mut().for_each(|target| target.approved = true);
        }
        outreach::set(&mut mission, &outreach)?;
        Ok(claimed.slug)
    })
}

/// Asks the owner about those whom nobody approved. Fails with the code of `approval` without a yes.
fn approve(context: &CommandContext, slug: &str) -> anyhow::Result<()> {
    let read = || -> anyhow::Result<Outreach> {
        let missions = context.store.read()?;
        Ok(outreach::require(&missions.require(slug)?)?)
    };
    let outreach = read()?;
    if outreach.targets.iter().all(|target| target.approved) {
        return Ok(());
    }
    let request = if let Some(open) = &outreach.approval {
        Ok(open.clone())
    } else {
        let (action, details) = question(&outreach);
        let asked = approval::request(context, &action, &details)?;
        if let Ok(id) = &asked {
            let id = Some(id.clone());
            change(context, slug, |outreach| outreach.approval = id)?;
        }
        asked
    };
    let decision = match request {
        Ok(id) => approval::wait(context, &id)?,
        Err(decision) => decision,
    };
    let fault = match decision {
        OwnerDecision::Approved => {
            return change(context, slug, |outreach| {
                outreach.approval = None;
                outreach.targets.iter_mut().for_each(|target| target.approved = true);
            });
        }
        OwnerDecision::Denied => {
            change(context, slug, |outreach| {
                (outreach.approval, outreach.denied) = (None, true);
            })?;
            denied()
        }
        OwnerDecision::Open => Fault::new(Exit::Undecided, "the owner has not decided yet")
            .hint("run the same line again: it waits on; nothing was begun"),
        OwnerDecision::Expired => {
            change(context, slug, |outreach| outreach.approval = None)?;
            Fault::new(Exit::Undecided, "the owner did not decide in time")
                .hint("run the same line again: it asks again; nothing was begun")
        }
        OwnerDecision::NoDevice => {
            change(context, slug, |outreach| outreach.approval = None)?;
            Fault::new(Exit::NoDevice, "the owner's phone could not be asked; nothing was begun")
                .hint("tell the user; a shorter list needs no approval")
        }
    };
    let show = format!("; `missions report {}` shows the plan", shell::quote(slug));
    state::out::progress(show.trim_start_matches("; "));
    Err(fault.into())
}

fn change(
    context: &CommandContext,
    slug: &str,
    change: impl FnOnce(&mut Outreach),
) -> anyhow::Result<()> {
    context.store.change_mission(slug, |mission| outreach::change(mission, change))
}

/// The plan in one line for the owner, and the question beside it.
fn question(outreach: &Outreach) -> (String, String) {
    let new: Vec<&OutreachTarget> =
        outreach.targets.iter().filter(|target| !target.approved).collect();
    let name = |target: &&OutreachTarget| {
        let name = target.name.as_deref().unwrap_or(&target.to);
        sanitize::line_up_to(name, LONGEST_NAME)
    };
    let mut names: Vec<String> = new.iter().take(NAMED).map(name).collect();
    if new.len() > NAMED {
        names.push(format!("{} more", new.len() - NAMED));
    }
    let first = new.iter().min_by_key(|target| target.at);
    let first = first.map(|target| target.window.local(target.at)).unwrap_or_default();
    let (what, minutes) = match outreach.channel {
        Channel::Call => ("Call", format!("; about {} minutes", new.len() * MINUTES_A_CALL)),
        Channel::Sms => ("Text", String::new()),
    };
    let (n, who) = (new.len(), sanitize::line_up_to(&outreach.who, LONGEST_NAME));
    let names = names.join(", ");
    let action = format!("{what} {n} numbers for {who}: {names}; first {first}{minutes}");
    (action, sanitize::line_up_to(&outreach.question, 400))
}

/// The owner said no, now or before.
pub(super) fn denied() -> Fault {
    Fault::new(Exit::No, "the owner denied this outreach; nothing was begun")
        .hint("tell the user; `--again` asks once more, if they say so")
}
