//! `init`: mission, run, plan and status as stages, each stored before the next.

use serde_json::{Value, json};
use state::exit::Exit;
use state::out;

use crate::args::Init;
use crate::context::{Context, unkept};
use crate::input;
use crate::service::{self, NewMission, RunRef, RunResult, ServiceApi};
use crate::slug;
use crate::stages::{self, Begun, Made, OPEN};
use crate::state_file::{Mission, Missions, Status};

/// The key in a mission under which its unfinished beginning is kept.
const INIT: &str = "init";

pub(crate) fn run(context: &Context, args: &Init) -> anyhow::Result<Exit> {
    let name = input::words_of("the name", &args.name)?.trim();
    let (channel, metadata) = super::missions::options(&args.more)?;
    let given = Begun {
        instructions: input::words_of("the instructions", &args.instructions)?.to_owned(),
        request: input::words_of("the request", &args.request)?.to_owned(),
        channel: channel.map(str::to_owned),
        metadata,
        steps: args.steps.as_deref().map(input::steps).transpose()?.unwrap_or_default(),
        planned: false,
    };
    let _lock = context.one_workflow()?;
    let claim = context.file.change(|missions| claim(missions, name, &given, context))?;
    if let Some(archived) = &claim.archived {
        out::progress(&format!("the ended mission of that slug is `{archived}` now"));
    }
    if claim.resumed {
        context.printer.words(&format!("Resuming existing mission: {}", claim.slug))?;
    }
    let missions = context.file.read()?;
    let mission = missions.known(&claim.slug)?;
    if let Some(begun) = mission.part::<Begun>(INIT) {
        go_on(context, &context.api()?, &mission, &begun)?;
    } else if !given.steps.is_empty() {
        plan_later(context, &mission, &given.steps)?;
    }
    print(context, &claim)?;
    Ok(Exit::Done)
}

/// Which mission of the state file a name stands for.
struct Claim {
    slug: String,
    /// It was begun before.
    resumed: bool,
    /// The new slug of the ended mission that had this one.
    archived: Option<String>,
}

/// Finds the mission of that name that has not ended, or makes its entry. Names that differ are told apart
/// even where their slugs are the same.
fn claim(
    missions: &mut Missions,
    name: &str,
    given: &Begun,
    context: &Context,
) -> anyhow::Result<Claim> {
    let now = context.now();
    let is_it = |mission: &Mission| {
        !mission.status().is_over() && mission.name().is_some_and(|known| same_name(known, name))
    };
    let known = missions.iter().find(is_it).map(|mission| mission.slug().to_owned());
    let (slug, archived) = match known {
        Some(slug) => (slug, None),
        None => free(missions, &slug::of_name(name), now.strftime("%Y-%m-%d").to_string().as_str()),
    };
    let mut mission = missions.entry(&slug);
    let (has_mission, has_run) =
        (mission.view().mission_id().is_some(), mission.view().run_id().is_some());
    let begun: Option<Begun> = mission.view().part(INIT);
    let resumed = has_mission || begun.is_some();
    if mission.view().name().is_none() {
        mission.set("mission_name", name).set("created_at", now.to_string());
    }
    if !(has_mission && has_run && begun.is_none()) {
        let open = mission.view().part::<stages::Open>(OPEN).map(|open| open.what);
        let begun = begun.map_or_else(
            || given.clone(),
            |begun| update(begun, given, has_mission, has_run, open),
        );
        mission.set_part(INIT, &begun)?;
        mission.set_status(&Status::Starting, now);
    }
    Ok(Claim { slug, resumed, archived })
}

/// What was given now counts for the stages that have not begun.
fn update(
    begun: Begun,
    given: &Begun,
    has_mission: bool,
    has_run: bool,
    open: Option<Made>,
) -> Begun {
    let mut new = given.clone();
    if has_mission || open == Some(Made::Mission) {
        (new.instructions, new.channel) = (begun.instructions, begun.channel);
        new.metadata = begun.metadata;
    }
    if has_run || open == Some(Made::Run) {
        new.request = begun.request;
    }
    if begun.planned || open == Some(Made::Plan) || new.steps.is_empty() {
        new.steps = begun.steps;
    }
    new.planned = begun.planned;
    new
}

/// Names are the same if they differ in blanks and capitals only.
fn same_name(one: &str, other: &str) -> bool {
    let words =
        |name: &str| -> Vec<String> { name.split_whitespace().map(str::to_lowercase).collect() };
    words(one) == words(other)
}

/// A slug that a new mission can have: the ended mission that has it moves to `<slug>~<date>`; another one
/// that is under way keeps it, and the new one gets a number.
fn free(missions: &mut Missions, slug: &str, date: &str) -> (String, Option<String>) {
    let mut candidates =
        (1..).map(|n| if n == 1 { slug.to_owned() } else { format!("{slug}-{n}") });
    let is_free = |missions: &Missions, slug: &str| match missions.get(slug) {
        None => !missions.has(slug),
        Some(mission) => mission.status().is_over() || mission.name().is_none(),
    };
    let slug = candidates.find(|slug| is_free(missions, slug)).expect("numbers do not end");
    if !missions.get(&slug).is_some_and(|mission| mission.status().is_over()) {
        return (slug, None);
    }
    let mut names =
        (1..).map(|n| if n == 1 { format!("{slug}~{date}") } else { format!("{slug}~{date}.{n}") });
    let archived = names.find(|name| !missions.has(name)).expect("numbers do not end");
    missions.rename(&slug, &archived);
    (slug, Some(archived))
}

/// Does the stages that are left.
fn go_on(
    context: &Context,
    api: &ServiceApi,
    mission: &Mission,
    begun: &Begun,
) -> anyhow::Result<()> {
    let slug = mission.slug();
    let name = mission.name().unwrap_or(slug).to_owned();
    let mission_id = if let Some(id) = mission.mission_id() {
        id.to_owned()
    } else {
        let new = NewMission {
            name: &name,
            instructions: &begun.instructions,
            channel: begun.channel.as_deref(),
            metadata: begun.metadata.as_ref(),
        };
        let row = stages::once(context, api, slug, Made::Mission, |_| {
            service::missions::create(api, &new)
        })?;
        let id = row.id(&["id", "mission_id"]).unwrap_or_default();
        store(context, slug, "mission_id", &id)?;
        context.said(&format!("Created mission: {id}"))?;
        id
    };
    let run_id = if let Some(id) = mission.run_id() {
        id.to_owned()
    } else {
        let make = |_: &str| service::runs::create(api, &mission_id, &begun.input());
        let row = stages::once(context, api, slug, Made::Run, make)?;
        let id = row.id(&["run_id", "id"]).unwrap_or_default();
        store(context, slug, "run_id", &id)?;
        context.said(&format!("Created run: {id}"))?;
        id
    };
    let of = RunRef { mission: &mission_id, run: &run_id };
    if !begun.steps.is_empty() && !begun.planned {
        plan(context, api, slug, of, &begun.steps)?;
    }
    service::runs::update(api, of, "running", RunResult::default())?;
    let running = context.file.change_mission(slug, |mission| {
        mission.set_status(&Status::Running, context.now()).unset(INIT).unset(OPEN);
        Ok(())
    });
    running.map_err(|err| unkept(&format!("run {run_id} is running"), &err))?;
    context.said(&format!("Updated run {run_id}: running"))
}

/// Closes a stage and stores the id of what it made in one change.
fn store(context: &Context, slug: &str, key: &str, id: &str) -> anyhow::Result<()> {
    let stored = context.file.change_mission(slug, |mission| {
        mission.set(key, id).unset(OPEN);
        Ok(())
    });
    stored.map_err(|err| unkept(&format!("{key} {id} was made"), &err))
}

fn plan(
    context: &Context,
    api: &ServiceApi,
    slug: &str,
    of: RunRef,
    steps: &[Value],
) -> anyhow::Result<()> {
    stages::once(context, api, slug, Made::Plan, |_| service::plan::create(api, of, steps))?;
    let planned = context.file.change_mission(slug, |mission| {
        if let Some(begun) = mission.view().part::<Begun>(INIT) {
            mission.set_part(INIT, &Begun { planned: true, ..begun })?;
        }
        mission.set("plan", steps.to_vec()).unset(OPEN);
        Ok(())
    });
    planned.map_err(|err| unkept("the plan was made", &err))?;
    context.said(&format!("Created plan with {} steps", steps.len()))
}

/// Steps that are given to a mission that runs already: they become its plan if it has none.
fn plan_later(context: &Context, mission: &Mission, steps: &[Value]) -> anyhow::Result<()> {
    let (Some(mission_id), Some(run)) = (mission.mission_id(), mission.run_id()) else {
        return Ok(());
    };
    let of = RunRef { mission: mission_id, run };
    let mut planned = stages::plan_of(mission);
    let is_open = mission.part::<stages::Open>(OPEN).is_some_and(|open| open.what == Made::Plan);
    if planned.is_empty() && !is_open {
        let api = context.api()?;
        planned = service::plan::get(&api, of)?
            .rows()
            .into_iter()
            .map(crate::service::ServiceRow::into_value)
            .collect();
        if planned.is_empty() {
            return plan(context, &api, mission.slug(), of, steps);
        }
        context.file.change_mission(mission.slug(), |mission| {
            mission.set("plan", planned.clone());
            Ok(())
        })?;
    } else if is_open {
        return plan(context, &context.api()?, mission.slug(), of, steps);
    }
    if !stages::is_same_plan(&planned, steps) {
        out::warning("the mission has a plan already; the steps given now were not used");
    }
    Ok(())
}

fn print(context: &Context, claim: &Claim) -> anyhow::Result<()> {
    let missions = context.file.read()?;
    let mission = missions.known(&claim.slug)?;
    let document = json!({
        "slug": claim.slug,
        "mission_id": mission.mission_id(),
        "run_id": mission.run_id(),
        "status": mission.status().word(),
        "resumed": claim.resumed,
        "archived": claim.archived,
        "plan": stages::plan_of(&mission),
    });
    context.printer.done(&document, String::new)
}
