//! `resolve`: searches again for what is unconfirmed, or takes the user's word for what became of it.

use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};
use state::intents::Intent;
use state::out;

use crate::args::Resolve;
use crate::context::CommandContext;
use crate::create_once::{self, PENDING, PendingCreate, Resource};
use crate::scheduling::{ScheduleRequest, TOOL, confirm, record};
use crate::service::{self, RunRef, ScheduledRow, ServiceApi};
use crate::store::Missions;
use crate::suggest;

pub(crate) fn run(context: &CommandContext, args: &Resolve) -> anyhow::Result<Exit> {
    let intents = context.intents().unconfirmed(TOOL)?;
    let missions = context.store.read()?;
    match &args.id {
        None => search_again(context, &intents, &missions),
        Some(id) => match intents.iter().find(|intent| intent.id == *id) {
            Some(intent) => settle_intent(context, intent, args),
            None => settle_stage(context, &missions, id, &intents, args),
        },
    }
}

/// Searches once for everything that is unconfirmed, and lists what still is.
fn search_again(
    context: &CommandContext,
    intents: &[Intent],
    missions: &Missions,
) -> anyhow::Result<Exit> {
    let (mut settled, mut unconfirmed) = (Vec::new(), Vec::new());
    if !intents.is_empty() {
        let api = context.api()?;
        for intent in intents {
            match confirm::find_match(context, &api, intent) {
                Ok(Some(event)) => {
                    confirm::settle(context, intent, &event)?;
                    settled.push(json!({ "id": intent.id, "made": event.id() }));
                }
                Ok(None) => unconfirmed.push(confirm::unconfirmed_json(intent)),
                Err(err) => {
                    out::warning(&exit::one_line(&err));
                    unconfirmed.push(confirm::unconfirmed_json(intent));
                }
            }
        }
    }
    for (slug, pending) in create_once::unconfirmed(missions) {
        let (what, started) = (pending.what.word(), pending.at.to_string());
        unconfirmed.push(json!({ "id": slug, "what": what, "begun": started, "mission": slug }));
    }
    let document = json!({ "settled": settled, "unsettled": unconfirmed });
    let line = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
        format!("{}: {} to {}, begun {}\n", text("id"), text("what"), text("to"), text("begun"))
    };
    let text = || {
        let lines: String = unconfirmed.iter().map(line).collect();
        if lines.is_empty() { "Nothing is unsettled".to_owned() } else { lines }
    };
    if !unconfirmed.is_empty() {
        context.printer.print_with_failure(&document, text);
        return Ok(Exit::Unconfirmed);
    }
    context.printer.print_after_change(&document, text)?;
    Ok(Exit::Done)
}

/// What the user says that it created; `None` if nothing happened.
fn created(args: &Resolve) -> Result<Option<&str>, Fault> {
    match (&args.happened, args.nothing_happened) {
        (Some(id), _) => Ok(Some(id)),
        (None, true) => Ok(None),
        (None, false) => Err(Fault::usage("say what you saw: --happened ID or --nothing-happened")),
    }
}

fn settle_intent(
    context: &CommandContext,
    intent: &Intent,
    args: &Resolve,
) -> anyhow::Result<Exit> {
    let Some(id) = created(args)? else {
        context.intents().remove(&intent.id)?;
        return print(context, &intent.id, None);
    };
    let request: ScheduleRequest = serde_json::from_value(intent.request.clone())?;
    let api = context.api()?;
    let event = service::scheduled_events::get(&api, &request.body.assistant_id, id)?;
    if !request.body.is_like(&event) {
        let text = format!("`{id}` is not {}", request.description());
        return Err(Fault::usage(text).hint("`missions resolve` lists what is unconfirmed").into());
    }
    confirm::settle(context, intent, &event)?;
    let event = ScheduledRow::new(event.into_row());
    record::record_and_print(context, &api, &request, event, true)
}

fn settle_stage(
    context: &CommandContext,
    missions: &Missions,
    slug: &str,
    intents: &[Intent],
    args: &Resolve,
) -> anyhow::Result<Exit> {
    let stages = create_once::unconfirmed(missions);
    let Some((_, pending)) = stages.iter().find(|(known, _)| *known == slug) else {
        return Err(not_unconfirmed(slug, intents, &stages).into());
    };
    let created = created(args)?;
    let key = match (pending.what, created) {
        (_, None) => None,
        (Resource::Plan, Some(_)) => {
            return Err(Fault::usage(
                "a plan has no id: run `missions init` again, it finds a plan that is there",
            )
            .into());
        }
        (Resource::Mission, Some(_)) => Some("mission_id"),
        (Resource::Run, Some(_)) => Some("run_id"),
        (Resource::Assistant, Some(_)) => Some("assistant_id"),
    };
    if let Some(id) = created {
        let mission_id = missions.require(slug)?.mission_id();
        check_exists(&context.api()?, pending.what, mission_id, id)?;
    }
    context.store.change_mission(slug, |mission| {
        if let (Some(key), Some(id)) = (key, created) {
            mission.set(key, id);
        }
        mission.unset(PENDING);
        Ok(())
    })?;
    print(context, slug, created)
}

fn not_unconfirmed(id: &str, intents: &[Intent], stages: &[(&str, PendingCreate)]) -> Fault {
    let known =
        intents.iter().map(|intent| &*intent.id).chain(stages.iter().map(|(slug, _)| *slug));
    let known = suggest::sorted(id, known);
    Fault::usage(if known.is_empty() {
        format!("`{id}` is not unconfirmed, nor is anything else")
    } else {
        format!("`{id}` is not unconfirmed; these are: {}", suggest::listed(&known, 5))
    })
}

/// Fetches what was created, so that a mistyped id does not become a mission.
fn check_exists(
    api: &ServiceApi,
    what: Resource,
    mission: Option<&str>,
    id: &str,
) -> anyhow::Result<()> {
    match what {
        Resource::Mission => service::missions::get(api, id).map(drop),
        Resource::Run => {
            let run = RunRef { mission: mission.unwrap_or_default(), run: id };
            service::runs::get(api, run).map(drop)
        }
        Resource::Assistant => service::assistants::get(api, id).map(drop),
        Resource::Plan => Ok(()),
    }
}

fn print(context: &CommandContext, id: &str, created: Option<&str>) -> anyhow::Result<Exit> {
    let document = json!({ "settled": [{ "id": id, "made": created }], "unsettled": [] });
    context.printer.print_after_change(&document, || match created {
        Some(created) => format!("Settled {id}: it made {created}"),
        None => format!("Settled {id}: nothing happened"),
    })?;
    Ok(Exit::Done)
}
