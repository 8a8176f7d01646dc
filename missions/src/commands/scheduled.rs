//! `get-event`, `cancel-scheduled-event`, `list-events-assistant`.

use serde_json::json;
use state::exit::Exit;

use crate::args::{CancelScheduledEvent, GetEvent, ListEventsAssistant};
use crate::context::Context;
use crate::service::{self, ScheduledRow, ServiceRow};

pub(crate) fn get(context: &Context, args: &GetEvent) -> anyhow::Result<Exit> {
    let event =
        service::scheduled_events::get(&context.api()?, &args.assistant_id, &args.event_id)?;
    let text = || {
        let mut parts = vec![format!("Status: {}", event.status().unwrap_or("unknown"))];
        for key in ["call_status", "conversation_id", "retry_count"] {
            parts.extend(event.row().id(&[key]).map(|value| format!("{key}: {value}")));
        }
        parts.join(", ")
    };
    context.printer.document(event.row().value(), text)?;
    Ok(Exit::Done)
}

pub(crate) fn cancel(context: &Context, args: &CancelScheduledEvent) -> anyhow::Result<Exit> {
    let id = &args.event_id;
    service::scheduled_events::delete(&context.api()?, &args.assistant_id, id)?;
    context.note_deleted(id);
    let document = json!({ "id": id, "deleted": true });
    context.printer.done(&document, || format!("Deleted scheduled event: {id}"))?;
    Ok(Exit::Done)
}

pub(crate) fn list(context: &Context, args: &ListEventsAssistant) -> anyhow::Result<Exit> {
    let events =
        service::scheduled_events::list(&context.api()?, &args.assistant_id, args.paging.into())?;
    let line = |row: ServiceRow| {
        let event = ScheduledRow::new(row);
        let call = event.call_status().map(|status| format!(", call_status={status}"));
        let (id, status) = (event.id().unwrap_or_default(), event.status().unwrap_or("unknown"));
        format!("{id}: {status}{}\n", call.unwrap_or_default())
    };
    context.printer.document(events.body(), || events.rows().into_iter().map(line).collect())?;
    Ok(Exit::Done)
}

impl Context {
    /// Keeps in step with the service that an event was deleted; one that is not kept here is no fault.
    fn note_deleted(&self, id: &str) {
        let Ok(missions) = self.file.read() else { return };
        let owner = missions.iter().find(|mission| mission.event(id).is_some());
        let Some(slug) = owner.map(|mission| mission.slug().to_owned()) else { return };
        let kept = self.file.change_mission(&slug, |mission| {
            if let Some(mut event) = mission.view().event(id) {
                "deleted".clone_into(&mut event.status);
                mission.set_event(id, &event)?;
            }
            Ok(())
        });
        if let Err(err) = kept {
            state::out::warning(&format!(
                "deleted, but not kept here: {}",
                state::exit::told(&err)
            ));
        }
    }
}
