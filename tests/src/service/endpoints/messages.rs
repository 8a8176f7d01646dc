//! `/v1/messages`: texts sent and received.

use crate::clock::millis;
use crate::service::NUMBER;
use crate::service::agenda::Task;
use crate::service::event;
use crate::service::outcome::SimulatedOutcome;
use crate::service::refusal::missing;
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World};
use crate::wire::http::ServerResponse;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub(crate) fn send(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let to = request.number("to")?;
    let media = request.body["media_urls"].as_array().cloned().unwrap_or_default();
    let text = request.optional("message").unwrap_or_default();
    if text.is_empty() && media.is_empty() {
        return Err(missing("message"));
    }
    let id = add(world, "outbound", (NUMBER, &to), &text, &media);
    world.reached.push(("texted", format!("{to}\n{text}")));
    let due = world.now() + SignedDuration::from_secs(2);
    world.agenda.at(due, Task::Deliver { id: id.clone() });
    let telnyx = world.rng.uuid();
    let body =
        json!({"id": id, "telnyx_message_id": telnyx, "status": "sent", "from": NUMBER, "to": to});
    Ok(ServerResponse::json(200, &body))
}

/// Adds a text from outside; listed at once, since the service has it before it announces it.
pub(crate) fn receive(world: &mut World, from: &str, body: &str) -> String {
    let id = add(world, "inbound", (from, NUMBER), body, &[]);
    let row = world.row(ServiceTable::Messages, &id);
    row.listed = std::time::Instant::now();
    row.body["status"] = "received".into();
    id
}

/// Receives a text that somebody was scripted to send, and announces it.
pub(crate) fn reply(world: &mut World, from: &str, body: &str) {
    let id = receive(world, from, body);
    world.announce(event::sms_received(from, body, &id));
}

fn add(
    world: &mut World,
    direction: &str,
    ends: (&str, &str),
    text: &str,
    media: &[Value],
) -> String {
    let id = world.rng.uuid();
    let mut message = json!({
        "id": id, "direction": direction, "from": ends.0, "to": ends.1, "body": text, "status": "sent",
        "type": "SMS", "created_at": millis(world.now()), "delivered_at": null, "error": null,
    });
    if !media.is_empty() {
        message["media_urls"] = media.into();
        message["type"] = "MMS".into();
    }
    world.add(ServiceTable::Messages, &id, "", message);
    id
}

/// Delivers a text, or not, as the number it goes to decides.
pub(crate) fn deliver(world: &mut World, id: &str) {
    let now = millis(world.now());
    let Some(row) = world.find(ServiceTable::Messages, id) else { return };
    match SimulatedOutcome::of(row.body["to"].as_str().unwrap_or("")) {
        SimulatedOutcome::Failed => {
            row.body["status"] = "delivery_failed".into();
            let message = "The carrier could not deliver the message.";
            row.body["error"] = json!({"code": "40008", "message": message});
        }
        SimulatedOutcome::Stuck => {}
        _ => {
            row.body["status"] = "delivered".into();
            row.body["delivered_at"] = now.into();
        }
    }
}

/// The other end of a message.
fn contact(message: &Value) -> &str {
    let end = if message["direction"] == "inbound" { "from" } else { "to" };
    message[end].as_str().unwrap_or("")
}

pub(crate) fn list(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let (limit, page) = (request.count("limit", 20).clamp(1, 100), request.count("page", 1).max(1));
    let (with, direction) = (request.raw.query("contact"), request.raw.query("direction"));
    let mut messages = world.listed(ServiceTable::Messages, None);
    messages.retain(|message| {
        with.as_ref().is_none_or(|with| contact(message) == with)
            && direction.as_ref().is_none_or(|wanted| message["direction"] == wanted.as_str())
    });
    messages.reverse();
    let total = messages.len();
    let page_rows: Vec<_> = messages.into_iter().skip((page - 1) * limit).take(limit).collect();
    let pagination =
        json!({"page": page, "limit": limit, "total": total, "pages": total.div_ceil(limit)});
    Ok(ServerResponse::json(200, &json!({"messages": page_rows, "pagination": pagination})))
}

pub(crate) fn conversations(world: &mut World, _: &RoutedRequest) -> RouteResult {
    let mut conversations: Vec<Value> = Vec::new();
    for message in world.listed(ServiceTable::Messages, None).iter().rev() {
        let with = contact(message);
        if conversations.iter().all(|earlier| earlier["contact"] != with) {
            conversations.push(json!({
                "contact": with, "last_message": message["body"],
                "last_message_at": message["created_at"], "unread_count": 0,
            }));
        }
    }
    Ok(ServerResponse::json(200, &json!({"conversations": conversations})))
}
