//! Searches for the event of a request whose answer was lost, and says what is unconfirmed.

use serde_json::{Value, json};
use state::exit::{self, Exit, Fault};
use state::intents::Intent;
use state::shell;

use super::TOOL;
use super::request::{ScheduleRequest, command_name};
use crate::context::{CommandContext, LAG_PAUSES};
use crate::service::clock::earliest_creation;
use crate::service::{self, Channel, Pages, ScheduledRow, ServiceApi, ServiceRow};
use crate::store::event;

/// Whether a request is known to have been carried out.
#[derive(Debug)]
pub(crate) enum Submission {
    /// Its event, scheduled by this program or an earlier one.
    Confirmed(ScheduledRow),
    /// It may have been carried out, and its event is not in the list (yet); in words.
    Unconfirmed(String),
}

/// Searches once for the event of an unconfirmed intent, and settles the intent.
pub(crate) fn confirm(
    context: &CommandContext,
    api: &ServiceApi,
    intent: &Intent,
) -> anyhow::Result<Submission> {
    match find_match(context, api, intent) {
        Ok(Some(event)) => {
            settle(context, intent, &event)?;
            Ok(Submission::Confirmed(event))
        }
        Ok(None) => Ok(Submission::Unconfirmed(not_listed(intent).to_string())),
        Err(err) => Ok(Submission::Unconfirmed(exit::one_line(&err))),
    }
}

/// The submission of an intent, confirmed or not.
pub(crate) fn submission_of(
    context: &CommandContext,
    api: &ServiceApi,
    intent: &Intent,
) -> anyhow::Result<Submission> {
    match event_of(intent) {
        Some(event) => Ok(Submission::Confirmed(event)),
        None => confirm(context, api, intent),
    }
}

/// The event of an intent that is known to have been carried out.
pub(super) fn event_of(intent: &Intent) -> Option<ScheduledRow> {
    Some(ScheduledRow::new(ServiceRow::new(intent.result.clone()?)))
}

/// Searches a few times for the event of an unconfirmed intent, and settles the intent.
///
/// Fails with exit 8 if it is not found, and prints what is unconfirmed.
pub(super) fn confirm_with_wait(
    context: &CommandContext,
    api: &ServiceApi,
    intent: &Intent,
) -> anyhow::Result<ScheduledRow> {
    let found = context.check_after(&LAG_PAUSES, || find_match(context, api, intent))?;
    if let Some(event) = found {
        settle(context, intent, &event)?;
        return Ok(event);
    }
    context
        .printer
        .print_with_failure(&json!({ "unsettled": [unconfirmed_json(intent)] }), String::new);
    Err(not_listed(intent).into())
}

/// Searches the assistant's list once for what an unconfirmed intent may have scheduled: the same channel, recipient, time
/// and text, created since, and of no other intent or mission. That it is not found proves nothing.
///
/// Fails with exit 8 whatever the reason.
pub(crate) fn find_match(
    context: &CommandContext,
    api: &ServiceApi,
    intent: &Intent,
) -> anyhow::Result<Option<ScheduledRow>> {
    let request: ScheduleRequest = serde_json::from_value(intent.request.clone())?;
    let assistant = &request.body.assistant_id;
    let list = service::scheduled_events::list(api, assistant, Pages::All(None));
    let list = list.map_err(|err| {
        unconfirmed(intent, &format!("and searching for it failed: {}", exit::one_line(&err)))
    })?;
    let known = known_ids(context)?;
    let from = earliest_creation(intent.stored_at(), context.moment(), list.date());
    let mut found = list.rows().into_iter().map(ScheduledRow::new).filter(|event| {
        request.body.is_like(event)
            && event.created_at().is_none_or(|created| created >= from)
            && event.id().is_some_and(|id| !known.contains(&id))
    });
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => {
            let why = "and several events in the assistant's list could be it";
            Err(unconfirmed(intent, why).into())
        }
        (found, _) => Ok(found),
    }
}

/// Stores that an intent was carried out.
pub(crate) fn settle(
    context: &CommandContext,
    intent: &Intent,
    event: &ScheduledRow,
) -> anyhow::Result<()> {
    let stored = context.intents().complete(&intent.id, event.row().value());
    stored.map_err(|err| {
        let id = event.id().unwrap_or_default();
        let text = format!("{id} is scheduled, but could not be stored: {}", exit::one_line(&err));
        Fault::new(Exit::Unconfirmed, text)
            .hint("fix that, then run the same command again: it finds the event")
            .into()
    })
}

/// An unconfirmed intent as JSON: an item of the key `unsettled`.
pub(crate) fn unconfirmed_json(intent: &Intent) -> Value {
    let request: Option<ScheduleRequest> = serde_json::from_value(intent.request.clone()).ok();
    let body = request.as_ref().map(|request| &request.body);
    json!({
        "id": intent.id,
        "what": command_name(body.map_or(Channel::Call, |body| body.channel)),
        "begun": intent.at.to_string(),
        "mission": request.as_ref().and_then(|request| request.slug.clone()),
        "assistant_id": body.map(|body| &body.assistant_id),
        "to": body.map(|body| &body.to),
        "scheduled_at": body.map(|body| &body.scheduled_at),
        "text": body.and_then(|body| body.text.as_ref()),
    })
}

/// The events of other intents and of missions.
fn known_ids(context: &CommandContext) -> anyhow::Result<Vec<String>> {
    let intents = context.intents().of_tool(TOOL)?.into_iter();
    let settled = intents.filter_map(|intent| event_of(&intent)?.id());
    let mut known: Vec<String> = settled.collect();
    if let Ok(missions) = context.store.read() {
        for mission in missions.iter() {
            known.extend(event::ids(&mission).map(str::to_owned));
        }
    }
    Ok(known)
}

fn not_listed(intent: &Intent) -> Fault {
    unconfirmed(intent, "and is not in the assistant's list (yet)")
}

/// The error of a request that stays unconfirmed.
fn unconfirmed(intent: &Intent, why: &str) -> Fault {
    let request = serde_json::from_value::<ScheduleRequest>(intent.request.clone()).ok();
    let what =
        request.as_ref().map_or_else(|| "the event".to_owned(), ScheduleRequest::description);
    let (id, at) = (shell::quote(&intent.id), intent.at);
    let look = request.map_or_else(String::new, |request| {
        let assistant = shell::quote(&request.body.assistant_id);
        format!("look with `missions list-events-assistant {assistant}`, then ")
    });
    Fault::new(Exit::Unconfirmed, format!("{what} may have been scheduled at {at:.0}, {why}")).hint(
        format!(
            "{look}`missions resolve {id} --happened EVENT_ID` or `--nothing-happened`; it is never repeated by itself"
        ),
    )
}
