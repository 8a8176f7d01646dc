//! `setup-agent`: assistant, link and number of a mission as stages, each stored before the next.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use state::exit::{self, Exit, Fault};
use state::out;

use crate::args::SetupAgent;
use crate::commands::{assistants, numbers};
use crate::context::{Context, unkept};
use crate::service::{self, Feature, Pages, RunRef, ServiceApi};
use crate::stages::{self, Made, OPEN};
use crate::state_file::Mission;

/// The key in a mission under which its unfinished assistant is kept.
const AGENT: &str = "agent";
/// The key under which the number that is being assigned is kept.
const NUMBER: &str = "agent_number";

/// The pauses before each look whether the link shows.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1)];

/// What helps where all numbers ring somebody.
const CALLER_ID: &str =
    "`--caller-id-only` calls from a number that is assigned, and leaves it where it rings";

/// The number that was chosen: kept so that a second run chooses the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Number {
    id: String,
    e164: String,
    connection_id: String,
}

pub(crate) fn run(context: &Context, args: &SetupAgent) -> anyhow::Result<Exit> {
    let new = assistants::described(&args.name, &args.instructions, &args.greeting, &args.more)?;
    let _lock = context.one_workflow()?;
    let missions = context.file.read()?;
    let mission = missions.known(&args.slug)?;
    if let (Some(assistant), Some(_)) = (mission.text("assistant_id"), mission.text("agent_phone"))
    {
        context.printer.words(&format!("Using existing assistant: {assistant}"))?;
        print(context, &args.slug, true)?;
        return Ok(Exit::Done);
    }
    let (mission_id, run_id) = of(&mission)?;
    let of = RunRef { mission: &mission_id, run: &run_id };
    let api = context.api()?;
    let existing = mission.text("assistant_id").map(str::to_owned);
    let assistant = match &existing {
        Some(id) => {
            context.printer.words(&format!("Using existing assistant: {id}"))?;
            id.clone()
        }
        None => create(context, &api, &args.slug, &new)?,
    };
    if mission.text("linked_assistant") != Some(&assistant) {
        link(context, &api, of, &assistant, existing.is_some())?;
        let linked = context.file.change_mission(&args.slug, |mission| {
            mission.set("linked_assistant", assistant.as_str());
            Ok(())
        });
        linked.map_err(|err| unkept(&format!("assistant {assistant} was linked"), &err))?;
    }
    number(context, &api, &args.slug, &assistant, args.caller_id_only)?;
    print(context, &args.slug, existing.is_some())?;
    Ok(Exit::Done)
}

/// The mission and run that the assistant is linked to. Without them it would be linked to nothing, and what
/// it schedules would show nowhere.
fn of(mission: &Mission) -> Result<(String, String), Fault> {
    let slug = mission.slug();
    if mission.status().is_over() {
        let text = format!("mission `{slug}` has ended ({})", mission.status());
        return Err(Fault::usage(text).hint("`missions init` with its name starts it anew"));
    }
    match (mission.mission_id(), mission.run_id()) {
        (Some(mission), Some(run)) => Ok((mission.to_owned(), run.to_owned())),
        _ => Err(Fault::usage(format!("mission `{slug}` has no run yet: nothing to link to"))
            .hint("run its `missions init` again: it goes on where it stopped")),
    }
}

fn create(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    new: &crate::service::NewAssistant,
) -> anyhow::Result<String> {
    let new = context.file.change_mission(slug, |mission| {
        // What was begun counts while nobody knows whether it was made.
        let is_open = mission.view().part::<stages::Open>(OPEN).is_some();
        let begun = mission.view().part(AGENT).filter(|_| is_open);
        let new = begun.unwrap_or_else(|| new.clone());
        mission.set_part(AGENT, &new)?;
        Ok(new)
    })?;
    let row = stages::once(context, api, slug, Made::Assistant, |key| {
        service::assistants::create(api, &new, key)
    })?;
    let id = row.id(&["id", "assistant_id"]).unwrap_or_default();
    let made = context.file.change_mission(slug, |mission| {
        mission.set("assistant_id", id.as_str()).unset(OPEN).unset(AGENT);
        Ok(())
    });
    made.map_err(|err| unkept(&format!("assistant {id} was made"), &err))?;
    context.said(&format!("Created assistant: {id}"))?;
    Ok(id)
}

/// Links the assistant to the run and looks whether the link shows. A link is a pair: making it again does
/// not make a second one, so a lost answer or a link that does not show is mended by linking again.
fn link(
    context: &Context,
    api: &ServiceApi,
    of: RunRef,
    assistant: &str,
    existing: bool,
) -> anyhow::Result<()> {
    let told = || context.said(&format!("Linked agent {assistant} to run {}", of.run));
    if existing && is_linked(context, api, of, &[assistant.to_owned()], &LOOKS[..1])? {
        return Ok(());
    }
    for attempt in 0..2 {
        let linked = service::linked_agents::link(api, of, assistant);
        let mut names = vec![assistant.to_owned()];
        match linked {
            Ok(row) => {
                names.extend(row.id(&["telnyx_agent_id"]));
                if attempt == 0 {
                    told()?;
                }
            }
            Err(err) if exit::code_of(&err) == Exit::Unknown => {
                out::warning(&format!("{}; looking whether it is linked", exit::told(&err)));
            }
            Err(err) => return Err(err),
        }
        if is_linked(context, api, of, &names, &LOOKS)? {
            return Ok(());
        }
    }
    let text =
        format!("assistant {assistant} was linked to run {}, but is not listed there", of.run);
    Err(Fault::new(Exit::Unknown, text)
        .hint("run the same command again in a minute: it goes on from here")
        .into())
}

fn is_linked(
    context: &Context,
    api: &ServiceApi,
    of: RunRef,
    names: &[String],
    looks: &[Duration],
) -> anyhow::Result<bool> {
    let mut names = names.to_vec();
    for pause in looks {
        context.clock.sleep(context.clock.period(*pause));
        let rows = service::linked_agents::list(api, of, Pages::One(None, None))?.rows();
        if !rows.is_empty() && names.len() == 1 {
            // The list names assistants by the carrier's id (facts/server.md 4.6).
            let telnyx = service::assistants::get(api, &names[0]).ok();
            names.extend(telnyx.and_then(|row| row.id(&["telnyx_assistant_id"])));
        }
        let is_it = |id: String| names.contains(&id);
        if rows.iter().any(|row| row.id(&["telnyx_agent_id", "assistant_id"]).is_some_and(is_it)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Chooses a number and, unless it is only shown to those who are called, lets it ring the assistant.
fn number(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    assistant: &str,
    caller_id_only: bool,
) -> anyhow::Result<()> {
    let missions = context.file.read()?;
    let chosen: Option<Number> = missions.known(slug)?.part(NUMBER);
    let number = match chosen {
        Some(number) => number,
        None => choose(context, api, slug, assistant, caller_id_only)?,
    };
    if !caller_id_only {
        service::phone_numbers::assign(api, &number.id, &number.connection_id, "voice")?;
        context.said(&format!("Assigned phone number {}", number.id))?;
        let text = format!("{} rings the assistant from now on, no longer you", number.e164);
        out::warning(&format!("{text}; `--caller-id-only` would leave your inbound line alone"));
    }
    let line = if caller_id_only { "unchanged" } else { "moved" };
    let done =
        format!("{} was {}", number.e164, if caller_id_only { "chosen" } else { "assigned" });
    let kept = context.file.change_mission(slug, |mission| {
        mission.set("agent_phone", number.e164).set("phone_number_id", number.id);
        mission.set("inbound_line", line).unset(NUMBER);
        Ok(())
    });
    kept.map_err(|err| unkept(&done, &err))
}

fn choose(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    assistant: &str,
    caller_id_only: bool,
) -> anyhow::Result<Number> {
    let (phone, said) = match service::phone_numbers::available(api)? {
        Some(phone) => (phone, "Found available"),
        // Where it rings stays as it is, and so it may ring somebody already.
        None if caller_id_only => {
            let mut phones =
                service::phone_numbers::list(api, Pages::One(None, None))?.into_rows().into_iter();
            let phone = phones.find(|phone| phone.text("phone_number").is_some());
            (phone.ok_or_else(numbers::none_at_all)?, "Found assigned")
        }
        None => return Err(numbers::none_available().hint(CALLER_ID).into()),
    };
    let (id, number) = (phone.id(&["id"]), phone.text("phone_number").map(str::to_owned));
    let (Some(id), Some(number)) = (id, number) else {
        return Err(numbers::none_available().into());
    };
    context.said(&format!("{said}: {number}"))?;
    let connection_id = if caller_id_only {
        String::new()
    } else {
        let row = service::assistants::connection_id(api, assistant, Feature::Telephony)?;
        let connection = row.id(&["connection_id"]).unwrap_or_default();
        context.said(&format!("Connection ID: {connection}"))?;
        connection
    };
    let number = Number { id, e164: number, connection_id };
    if !caller_id_only {
        context.file.change_mission(slug, |mission| mission.set_part(NUMBER, &number))?;
    }
    Ok(number)
}

fn print(context: &Context, slug: &str, existing: bool) -> anyhow::Result<()> {
    let missions = context.file.read()?;
    let mission = missions.known(slug)?;
    let assistant = mission.text("assistant_id");
    let document = json!({
        "slug": slug,
        "assistant_id": assistant,
        "agent_phone": mission.text("agent_phone"),
        "phone_number_id": mission.text("phone_number_id"),
        // `null` where another program set the assistant up: nothing is asked then.
        "linked": mission.text("linked_assistant").map(|linked| Some(linked) == assistant),
        "inbound_line": mission.text("inbound_line"),
        "existing": existing,
    });
    context.printer.done(&document, String::new)
}
