//! `resolve`: what may or may not have happened is looked for again, or settled by somebody who looked.

use serde_json::{Value, json};
use state::exit::{Exit, Fault};
use state::intents::Intent;

use crate::args::Resolve;
use crate::context::Context;
use crate::schedule::{self, Order, TOOL};
use crate::service::{self, ScheduledRow, ServiceApi};
use crate::stages::{Made, OPEN, Open};
use crate::state_file::{Mission, Missions};
use crate::suggest;

pub(crate) fn run(context: &Context, args: &Resolve) -> anyhow::Result<Exit> {
    let intents = context.intents().open(TOOL)?;
    let missions = context.file.read()?;
    match &args.id {
        None => look_again(context, &intents, &missions),
        Some(id) => match intents.iter().find(|intent| intent.id == *id) {
            Some(intent) => by_hand(context, intent, args),
            None => stage_by_hand(context, &missions, id, &intents, args),
        },
    }
}

/// Looks once for everything that is open, and lists what is left.
fn look_again(context: &Context, intents: &[Intent], missions: &Missions) -> anyhow::Result<Exit> {
    let (mut settled, mut left) = (Vec::new(), Vec::new());
    for intent in intents {
        match schedule::look(context, &context.api()?, intent) {
            Ok(Some(event)) => {
                schedule::settle(context, intent, &event)?;
                settled.push(json!({ "id": intent.id, "made": event.id() }));
            }
            Ok(None) => left.push(schedule::unsettled(intent)),
            Err(err) => {
                state::out::warning(&state::exit::told(&err));
                left.push(schedule::unsettled(intent));
            }
        }
    }
    for (slug, open) in open_stages(missions) {
        left.push(json!({ "id": slug, "what": open.what.word(), "begun": open.at.to_string(), "mission": slug }));
    }
    let document = json!({ "settled": settled, "unsettled": left });
    let line = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
        format!("{}: {} to {}, begun {}\n", text("id"), text("what"), text("to"), text("begun"))
    };
    let text = || {
        let left: String = left.iter().map(line).collect();
        if left.is_empty() { "Nothing is unsettled".to_owned() } else { left }
    };
    if !left.is_empty() {
        context.printer.beside(&document, text);
        return Ok(Exit::Unknown);
    }
    context.printer.done(&document, text)?;
    Ok(Exit::Done)
}

fn open_stages<'a>(missions: &'a Missions) -> Vec<(&'a str, Open)> {
    let open = |one: Mission<'a>| Some((one.slug(), one.part::<Open>(OPEN)?));
    missions.iter().filter_map(open).filter(|(_, open)| !open.deferred).collect()
}

fn which(args: &Resolve) -> Result<Option<&str>, Fault> {
    match (&args.happened, args.nothing_happened) {
        (Some(made), _) => Ok(Some(made)),
        (None, true) => Ok(None),
        (None, false) => Err(Fault::usage("say what you saw: --happened ID or --nothing-happened")),
    }
}

fn by_hand(context: &Context, intent: &Intent, args: &Resolve) -> anyhow::Result<Exit> {
    let Some(made) = which(args)? else {
        context.intents().withdraw(&intent.id)?;
        return print(context, &intent.id, None);
    };
    let order: Order = serde_json::from_value(intent.request.clone())?;
    let api = context.api()?;
    let event = service::scheduled_events::get(&api, &order.new.assistant_id, made)?;
    if !order.new.is_like(&event) {
        let text = format!("`{made}` is not {}", order.told());
        return Err(Fault::usage(text).hint("`missions resolve` lists what is looked for").into());
    }
    schedule::settle(context, intent, &event)?;
    schedule::done(context, &api, &order, ScheduledRow::new(event.into_row()), true)
}

fn stage_by_hand(
    context: &Context,
    missions: &Missions,
    slug: &str,
    intents: &[Intent],
    args: &Resolve,
) -> anyhow::Result<Exit> {
    let stages = open_stages(missions);
    let Some((_, open)) = stages.iter().find(|(known, _)| *known == slug) else {
        let known =
            intents.iter().map(|intent| &*intent.id).chain(stages.iter().map(|(slug, _)| *slug));
        let known = suggest::sorted(slug, known);
        let text = if known.is_empty() {
            format!("`{slug}` is not unsettled, nor is anything else")
        } else {
            format!("`{slug}` is not unsettled; these are: {}", suggest::listed(&known, 5))
        };
        return Err(Fault::usage(text).into());
    };
    let made = which(args)?;
    let key = match (open.what, made) {
        (_, None) => None,
        (Made::Plan, Some(_)) => {
            return Err(Fault::usage(
                "a plan has no id: run `missions init` again, it finds a plan that is there",
            )
            .into());
        }
        (Made::Mission, Some(_)) => Some("mission_id"),
        (Made::Run, Some(_)) => Some("run_id"),
        (Made::Assistant, Some(_)) => Some("assistant_id"),
    };
    if let Some(made) = made {
        exists(&context.api()?, open.what, missions.known(slug)?.mission_id(), made)?;
    }
    context.file.change_mission(slug, |mission| {
        if let (Some(key), Some(made)) = (key, made) {
            mission.set(key, made);
        }
        mission.unset(OPEN);
        Ok(())
    })?;
    print(context, slug, made)
}

/// Asks the service for what is said to have been made, so that a slip does not become a mission.
fn exists(api: &ServiceApi, what: Made, mission: Option<&str>, id: &str) -> anyhow::Result<()> {
    match what {
        Made::Mission => service::missions::get(api, id).map(drop),
        Made::Run => {
            let of = crate::service::RunRef { mission: mission.unwrap_or_default(), run: id };
            service::runs::get(api, of).map(drop)
        }
        Made::Assistant => service::assistants::get(api, id).map(drop),
        Made::Plan => Ok(()),
    }
}

fn print(context: &Context, id: &str, made: Option<&str>) -> anyhow::Result<Exit> {
    let document = json!({ "settled": [{ "id": id, "made": made }], "unsettled": [] });
    context.printer.done(&document, || match made {
        Some(made) => format!("Settled {id}: it made {made}"),
        None => format!("Settled {id}: nothing happened"),
    })?;
    Ok(Exit::Done)
}
