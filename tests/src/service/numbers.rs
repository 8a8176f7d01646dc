//! `/v1/numbers`: the account's phone numbers and whom they ring.

use super::NUMBER;
use super::refusal::not_found;
use super::route::{Answered, Ask};
use super::store::{Table, World};
use crate::clock::millis;
use crate::wire::http::Answer;
use serde_json::{Value, json};

/// Every account starts with its dedicated number, which no assistant has.
pub(crate) fn seed(world: &mut World) {
    add(world, NUMBER);
}

fn add(world: &mut World, number: &str) -> Value {
    let (id, at) = (world.fate.decimal(), millis(world.now()));
    let phone = json!({"id": id, "phone_number": number, "status": "active", "ordered_at": at});
    world.seed(Table::Phones, &id, "", phone)
}

/// Whether an assistant has this number.
pub(crate) fn assigned(world: &World, number: &Value) -> bool {
    world.find_where(Table::Assistants, |row| row.body["phone_number"] == *number).is_some()
}

fn all(world: &World) -> Vec<Value> {
    world.all(Table::Phones).map(|row| row.body.clone()).collect()
}

pub(crate) fn list(world: &mut World, _: &Ask) -> Answered {
    Ok(Answer::json(200, &json!({"data": all(world)})))
}

pub(crate) fn mine(world: &mut World, _: &Ask) -> Answered {
    Ok(Answer::json(200, &json!({"phones": all(world)})))
}

pub(crate) fn available(world: &mut World, _: &Ask) -> Answered {
    let phones = all(world);
    let free = phones.into_iter().find(|phone| !assigned(world, &phone["phone_number"]));
    Ok(Answer::json(200, &json!({"phone": free})))
}

pub(crate) fn assign(world: &mut World, ask: &Ask) -> Answered {
    let connection = ask.text("connection_id")?;
    let kind = ask.text("type")?;
    let phone = world.find(Table::Phones, ask.id()).ok_or_else(|| not_found("phone"))?.body.clone();
    give(world, &phone, &connection, &kind)?;
    Ok(Answer::json(200, &json!({"phone": phone})))
}

/// Lets a number ring the assistant behind a connection; whoever had it loses it.
pub(crate) fn give(
    world: &mut World,
    phone: &Value,
    connection: &str,
    kind: &str,
) -> Result<String, Answer> {
    let has =
        |hidden: &Value| hidden["telephony"] == connection || hidden["messaging"] == connection;
    let owner =
        world.find_where(Table::Assistants, |row| has(&row.hidden)).map(|row| row.id.clone());
    let owner = owner.ok_or_else(|| not_found("connection"))?;
    let former = world.find_where(Table::Assistants, |row| {
        row.id != owner && row.body["phone_number"] == phone["phone_number"]
    });
    if let Some(former) = former.map(|row| row.id.clone()) {
        let body = &mut world.row(Table::Assistants, &former).body;
        (body["phone_number"], body["phone_number_id"]) = (Value::Null, Value::Null);
        body["connection_id"] = Value::Null;
    }
    let row = world.row(Table::Assistants, &owner);
    row.body["phone_number"] = phone["phone_number"].clone();
    row.body["phone_number_id"] = phone["id"].clone();
    row.body["connection_id"] = connection.into();
    row.hidden["phone_type"] = kind.into();
    Ok(owner)
}

pub(crate) fn search(world: &mut World, ask: &Ask) -> Answered {
    let contains = ask.request.query("contains").unwrap_or_default();
    let offered = (0..5).map(|n| format!("+1555888{contains}{:04}", 1000 + n));
    let offered: Vec<_> = offered
        .map(|number| number.chars().take(12).collect::<String>())
        .filter(|number| {
            world
                .find_where(Table::Phones, |row| row.body["phone_number"] == number.as_str())
                .is_none()
        })
        .map(|number| json!({"phone_number": number}))
        .collect();
    Ok(Answer::json(200, &json!({"data": offered})))
}

pub(crate) fn order(world: &mut World, ask: &Ask) -> Answered {
    let number = ask.number("phone_number")?;
    let phone = add(world, &number);
    Ok(Answer::json(201, &json!({"phone": phone})))
}

pub(crate) fn release(world: &mut World, ask: &Ask) -> Answered {
    let id = ask.text("phone_number_id")?;
    if !world.remove(Table::Phones, &id, "") {
        return Err(not_found("phone"));
    }
    Ok(Answer::json(200, &json!({"success": true})))
}
