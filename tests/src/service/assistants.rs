//! `/v1/assistants`: voice and text assistants, and the numbers they answer.

use super::numbers;
use super::refusal::not_found;
use super::route::{Answered, Ask};
use super::store::{Table, World, merge};
use crate::clock::millis;
use crate::wire::http::Answer;
use serde_json::{Value, json};

pub(crate) fn create(world: &mut World, ask: &Ask) -> Answered {
    ask.text("instructions")?;
    let name = ask.text("name")?;
    let key = ask.request.header("idempotency-key").filter(|_| world.settings.idempotent);
    let key = key.map(str::to_owned);
    if let Some((_, known)) = world.repeatable.iter().find(|(known, _)| Some(known) == key.as_ref())
    {
        return Ok(Answer::json(201, known));
    }
    let (id, telnyx, at) = (world.fate.uuid(), world.fate.uuid(), millis(world.now()));
    let or = |field: &str, default: Value| match &ask.body[field] {
        Value::Null => default,
        given => given.clone(),
    };
    let assistant = json!({
        "id": id, "user_id": world.profile["user_id"],
        "telnyx_assistant_id": format!("assistant-{telnyx}"), "name": name,
        "description": ask.body["description"], "model": or("model", "openai/gpt-4o".into()),
        "enabled_features": or("enabled_features", json!(["telephony", "messaging"])),
        "phone_number": null, "phone_number_id": null, "connection_id": null, "config": ask.body,
        "created_at": at, "updated_at": at,
    });
    let assistant = world.add(Table::Assistants, &id, "", assistant);
    let connections = json!({"telephony": world.fate.decimal(), "messaging": world.fate.decimal()});
    world.row(Table::Assistants, &id).hidden = connections;
    let answer = json!({"assistant": assistant});
    if let Some(key) = key {
        world.repeatable.push((key, answer.clone()));
    }
    Ok(Answer::json(201, &answer))
}

/// All of them, newest first: the service's notes list no parameter, so none has an effect.
pub(crate) fn list(world: &mut World, _: &Ask) -> Answered {
    let mut assistants = world.listed(Table::Assistants, None);
    assistants.reverse();
    Ok(Answer::json(200, &json!({"assistants": assistants})))
}

pub(crate) fn get(world: &mut World, ask: &Ask) -> Answered {
    let row = world.find(Table::Assistants, ask.id()).ok_or_else(|| not_found("Assistant"))?;
    Ok(Answer::json(200, &json!({"assistant": row.body})))
}

pub(crate) fn change(world: &mut World, ask: &Ask) -> Answered {
    let at = millis(world.now());
    let row = world.find(Table::Assistants, ask.id()).ok_or_else(|| not_found("Assistant"))?;
    for field in ["name", "description", "model", "enabled_features"] {
        if !ask.body[field].is_null() {
            row.body[field] = ask.body[field].clone();
        }
    }
    merge(&mut row.body["config"], &ask.body);
    row.body["updated_at"] = at.into();
    Ok(Answer::json(200, &json!({"assistant": row.body})))
}

pub(crate) fn delete(world: &mut World, ask: &Ask) -> Answered {
    if world.remove(Table::Assistants, ask.id(), "") {
        Ok(Answer::nothing())
    } else {
        Err(not_found("Assistant"))
    }
}

pub(crate) fn connection(world: &mut World, ask: &Ask) -> Answered {
    let feature = ask.request.query("feature").unwrap_or_else(|| "telephony".to_owned());
    let row = world.find(Table::Assistants, ask.id()).ok_or_else(|| not_found("Assistant"))?;
    match &row.hidden[feature.as_str()] {
        Value::Null => Err(not_found("Connection")),
        id => Ok(Answer::json(200, &json!({"connection_id": id}))),
    }
}

pub(crate) fn assign_phone(world: &mut World, ask: &Ask) -> Answered {
    let (phone, connection) = (ask.text("phone_number_id")?, ask.text("connection_id")?);
    let kind = ask.optional("type").unwrap_or_else(|| "voice".to_owned());
    let phone = world.find(Table::Phones, &phone).ok_or_else(|| not_found("phone"))?.body.clone();
    let owner = numbers::give(world, &phone, &connection, &kind)?;
    Ok(Answer::json(200, &json!({"assistant": world.row(Table::Assistants, &owner).body})))
}
