//! `/v1/assistants`: voice and text assistants, and the numbers they answer.

use super::numbers;
use crate::clock::millis;
use crate::service::refusal::not_found;
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World, merge};
use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

pub(crate) fn create(world: &mut World, request: &RoutedRequest) -> RouteResult {
    request.text("instructions")?;
    let name = request.text("name")?;
    let key = request.raw.header("idempotency-key").filter(|_| world.settings.idempotent);
    let key = key.map(str::to_owned);
    if let Some((_, earlier)) = world.repeatable.iter().find(|(used, _)| Some(used) == key.as_ref())
    {
        return Ok(ServerResponse::json(201, earlier));
    }
    let (id, telnyx, at) = (world.rng.uuid(), world.rng.uuid(), millis(world.now()));
    let or = |field: &str, default: Value| match &request.body[field] {
        Value::Null => default,
        given => given.clone(),
    };
    let assistant = json!({
        "id": id, "user_id": world.profile["user_id"],
        "telnyx_assistant_id": format!("assistant-{telnyx}"), "name": name,
        "description": request.body["description"], "model": or("model", "openai/gpt-4o".into()),
        "enabled_features": or("enabled_features", json!(["telephony", "messaging"])),
        "phone_number": null, "phone_number_id": null, "connection_id": null, "config": request.body,
        "created_at": at, "updated_at": at,
    });
    let assistant = world.add(ServiceTable::Assistants, &id, "", assistant);
    let connections =
        json!({"telephony": world.rng.decimal_id(), "messaging": world.rng.decimal_id()});
    world.row(ServiceTable::Assistants, &id).hidden = connections;
    let body = json!({"assistant": assistant});
    if let Some(key) = key {
        world.repeatable.push((key, body.clone()));
    }
    Ok(ServerResponse::json(201, &body))
}

/// All of them, newest first: the service's notes list no parameter, so none has an effect.
pub(crate) fn list(world: &mut World, _: &RoutedRequest) -> RouteResult {
    let mut assistants = world.listed(ServiceTable::Assistants, None);
    assistants.reverse();
    Ok(ServerResponse::json(200, &json!({"assistants": assistants})))
}

pub(crate) fn get(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let row =
        world.find(ServiceTable::Assistants, request.id()).ok_or_else(|| not_found("Assistant"))?;
    Ok(ServerResponse::json(200, &json!({"assistant": row.body})))
}

pub(crate) fn change(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let at = millis(world.now());
    let row =
        world.find(ServiceTable::Assistants, request.id()).ok_or_else(|| not_found("Assistant"))?;
    for field in ["name", "description", "model", "enabled_features"] {
        if !request.body[field].is_null() {
            row.body[field] = request.body[field].clone();
        }
    }
    merge(&mut row.body["config"], &request.body);
    row.body["updated_at"] = at.into();
    Ok(ServerResponse::json(200, &json!({"assistant": row.body})))
}

pub(crate) fn delete(world: &mut World, request: &RoutedRequest) -> RouteResult {
    if world.remove(ServiceTable::Assistants, request.id(), "") {
        Ok(ServerResponse::nothing())
    } else {
        Err(not_found("Assistant"))
    }
}

pub(crate) fn connection(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let feature = request.raw.query("feature").unwrap_or_else(|| "telephony".to_owned());
    let row =
        world.find(ServiceTable::Assistants, request.id()).ok_or_else(|| not_found("Assistant"))?;
    match &row.hidden[feature.as_str()] {
        Value::Null => Err(not_found("Connection")),
        id => Ok(ServerResponse::json(200, &json!({"connection_id": id}))),
    }
}

pub(crate) fn assign_phone(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let (phone, connection) = (request.text("phone_number_id")?, request.text("connection_id")?);
    let kind = request.optional("type").unwrap_or_else(|| "voice".to_owned());
    let phone =
        world.find(ServiceTable::Phones, &phone).ok_or_else(|| not_found("phone"))?.body.clone();
    let owner = numbers::assign_to(world, &phone, &connection, &kind)?;
    Ok(ServerResponse::json(
        200,
        &json!({"assistant": world.row(ServiceTable::Assistants, &owner).body}),
    ))
}
