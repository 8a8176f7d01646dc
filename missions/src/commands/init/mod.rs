//! `init`: creates mission, run and plan, and sets the run to running, as stages that are each stored before the next.

pub(crate) mod claim;

use serde_json::{Value, json};
use state::exit::Exit;
use state::out;

use crate::args::Init;
use crate::context::{CommandContext, not_recorded};
use crate::create_once::{INIT, InitRequest, PENDING, PendingCreate, Resource, create_once};
use crate::input;
use crate::service::{self, NewMission, RunRef, RunResult, ServiceApi, ServiceRow};
use crate::store::{Mission, MissionStatus};
use claim::{ClaimedMission, claim};

pub(crate) fn run(context: &CommandContext, args: &Init) -> anyhow::Result<Exit> {
    let name = input::not_blank("the name", &args.name)?.trim();
    let (channel, metadata) = super::missions::options(&args.more)?;
    let given = InitRequest {
        instructions: input::not_blank("the instructions", &args.instructions)?.to_owned(),
        request: input::not_blank("the request", &args.request)?.to_owned(),
        channel: channel.map(str::to_owned),
        metadata,
        steps: args.steps.as_deref().map(input::steps).transpose()?.unwrap_or_default(),
        planned: false,
    };
    let _lock = context.lock_workflow()?;
    let now = context.now();
    let claimed = context.store.change(|missions| claim(missions, name, &given, now))?;
    if let Some(archived) = &claimed.archived {
        out::progress(&format!("the ended mission of that slug is `{archived}` now"));
    }
    if claimed.resumed {
        context
            .printer
            .print_in_text_mode(&format!("Resuming existing mission: {}", claimed.slug))?;
    }
    let missions = context.store.read()?;
    let mission = missions.require(&claimed.slug)?;
    if let Some(init) = mission.typed::<InitRequest>(INIT) {
        run_stages(context, &context.api()?, &mission, &init)?;
    } else if !given.steps.is_empty() {
        add_plan(context, &mission, &given.steps)?;
    }
    print(context, &claimed)?;
    Ok(Exit::Done)
}

/// Runs the stages that are left of a mission that was claimed.
pub(crate) fn run_open_stages(context: &CommandContext, slug: &str) -> anyhow::Result<()> {
    let missions = context.store.read()?;
    let mission = missions.require(slug)?;
    let Some(init) = mission.typed::<InitRequest>(INIT) else { return Ok(()) };
    run_stages(context, &context.api()?, &mission, &init)
}

/// Runs the stages that are left.
fn run_stages(
    context: &CommandContext,
    api: &ServiceApi,
    mission: &Mission,
    init: &InitRequest,
) -> anyhow::Result<()> {
    let slug = mission.slug();
    let mission_id = match mission.mission_id() {
        Some(id) => id.to_owned(),
        None => create_mission(context, api, mission, init)?,
    };
    let run_id = match mission.run_id() {
        Some(id) => id.to_owned(),
        None => create_run(context, api, slug, &mission_id, init)?,
    };
    let run = RunRef { mission: &mission_id, run: &run_id };
    if !init.steps.is_empty() && !init.planned {
        create_plan(context, api, slug, run, &init.steps)?;
    }
    service::runs::update(api, run, "running", RunResult::default())?;
    let stored = context.store.change_mission(slug, |mission| {
        mission.set_status(&MissionStatus::Running, context.now()).unset(INIT).unset(PENDING);
        Ok(())
    });
    stored.map_err(|err| not_recorded(&format!("run {run_id} is running"), &err))?;
    context.print_stage(&format!("Updated run {run_id}: running"))
}

fn create_mission(
    context: &CommandContext,
    api: &ServiceApi,
    mission: &Mission,
    init: &InitRequest,
) -> anyhow::Result<String> {
    let slug = mission.slug();
    let new = NewMission {
        name: mission.name().unwrap_or(slug),
        instructions: &init.instructions,
        channel: init.channel.as_deref(),
        metadata: init.metadata.as_ref(),
    };
    let create = |_: &str| service::missions::create(api, &new);
    let row = create_once(context, api, slug, Resource::Mission, create)?;
    let id = row.id(&["id", "mission_id"]).unwrap_or_default();
    store_id(context, slug, "mission_id", &id)?;
    context.print_stage(&format!("Created mission: {id}"))?;
    Ok(id)
}

fn create_run(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    mission_id: &str,
    init: &InitRequest,
) -> anyhow::Result<String> {
    let create = |_: &str| service::runs::create(api, mission_id, &init.run_input());
    let row = create_once(context, api, slug, Resource::Run, create)?;
    let id = row.id(&["run_id", "id"]).unwrap_or_default();
    store_id(context, slug, "run_id", &id)?;
    context.print_stage(&format!("Created run: {id}"))?;
    Ok(id)
}

/// Ends a stage and stores the id of what it created, in one change.
fn store_id(context: &CommandContext, slug: &str, key: &str, id: &str) -> anyhow::Result<()> {
    let stored = context.store.change_mission(slug, |mission| {
        mission.set(key, id).unset(PENDING);
        Ok(())
    });
    stored.map_err(|err| not_recorded(&format!("{key} {id} was created"), &err))
}

fn create_plan(
    context: &CommandContext,
    api: &ServiceApi,
    slug: &str,
    run: RunRef,
    steps: &[Value],
) -> anyhow::Result<()> {
    let create = |_: &str| service::plan::create(api, run, steps);
    create_once(context, api, slug, Resource::Plan, create)?;
    let stored = context.store.change_mission(slug, |mission| {
        if let Some(init) = mission.view().typed::<InitRequest>(INIT) {
            mission.set_typed(INIT, &InitRequest { planned: true, ..init })?;
        }
        mission.set("plan", steps.to_vec()).unset(PENDING);
        Ok(())
    });
    stored.map_err(|err| not_recorded("the plan was created", &err))?;
    context.print_stage(&format!("Created plan with {} steps", steps.len()))
}

/// Makes steps that are given to a mission that runs already its plan, if it has none.
fn add_plan(context: &CommandContext, mission: &Mission, steps: &[Value]) -> anyhow::Result<()> {
    let Ok(run) = mission.require_run() else { return Ok(()) };
    let slug = mission.slug();
    let pending = mission.typed::<PendingCreate>(PENDING);
    if pending.is_some_and(|pending| pending.what == Resource::Plan) {
        return create_plan(context, &context.api()?, slug, run, steps);
    }
    let mut plan = mission.plan();
    if plan.is_empty() {
        let api = context.api()?;
        let rows = service::plan::get(&api, run)?.into_rows();
        plan = rows.into_iter().map(ServiceRow::into_value).collect();
        if plan.is_empty() {
            return create_plan(context, &api, slug, run, steps);
        }
        context.store.change_mission(slug, |mission| {
            mission.set("plan", plan.clone());
            Ok(())
        })?;
    }
    if !input::step_ids(&plan).eq(input::step_ids(steps)) {
        out::warning("the mission has a plan already; the steps given now were not used");
    }
    Ok(())
}

fn print(context: &CommandContext, claimed: &ClaimedMission) -> anyhow::Result<()> {
    let missions = context.store.read()?;
    let mission = missions.require(&claimed.slug)?;
    let document = json!({
        "slug": claimed.slug,
        "mission_id": mission.mission_id(),
        "run_id": mission.run_id(),
        "status": mission.status().word(),
        "resumed": claimed.resumed,
        "archived": claimed.archived,
        "plan": mission.plan(),
    });
    context.printer.print_after_change(&document, String::new)
}
