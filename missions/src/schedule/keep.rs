//! What the skill page begs for after scheduling: remember the event, and log it. In that order, and once.

use serde_json::{Map, Value};
use state::{exit, out};

use super::Order;
use crate::context::Context;
use crate::lifecycle::Insights;
use crate::service::{self, Channel, NewLogEntry, RunRef, ScheduledRow, ServiceApi};
use crate::tracked::Tracked;

/// The key under which agents look for what is scheduled (seed, "Save to memory").
const MEMORY: &str = "scheduled_events";

/// Remembers and, with `--mission`, logs an event; true if the log tells of it. That the log could not be
/// written is warned of: the event is scheduled, and the same line or `tick` logs it later.
pub(crate) fn keep(
    context: &Context,
    api: &ServiceApi,
    order: &Order,
    event: &ScheduledRow,
) -> anyhow::Result<bool> {
    let (Some(slug), Some(id)) = (&order.slug, event.id()) else { return Ok(false) };
    let tracked = remember(context, slug, order, &id, event)?;
    if !order.by_mission || tracked.logged {
        return Ok(tracked.logged);
    }
    match log(api, order, &id) {
        Ok(()) => {
            context.file.change_mission(slug, |mission| {
                if let Some(event) = mission.view().event(&id) {
                    mission.set_event(&id, &Tracked { logged: true, ..event })?;
                }
                Ok(())
            })?;
            Ok(true)
        }
        Err(err) => {
            out::warning(&format!(
                "{id} is scheduled and remembered, but not logged: {}",
                exit::told(&err)
            ));
            Ok(false)
        }
    }
}

fn remember(
    context: &Context,
    slug: &str,
    order: &Order,
    id: &str,
    event: &ScheduledRow,
) -> anyhow::Result<Tracked> {
    let now = context.now();
    context.file.change_mission(slug, |mission| {
        let tracked = mission.view().event(id).unwrap_or_else(|| tracked(order, event, now));
        mission.set_event(id, &tracked)?;
        if order.by_mission {
            let memory = mission.view().memory().and_then(|memory| memory.get(MEMORY)).cloned();
            let mut items = match memory {
                Some(Value::Array(items)) => items,
                Some(single) => vec![single],
                None => Vec::new(),
            };
            if !items.iter().any(|item| item["event_id"] == id) {
                items.push(item(order, id));
                mission.memory(now).insert(MEMORY.to_owned(), items.into());
            }
        }
        Ok(tracked)
    })
}

fn tracked(order: &Order, event: &ScheduledRow, now: jiff::Timestamp) -> Tracked {
    let new = &order.new;
    let mut tracked = Tracked {
        assistant_id: new.assistant_id.clone(),
        channel: new.channel,
        to: new.to.clone(),
        from: new.from.clone(),
        scheduled_at: new.at().or_else(|| event.at()).unwrap_or(now),
        text: new.text.clone(),
        step_id: new.step_id.clone(),
        verify_step: order.verify_step.clone(),
        window: order.window.clone(),
        recipient: order.recipient,
        retry_of: order.again.as_ref().map(|again| again.of.clone()),
        attempt: order.again.as_ref().map_or(0, |again| again.attempt),
        status: "pending".to_owned(),
        call_status: None,
        conversation_id: None,
        looked_at: None,
        seen: None,
        end: None,
        insights: Insights::None,
        maybe_voicemail: false,
        logged: false,
    };
    tracked.see(event);
    tracked
}

/// The item in the form that the skill page gives it.
fn item(order: &Order, id: &str) -> Value {
    let new = &order.new;
    let mut item = Map::new();
    for (key, text) in [
        ("event_id", Some(id)),
        ("type", Some(new.channel.word())),
        ("to", Some(&*new.to)),
        ("message", new.text.as_deref()),
        ("scheduled_at", Some(&*new.scheduled_at)),
        ("step_id", new.step_id.as_deref()),
    ] {
        if let Some(text) = text {
            item.insert(key.to_owned(), text.into());
        }
    }
    item.into()
}

fn log(api: &ServiceApi, order: &Order, id: &str) -> anyhow::Result<()> {
    let new = &order.new;
    let of = RunRef {
        mission: new.mission_id.as_deref().unwrap_or_default(),
        run: new.run_id.as_deref().unwrap_or_default(),
    };
    let what = if new.channel == Channel::Call { "call" } else { "SMS" };
    let (summary, key) = (format!("Scheduled {what} event_id={id}"), format!("scheduled-{id}"));
    let event = NewLogEntry {
        kind: "custom",
        summary: &summary,
        agent_id: "clawdtalk-missions",
        step_id: new.step_id.as_deref(),
        payload: None,
        idempotency_key: Some(&key),
    };
    service::run_log::add(api, of, &event).map(drop)
}
