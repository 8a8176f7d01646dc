//! Records a scheduled event in its mission and in the log of its run: in this order, and once.

use jiff::Timestamp;
use serde_json::{Map, Value};
use state::exit::{self, Exit, Fault};
use state::out;

use super::request::ScheduleRequest;
use crate::context::CommandContext;
use crate::lifecycle::CallInsights;
use crate::service::{self, Channel, NewLogEntry, RunRef, ScheduledRow, ServiceApi};
use crate::store::{ScheduledEvent, event};

/// The key of the memory in which agents look for what is scheduled.
const MEMORY: &str = "scheduled_events";

/// Records an event in its mission and, with `--mission`, in the memory and the log; returns whether the log has it. That
/// the log could not be written is only a warning: the event is scheduled, and the same line logs it later.
pub(crate) fn record(
    context: &CommandContext,
    api: &ServiceApi,
    request: &ScheduleRequest,
    row: &ScheduledRow,
) -> anyhow::Result<bool> {
    let (Some(slug), Some(id)) = (&request.slug, row.id()) else { return Ok(false) };
    let stored = store(context, slug, request, &id, row)?;
    if !request.with_mission || stored.logged {
        return Ok(stored.logged);
    }
    match log(api, request, &id) {
        Ok(()) => {
            context.store.change_mission(slug, |mission| {
                if let Some(stored) = event::get(&mission.view(), &id) {
                    event::set(mission, &id, &ScheduledEvent { logged: true, ..stored })?;
                }
                Ok(())
            })?;
            Ok(true)
        }
        Err(err) => {
            out::warning(&format!(
                "{id} is scheduled and recorded here, but not logged: {}",
                exit::one_line(&err)
            ));
            Ok(false)
        }
    }
}

/// Records what was scheduled, and prints it. Doing it again changes nothing.
pub(crate) fn record_and_print(
    context: &CommandContext,
    api: &ServiceApi,
    request: &ScheduleRequest,
    row: ScheduledRow,
    is_new: bool,
) -> anyhow::Result<Exit> {
    let id = row.id().unwrap_or_default();
    let logged = record(context, api, request, &row);
    let mut document = row.into_row();
    if let Some(slug) = &request.slug {
        document = document.with("slug", slug.as_str());
    }
    if request.with_mission {
        document = document.with("logged", matches!(&logged, Ok(true)));
    }
    if !is_new {
        document = document.with("repeated", true);
    }
    let what = if request.body.channel == Channel::Call { "call" } else { "SMS" };
    let fault = logged.err().map(|err| {
        let text =
            format!("{id} is scheduled, but could not be recorded: {}", exit::one_line(&err));
        Fault::new(Exit::Unconfirmed, text)
            .hint("fix that, then run the same command again: it schedules nothing twice")
    });
    context.end(document.value(), || format!("Scheduled {what}: {id}"), fault)
}

fn store(
    context: &CommandContext,
    slug: &str,
    request: &ScheduleRequest,
    id: &str,
    row: &ScheduledRow,
) -> anyhow::Result<ScheduledEvent> {
    let now = context.now();
    context.store.change_mission(slug, |mission| {
        let stored =
            event::get(&mission.view(), id).unwrap_or_else(|| new_event(request, row, now));
        event::set(mission, id, &stored)?;
        if request.with_mission {
            let memory = mission.view().memory().and_then(|memory| memory.get(MEMORY)).cloned();
            let mut items = match memory {
                Some(Value::Array(items)) => items,
                Some(single) => vec![single],
                None => Vec::new(),
            };
            if !items.iter().any(|item| item["event_id"] == id) {
                items.push(memory_item(request, id));
                mission.memory(now).insert(MEMORY.to_owned(), items.into());
            }
        }
        Ok(stored)
    })
}

fn new_event(request: &ScheduleRequest, row: &ScheduledRow, now: Timestamp) -> ScheduledEvent {
    let body = &request.body;
    let mut event = ScheduledEvent {
        assistant_id: body.assistant_id.clone(),
        channel: body.channel,
        to: body.to.clone(),
        from: body.from.clone(),
        scheduled_at: body.at().or_else(|| row.at()).unwrap_or(now),
        text: body.text.clone(),
        step_id: body.step_id.clone(),
        verify_step: request.verify_step.clone(),
        window: request.window.clone(),
        recipient: request.recipient,
        retry_of: request
            .retry
            .as_ref()
            .filter(|retry| retry.attempt > 0)
            .map(|one| one.target.clone()),
        attempt: request.retry.as_ref().map_or(0, |retry| retry.attempt),
        status: "pending".to_owned(),
        call_status: None,
        conversation_id: None,
        polled_at: None,
        activity: None,
        end: None,
        insights: CallInsights::None,
        maybe_voicemail: false,
        logged: false,
        seconds: 0,
        withdrawn: false,
    };
    event.update_from(row);
    event
}

/// The item of the memory, in the form that the skill's manual gives it.
fn memory_item(request: &ScheduleRequest, id: &str) -> Value {
    let body = &request.body;
    let mut item = Map::new();
    for (key, text) in [
        ("event_id", Some(id)),
        ("type", Some(body.channel.word())),
        ("to", Some(&*body.to)),
        ("message", body.text.as_deref()),
        ("scheduled_at", Some(&*body.scheduled_at)),
        ("step_id", body.step_id.as_deref()),
    ] {
        if let Some(text) = text {
            item.insert(key.to_owned(), text.into());
        }
    }
    item.into()
}

fn log(api: &ServiceApi, request: &ScheduleRequest, id: &str) -> anyhow::Result<()> {
    let body = &request.body;
    let run = RunRef {
        mission: body.mission_id.as_deref().unwrap_or_default(),
        run: body.run_id.as_deref().unwrap_or_default(),
    };
    let what = if body.channel == Channel::Call { "call" } else { "SMS" };
    let (summary, key) = (format!("Scheduled {what} event_id={id}"), format!("scheduled-{id}"));
    let entry = NewLogEntry {
        kind: "custom",
        summary: &summary,
        agent_id: service::run_log::OWN_AGENT_ID,
        step_id: body.step_id.as_deref(),
        payload: None,
        idempotency_key: Some(&key),
    };
    service::run_log::add(api, run, &entry).map(drop)
}
