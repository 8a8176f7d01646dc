//! `/v1/messages`: texts out and in.

use super::NUMBER;
use super::agenda::Task;
use super::outcome::Outcome;
use super::refusal::missing;
use super::route::{Answered, Ask};
use super::store::{Table, World};
use crate::clock::millis;
use crate::wire::http::Answer;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub(crate) fn send(world: &mut World, ask: &Ask) -> Answered {
    let to = ask.number("to")?;
    let media = ask.body["media_urls"].as_array().cloned().unwrap_or_default();
    let text = ask.optional("message").unwrap_or_default();
    if text.is_empty() && media.is_empty() {
        return Err(missing("message"));
    }
    let id = add(world, "outbound", (NUMBER, &to), &text, &media);
    world.reached.push(("texted", format!("{to}\n{text}")));
    let due = world.now() + SignedDuration::from_secs(2);
    world.agenda.at(due, Task::Deliver { id: id.clone() });
    let telnyx = world.fate.uuid();
    let answer =
        json!({"id": id, "telnyx_message_id": telnyx, "status": "sent", "from": NUMBER, "to": to});
    Ok(Answer::json(200, &answer))
}

/// A text from outside; listed at once, since it was there before it was told.
pub(crate) fn receive(world: &mut World, from: &str, body: &str) -> String {
    let id = add(world, "inbound", (from, NUMBER), body, &[]);
    let row = world.row(Table::Messages, &id);
    row.listed = std::time::Instant::now();
    row.body["status"] = "received".into();
    id
}

fn add(world: &mut World, way: &str, ends: (&str, &str), text: &str, media: &[Value]) -> String {
    let id = world.fate.uuid();
    let mut message = json!({
        "id": id, "direction": way, "from": ends.0, "to": ends.1, "body": text, "status": "sent",
        "type": "SMS", "created_at": millis(world.now()), "delivered_at": null, "error": null,
    });
    if !media.is_empty() {
        message["media_urls"] = media.into();
        message["type"] = "MMS".into();
    }
    world.add(Table::Messages, &id, "", message);
    id
}

/// The text arrives, or not.
pub(crate) fn deliver(world: &mut World, id: &str) {
    let now = millis(world.now());
    let Some(row) = world.find(Table::Messages, id) else { return };
    match Outcome::of(row.body["to"].as_str().unwrap_or("")) {
        Outcome::Failed => {
            row.body["status"] = "delivery_failed".into();
            let message = "The carrier could not deliver the message.";
            row.body["error"] = json!({"code": "40008", "message": message});
        }
        Outcome::Stuck => {}
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

pub(crate) fn list(world: &mut World, ask: &Ask) -> Answered {
    let (limit, page) = (ask.count("limit", 20).clamp(1, 100), ask.count("page", 1).max(1));
    let (with, direction) = (ask.request.query("contact"), ask.request.query("direction"));
    let mut messages = world.listed(Table::Messages, None);
    messages.retain(|message| {
        with.as_ref().is_none_or(|with| contact(message) == with)
            && direction.as_ref().is_none_or(|way| message["direction"] == way.as_str())
    });
    messages.reverse();
    let total = messages.len();
    let shown: Vec<_> = messages.into_iter().skip((page - 1) * limit).take(limit).collect();
    let pagination =
        json!({"page": page, "limit": limit, "total": total, "pages": total.div_ceil(limit)});
    Ok(Answer::json(200, &json!({"messages": shown, "pagination": pagination})))
}

pub(crate) fn conversations(world: &mut World, _: &Ask) -> Answered {
    let mut conversations: Vec<Value> = Vec::new();
    for message in world.listed(Table::Messages, None).iter().rev() {
        let with = contact(message);
        if conversations.iter().all(|known| known["contact"] != with) {
            conversations.push(json!({
                "contact": with, "last_message": message["body"],
                "last_message_at": message["created_at"], "unread_count": 0,
            }));
        }
    }
    Ok(Answer::json(200, &json!({"conversations": conversations})))
}
