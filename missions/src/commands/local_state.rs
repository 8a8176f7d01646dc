//! `list-state`, `get-state`, `remove-state`: the missions of the state file on this machine.

use serde_json::{Value, json};
use state::exit::Exit;
use state::out;

use crate::args::{GetState, RemoveState};
use crate::context::CommandContext;
use crate::cron;
use crate::store::Mission;

pub(crate) fn list(context: &CommandContext) -> anyhow::Result<Exit> {
    let missions = context.store.read()?;
    let document =
        json!({ "missions": missions.iter().map(|one| summary(&one)).collect::<Vec<_>>() });
    let line = |mission: Mission| {
        // A mission that `save-memory --create` created has no name: `telnyx_api.py` prints Python's word for that.
        let name = mission.name().unwrap_or("None");
        format!("{}: {name} [{}]\n", mission.slug(), mission.status())
    };
    context.printer.print(&document, || missions.iter().map(line).collect())?;
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

pub(crate) fn get(context: &CommandContext, args: &GetState) -> anyhow::Result<Exit> {
    let missions = context.store.read()?;
    let mission = missions.get(&args.slug);
    if mission.is_none() {
        out::warning(&missions.unknown(&args.slug).to_string());
    }
    let fields = Value::Object(mission.map(|mission| mission.fields().clone()).unwrap_or_default());
    context.printer.print(&fields, || out::pretty_json(&fields))?;
    Ok(Exit::Done)
}

pub(crate) fn remove(context: &CommandContext, args: &RemoveState) -> anyhow::Result<Exit> {
    let slug = &args.slug;
    if cron::has(context, &context.store.read()?.require(slug)?) {
        // A tick for a mission that is not there would fail each minute.
        cron::remove(context, slug)?;
    }
    let was_over = context.store.change(|missions| {
        let was_over = missions.require(slug)?.status().is_over();
        missions.remove(slug);
        Ok(was_over)
    })?;
    if !was_over {
        out::warning("the mission had not ended here; at the service nothing was changed");
    }
    let document = json!({ "slug": slug, "removed": true });
    context.printer.print_after_change(&document, || format!("Removed {slug} from state"))?;
    Ok(Exit::Done)
}
