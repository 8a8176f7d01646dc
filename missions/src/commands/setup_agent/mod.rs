//! `setup-agent`: gives a mission its assistant, links it to the run, and chooses a phone number, as stages that are each
//! stored before the next.

mod link;
mod phone_number;

use serde_json::json;
use state::exit::{Exit, Fault};

use crate::args::SetupAgent;
use crate::commands::assistants;
use crate::context::{CommandContext, not_recorded};
use crate::create_once::{ASSISTANT, PENDING, PendingCreate, Resource, create_once};
use crate::service::{self, NewAssistant, RunRef, ServiceApi};
use crate::store::Mission;

pub(crate) fn run(context: &CommandContext, args: &SetupAgent) -> anyhow::Result<Exit> {
    let new = assistants::new_assistant(&args.assistant)?;
    let _lock = context.lock_workflow()?;
    let existing = set_up(context, &args.slug, &new, args.caller_id_only)?;
    print(context, &args.slug, existing)?;
    Ok(Exit::Done)
}

/// Gives a mission its assistant and its number, whatever of that is left; true if it had an assistant.
pub(crate) fn set_up(
    context: &CommandContext,
    slug: &str,
    new: &NewAssistant,
    caller_id_only: bool,
) -> anyhow::Result<bool> {
    let missions = context.store.read()?;
    let mission = missions.require(slug)?;
    let existing = mission.text("assistant_id").map(str::to_owned);
    if let Some(assistant) = &existing {
        context.printer.print_in_text_mode(&format!("Using existing assistant: {assistant}"))?;
        if mission.text("agent_phone").is_some() {
            return Ok(true);
        }
    }
    let run = run_to_link(&mission)?;
    let api = context.api()?;
    let assistant = match &existing {
        Some(id) => id.clone(),
        None => create(context, &api, slug, new)?,
    };
    if mission.text("linked_assistant") != Some(&assistant) {
        link::link(context, &api, run, &assistant, existing.is_some())?;
        let stored = context.store.change_mission(slug, |mission| {
            mission.set("linked_assistant", assistant.as_str());
            Ok(())
        });
        stored.map_err(|err| not_recorded(&format!("assistant {assistant} was linked"), &err))?;
    }
    phone_number::choose(context, &api, slug, &assistant, caller_id_only)?;
    Ok(existing.is_some())
}

/// The run that the assistant is linked to. Without one, what it schedules would show nowhere.
fn run_to_link<'a>(mission: &Mission<'a>) -> Result<RunRef<'a>, Fault> {
    if mission.status().is_over() {
        let text = format!("mission `{}` has ended ({})", mission.slug(), mission.status());
        return Err(Fault::usage(text).hint("`missions init` with its name starts it anew"));
    }
    mission.require_run()
}

/// Chooses the number that a mission calls from, and leaves it where it rings.
pub(crate) fn choose_number(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    assistant: &str,
) -> anyhow::Result<()> {
    phone_number::choose(context, api, slug, assistant, true)
}

/// Creates the assistant of a mission, once.
pub(crate) fn create(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    new: &NewAssistant,
) -> anyhow::Result<String> {
    let new = context.store.change_mission(slug, |mission| {
        // While it is unconfirmed whether an assistant was created, that one counts.
        let is_pending = mission.view().typed::<PendingCreate>(PENDING).is_some();
        let pending = mission.view().typed(ASSISTANT).filter(|_| is_pending);
        let new = pending.unwrap_or_else(|| new.clone());
        mission.set_typed(ASSISTANT, &new)?;
        Ok(new)
    })?;
    let create = |key: &str| service::assistants::create(api, &new, key);
    let row = create_once(context, api, slug, Resource::Assistant, create)?;
    let id = row.id(&["id", "assistant_id"]).unwrap_or_default();
    let stored = context.store.change_mission(slug, |mission| {
        mission.set("assistant_id", id.as_str()).unset(PENDING).unset(ASSISTANT);
        Ok(())
    });
    stored.map_err(|err| not_recorded(&format!("assistant {id} was created"), &err))?;
    context.print_stage(&format!("Created assistant: {id}"))?;
    Ok(id)
}

fn print(context: &CommandContext, slug: &str, existing: bool) -> anyhow::Result<()> {
    let missions = context.store.read()?;
    let mission = missions.require(slug)?;
    let assistant = mission.text("assistant_id");
    let document = json!({
        "slug": slug,
        "assistant_id": assistant,
        "agent_phone": mission.text("agent_phone"),
        "phone_number_id": mission.text("phone_number_id"),
        // `null` where another program set the assistant up: the service is not asked then.
        "linked": mission.text("linked_assistant").map(|linked| Some(linked) == assistant),
        "inbound_line": mission.text("inbound_line"),
        "existing": existing,
    });
    context.printer.print_after_change(&document, String::new)
}
