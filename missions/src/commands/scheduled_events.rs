//! `get-event`, `cancel-scheduled-event`, `list-events-assistant`.

use jiff::Timestamp;
use serde_json::json;
use state::exit::{self, Exit};
use state::out;

use crate::args::{CancelScheduledEvent, GetEvent, ListEventsAssistant};
use crate::context::CommandContext;
use crate::lifecycle::{EventEnd, EventOutcome};
use crate::service::{self, ScheduledRow, ServiceRow};
use crate::store::{event, outreach};

pub(crate) fn get(context: &CommandContext, args: &GetEvent) -> anyhow::Result<Exit> {
    let event =
        service::scheduled_events::get(&context.api()?, &args.assistant_id, &args.event_id)?;
    let text = || {
        let mut parts = vec![format!("Status: {}", event.status().unwrap_or("unknown"))];
        for key in ["call_status", "conversation_id", "retry_count"] {
            parts.extend(event.row().id(&[key]).map(|value| format!("{key}: {value}")));
        }
        parts.join(", ")
    };
    context.printer.print(event.row().value(), text)?;
    Ok(Exit::Done)
}

pub(crate) fn cancel(
    context: &CommandContext,
    args: &CancelScheduledEvent,
) -> anyhow::Result<Exit> {
    let id = &args.event_id;
    let answered = service::scheduled_events::delete(&context.api()?, &args.assistant_id, id)?;
    mark_deleted(context, id, answered);
    let document = json!({ "id": id, "deleted": true });
    context.printer.print_after_change(&document, || format!("Deleted scheduled event: {id}"))?;
    Ok(Exit::Done)
}

pub(crate) fn list(context: &CommandContext, args: &ListEventsAssistant) -> anyhow::Result<Exit> {
    let events =
        service::scheduled_events::list(&context.api()?, &args.assistant_id, args.paging.into())?;
    let line = |row: ServiceRow| {
        let event = ScheduledRow::new(row);
        let call = event.call_status().map(|status| format!(", call_status={status}"));
        let (id, status) = (event.id().unwrap_or_default(), event.status().unwrap_or("unknown"));
        format!("{id}: {status}{}\n", call.unwrap_or_default())
    };
    context.printer.print(events.body(), || events.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}

/// Stores that an event was deleted at the service, if a mission has it.
fn mark_deleted(context: &CommandContext, id: &str, answered: Option<Timestamp>) {
    let Ok(missions) = context.store.read() else { return };
    let owner = missions.iter().find(|mission| event::get(mission, id).is_some());
    let Some(slug) = owner.map(|mission| mission.slug().to_owned()) else { return };
    drop(missions);
    let now = context.now();
    let stored = context.store.change_mission(&slug, |mission| {
        let is_outreach = outreach::is_outreach(&mission.view());
        let Some(mut event) = event::get(&mission.view(), id) else { return Ok(()) };
        let is_early = answered
            .is_some_and(|at| service::scheduled_events::is_safely_ahead(event.scheduled_at, at));
        if !is_early || event.end.is_some() {
            return event::mark_deleted(mission, id, None);
        }
        // Called off for good: that is not the end of its step, which may get another, and nobody is tried again.
        event.end = Some(EventEnd { outcome: EventOutcome::Canceled, at: now });
        event.withdrawn = event.attempt == 0 && !is_outreach;
        event.set_deleted();
        event::set(mission, id, &event)
    });
    if let Err(err) = stored {
        out::warning(&format!("deleted, but not stored here: {}", exit::one_line(&err)));
    }
}
