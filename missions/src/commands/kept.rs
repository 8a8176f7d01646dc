//! `list-state`, `get-state`, `remove-state`: the missions of the state file.

use serde_json::{Value, json};
use state::exit::Exit;
use state::out;

use crate::args::{GetState, RemoveState};
use crate::context::Context;
use crate::cron;
use crate::state_file::Mission;

pub(crate) fn list(context: &Context) -> anyhow::Result<Exit> {
    let missions = context.file.read()?;
    let document =
        json!({ "missions": missions.iter().map(|one| summary(&one)).collect::<Vec<_>>() });
    let line = |mission: Mission| {
        // What was made by `save-memory --create` has no name yet: the reference prints Python's word for it.
        let name = mission.name().unwrap_or("None");
        format!("{}: {name} [{}]\n", mission.slug(), mission.status())
    };
    context.printer.document(&document, || missions.iter().map(line).collect())?;
    Ok(Exit::Done)
}

fn summary(mission: &Mission) -> Value {
    json!({
        "slug": mission.slug(),
        "name": mission.name(),
        "status": mission.status().word(),
        "mission_id": mission.mission_id(),
        "run_id": mission.run_id(),
        "assistant_id": mission.text("assistant_id"),
        "agent_phone": mission.text("agent_phone"),
        "created_at": mission.text("created_at"),
        "last_updated": mission.text("last_updated"),
    })
}

pub(crate) fn get(context: &Context, args: &GetState) -> anyhow::Result<Exit> {
    let missions = context.file.read()?;
    let mission = missions.get(&args.slug);
    if mission.is_none() {
        out::warning(&missions.unknown(&args.slug).to_string());
    }
    let fields = Value::Object(mission.map(|mission| mission.fields().clone()).unwrap_or_default());
    context.printer.document(&fields, || out::pretty(&fields))?;
    Ok(Exit::Done)
}

pub(crate) fn remove(context: &Context, args: &RemoveState) -> anyhow::Result<Exit> {
    let slug = &args.slug;
    if cron::has(context, &context.file.read()?.known(slug)?) {
        // A tick for a mission that nobody knows would fail each minute.
        cron::remove(context, slug)?;
    }
    let was_over = context.file.change(|missions| {
        let was_over = missions.known(slug)?.status().is_over();
        missions.remove(slug);
        Ok(was_over)
    })?;
    if !was_over {
        out::warning("the mission had not ended here; at the service nothing was changed");
    }
    let document = json!({ "slug": slug, "removed": true });
    context.printer.done(&document, || format!("Removed mission '{slug}' from state"))?;
    Ok(Exit::Done)
}
