//! `create-mission`, `get-mission`, `list-missions`, `cancel-mission`.

use serde_json::Value;
use state::exit::Exit;
use state::out;

use crate::args::{CancelMission, CreateMission, GetMission, ListMissions, MissionOptions};
use crate::context::CommandContext;
use crate::input;
use crate::service::{self, NewMission, ServiceRow};
use crate::store::{MissionStatus, progress};

/// What [`MissionOptions`] say, checked.
pub(crate) fn options(more: &MissionOptions) -> anyhow::Result<(Option<&str>, Option<Value>)> {
    let channel = more.channel.as_deref();
    let channel =
        channel.map(|word| input::one_of("channel", word, input::CHANNELS)).transpose()?;
    let metadata = more.metadata.as_deref();
    let metadata = metadata.map(|text| input::object("the metadata", text, "{\"key\": \"value\"}"));
    Ok((channel, metadata.transpose()?.map(Value::Object)))
}

pub(crate) fn create(context: &CommandContext, args: &CreateMission) -> anyhow::Result<Exit> {
    let (channel, metadata) = options(&args.more)?;
    let new = NewMission {
        name: input::not_blank("the name", &args.name)?,
        instructions: input::not_blank("the instructions", &args.instructions)?,
        channel,
        metadata: metadata.as_ref(),
    };
    let mission = service::missions::create(&context.api()?, &new)?;
    let id = mission.id(&["id", "mission_id"]).unwrap_or_default();
    context.printer.print_after_change(mission.value(), || format!("Created mission: {id}"))?;
    Ok(Exit::Done)
}

pub(crate) fn get(context: &CommandContext, args: &GetMission) -> anyhow::Result<Exit> {
    let mission = service::missions::get(&context.api()?, &args.mission_id)?;
    context.printer.print(mission.value(), || out::pretty_json(mission.value()))?;
    Ok(Exit::Done)
}

pub(crate) fn list(context: &CommandContext, args: &ListMissions) -> anyhow::Result<Exit> {
    let status = args.status.as_deref();
    let status = status
        .map(|word| input::one_of("status of a mission", word, input::MISSION_STATUSES))
        .transpose()?;
    let missions = service::missions::list(&context.api()?, status, args.paging.into())?;
    let line = |row: ServiceRow| {
        let id = row.id(&["id", "mission_id"]).unwrap_or_default();
        format!("{id}: {}\n", row.text("name").unwrap_or("unnamed"))
    };
    context.printer.print(missions.body(), || missions.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}

pub(crate) fn cancel(context: &CommandContext, args: &CancelMission) -> anyhow::Result<Exit> {
    let mission = service::missions::cancel(&context.api()?, &args.mission_id)?;
    let now = context.now();
    context.update_stored(&args.mission_id, None, |mission| {
        mission.set_status(&MissionStatus::Cancelled, now);
        progress::set_tick_due(mission, Some(now));
    });
    let text = || format!("Cancelled mission: {}", args.mission_id);
    context.printer.print_after_change(mission.value(), text)?;
    Ok(Exit::Done)
}
