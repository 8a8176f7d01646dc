//! The request that cannot be taken back: remembered before it leaves, looked for when its answer is lost,
//! never repeated by itself.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use state::api::Error;
use state::exit::{self, Exit, Fault};
use state::intents::{Begun, Intent, Unless};
use state::out;
use state::words::for_shell;

use super::{Order, keep};
use crate::context::Context;
use crate::service::clock::earliest_creation;
use crate::service::{self, Channel, Pages, ScheduledRow, ServiceApi, ServiceRow};

/// Under which name intents are kept.
pub(crate) const TOOL: &str = "missions";

/// For so long the same line is the same event (spec 4).
const SAME_LINE: Duration = Duration::from_secs(24 * 3600);

/// The service wants this much notice of a call or text.
pub(crate) const NOTICE: SignedDuration = SignedDuration::from_secs(60);

/// The pauses before each look for an event whose answer was lost.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];

/// Schedules an order unless the same line did so already: the event, and whether this run made it.
///
/// Fails with exit 8 if it may have been scheduled and was not found; with `timing`'s fault if it is new and
/// its time is not allowed.
pub(super) fn once(
    context: &Context,
    api: &ServiceApi,
    order: &Order,
    again: bool,
    timing: anyhow::Result<()>,
) -> anyhow::Result<(ScheduledRow, bool)> {
    let unless = if again { Unless::Never } else { Unless::BegunWithin(SAME_LINE) };
    let begun = context.intents().begin(TOOL, &order.line(), serde_json::to_value(order)?, unless);
    let intent = match (begun, timing) {
        (Ok(Begun::New(intent)), Err(err)) => {
            context.intents().let_go(&intent.id);
            return Err(err);
        }
        (Err(_), Err(err)) | (Err(err), Ok(())) => return Err(err),
        (Ok(Begun::New(intent)), Ok(())) => intent,
        (Ok(Begun::Settled(intent)), _) => {
            let row = ServiceRow::new(intent.result.unwrap_or(Value::Null));
            return Ok((ScheduledRow::new(row), false));
        }
        (Ok(Begun::Open(intent)), _) => return Ok((search(context, api, &intent)?, false)),
    };
    if let Err(err) = order.is_wanted(context) {
        context.intents().let_go(&intent.id);
        return Err(err);
    }
    match service::scheduled_events::create(api, &order.new, &intent.id) {
        Ok(event) => {
            settle(context, &intent, &event)?;
            Ok((event, true))
        }
        Err(err) if exit::code_of(&err) == Exit::Unknown => {
            out::warning(&format!("{}; looking for it in the list", exit::told(&err)));
            Ok((search(context, api, &intent)?, true))
        }
        Err(err) => {
            not_done(context, &intent, &err);
            Err(err)
        }
    }
}

/// The order with the body that an earlier try of the same line sent, if the service put that one off: it goes out again
/// byte for byte, with its key. One whose time has come meanwhile is forgotten, since it was not carried out.
pub(crate) fn resumed(context: &Context, api: &ServiceApi, order: Order) -> anyhow::Result<Order> {
    let Some(intent) = context.intents().deferred(TOOL, &order.line())? else {
        return Ok(order);
    };
    let earlier: Order = serde_json::from_value(intent.request)?;
    let is_ahead = |at: Timestamp| at.duration_since(api.now()) >= NOTICE;
    if earlier.new.at().is_some_and(is_ahead) {
        return Ok(Order { new: earlier.new, ..order });
    }
    context.intents().withdraw(&intent.id)?;
    Ok(order)
}

fn not_done(context: &Context, intent: &Intent, err: &anyhow::Error) {
    let is_for_now = err.downcast_ref::<Error>().is_some_and(Error::is_for_now);
    context.intents().not_done(&intent.id, is_for_now);
}

/// What came of trying somebody again.
#[derive(Debug)]
pub(crate) enum Tried {
    /// It is scheduled, by this run or an earlier one.
    Made(ScheduledRow),
    /// It may have been scheduled and is not in the list (yet): why that is not known.
    InDoubt(String),
}

/// Schedules an order that tries somebody again, once whatever is killed or lost: an attempt whose intent is
/// known is looked for and never sent again.
///
/// Fails if it was refused or never left; then it may be tried anew.
pub(crate) fn try_again(
    context: &Context,
    api: &ServiceApi,
    order: &Order,
) -> anyhow::Result<Tried> {
    let request = serde_json::to_value(order)?;
    // No intent is kept for so long.
    let unless = Unless::BegunWithin(SAME_LINE * 365);
    let intent = match context.intents().begin(TOOL, &order.line(), request, unless)? {
        Begun::New(intent) => intent,
        Begun::Settled(intent) => {
            let row = ServiceRow::new(intent.result.unwrap_or(Value::Null));
            return Ok(Tried::Made(ScheduledRow::new(row)));
        }
        Begun::Open(intent) => return find(context, api, &intent),
    };
    match service::scheduled_events::create(api, &order.new, &intent.id) {
        Ok(event) => {
            settle(context, &intent, &event)?;
            Ok(Tried::Made(event))
        }
        Err(err) if exit::code_of(&err) == Exit::Unknown => find(context, api, &intent),
        Err(err) => {
            not_done(context, &intent, &err);
            Err(err)
        }
    }
}

/// Looks once for the event of an open intent, and settles it.
pub(crate) fn find(context: &Context, api: &ServiceApi, intent: &Intent) -> anyhow::Result<Tried> {
    match look(context, api, intent) {
        Ok(Some(event)) => {
            settle(context, intent, &event)?;
            Ok(Tried::Made(event))
        }
        Ok(None) => {
            let fault = in_doubt(intent, "and is not in the assistant's list (yet)");
            Ok(Tried::InDoubt(fault.to_string()))
        }
        Err(err) => Ok(Tried::InDoubt(exit::told(&err))),
    }
}

/// Stores that an intent was carried out.
pub(crate) fn settle(
    context: &Context,
    intent: &Intent,
    event: &ScheduledRow,
) -> anyhow::Result<()> {
    let stored = context.intents().settle(&intent.id, event.row().value());
    stored.map_err(|err| {
        let id = event.id().unwrap_or_default();
        let text = format!("{id} is scheduled, but could not be stored: {}", exit::told(&err));
        Fault::new(Exit::Unknown, text)
            .hint("mend that, then run the same command again: it finds the event")
            .into()
    })
}

/// Looks a few times for the event of an open intent, and settles it.
fn search(context: &Context, api: &ServiceApi, intent: &Intent) -> anyhow::Result<ScheduledRow> {
    for pause in LOOKS {
        context.clock.sleep(context.clock.period(pause));
        if let Some(event) = look(context, api, intent)? {
            settle(context, intent, &event)?;
            return Ok(event);
        }
    }
    context.printer.beside(&json!({ "unsettled": [unsettled(intent)] }), String::new);
    Err(in_doubt(intent, "and is not in the assistant's list (yet)").into())
}

/// Looks once for what an open intent may have scheduled: the same channel, recipient, instant and text, made
/// since, and known to nobody. Not found is no proof that there is nothing.
///
/// Fails with exit 8 whatever the reason.
pub(crate) fn look(
    context: &Context,
    api: &ServiceApi,
    intent: &Intent,
) -> anyhow::Result<Option<ScheduledRow>> {
    let order: Order = serde_json::from_value(intent.request.clone())?;
    let list = service::scheduled_events::list(api, &order.new.assistant_id, Pages::All(None))
        .map_err(|err| {
            in_doubt(intent, &format!("and looking for it failed: {}", exit::told(&err)))
        })?;
    let known = known_ids(context)?;
    let from = earliest_creation(intent.begun(), context.moment(), list.date());
    let mut found = list.rows().into_iter().map(ScheduledRow::new).filter(|event| {
        order.new.is_like(event)
            && event.created_at().is_none_or(|made| made >= from)
            && event.id().is_some_and(|id| !known.contains(&id))
    });
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => {
            Err(in_doubt(intent, "and several events in the assistant's list could be it").into())
        }
        (found, _) => Ok(found),
    }
}

/// The events that are the outcome of something else.
fn known_ids(context: &Context) -> anyhow::Result<Vec<String>> {
    let settled = context.intents().of_tool(TOOL)?;
    let settled = settled
        .into_iter()
        .filter_map(|intent| ScheduledRow::new(ServiceRow::new(intent.result?)).id());
    let mut known: Vec<String> = settled.collect();
    if let Ok(missions) = context.file.read() {
        known.extend(
            missions.iter().flat_map(|one| one.event_ids().map(str::to_owned).collect::<Vec<_>>()),
        );
    }
    Ok(known)
}

fn in_doubt(intent: &Intent, why: &str) -> Fault {
    let order = serde_json::from_value::<Order>(intent.request.clone());
    let told = order.as_ref().map_or_else(|_| "the event".to_owned(), Order::told);
    let (id, at) = (for_shell(&intent.id), intent.at);
    let look = order.map_or_else(
        |_| String::new(),
        |order| {
            let assistant = for_shell(&order.new.assistant_id);
            format!("look with `missions list-events-assistant {assistant}`, then ")
        },
    );
    Fault::new(Exit::Unknown, format!("{told} may have been scheduled at {at:.0}, {why}")).hint(format!(
        "{look}`missions resolve {id} --happened EVENT_ID` or `--nothing-happened`; it is never repeated by itself"
    ))
}

/// An open intent as it is listed.
pub(crate) fn unsettled(intent: &Intent) -> Value {
    let order: Option<Order> = serde_json::from_value(intent.request.clone()).ok();
    let new = order.as_ref().map(|order| &order.new);
    json!({
        "id": intent.id,
        "what": match new.map(|new| new.channel) {
            Some(Channel::Sms) => "schedule-sms",
            _ => "schedule-call",
        },
        "begun": intent.at.to_string(),
        "mission": order.as_ref().and_then(|order| order.slug.clone()),
        "assistant_id": new.map(|new| &new.assistant_id),
        "to": new.map(|new| &new.to),
        "scheduled_at": new.map(|new| &new.scheduled_at),
        "text": new.and_then(|new| new.text.as_ref()),
    })
}

/// Remembers and logs what was scheduled, and prints it. Doing it again changes nothing.
pub(crate) fn done(
    context: &Context,
    api: &ServiceApi,
    order: &Order,
    event: ScheduledRow,
    is_new: bool,
) -> anyhow::Result<Exit> {
    let id = event.id().unwrap_or_default();
    let logged = keep::keep(context, api, order, &event);
    let mut row = event.into_row();
    if let Some(slug) = &order.slug {
        row = row.with("slug", slug.as_str());
    }
    if order.by_mission {
        row = row.with("logged", matches!(&logged, Ok(true)));
    }
    if !is_new {
        row = row.with("repeated", true);
    }
    let what = if order.new.channel == Channel::Call { "call" } else { "SMS" };
    let fault = logged.err().map(|err| {
        let text = format!("{id} is scheduled, but could not be remembered: {}", exit::told(&err));
        Fault::new(Exit::Unknown, text)
            .hint("mend that, then run the same command again: it schedules nothing twice")
    });
    context.end(row.value(), || format!("Scheduled {what}: {id}"), fault)
}
