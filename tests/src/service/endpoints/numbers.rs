//! `/v1/numbers`: the account's phone numbers, and the assistants that they ring.

use crate::clock::millis;
use crate::service::NUMBER;
use crate::service::refusal::not_found;
use crate::service::request::{RouteResult, RoutedRequest};
use crate::service::store::{ServiceTable, World};
use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

/// Every account starts with its dedicated number, which no assistant has.
pub(crate) fn seed(world: &mut World) {
    add(world, NUMBER);
}

fn add(world: &mut World, number: &str) -> Value {
    let (id, at) = (world.rng.decimal_id(), millis(world.now()));
    let phone = json!({"id": id, "phone_number": number, "status": "active", "ordered_at": at});
    world.seed(ServiceTable::Phones, &id, "", phone)
}

/// Whether an assistant has this number.
pub(crate) fn is_assigned(world: &World, number: &Value) -> bool {
    world.find_where(ServiceTable::Assistants, |row| row.body["phone_number"] == *number).is_some()
}

fn all(world: &World) -> Vec<Value> {
    world.all(ServiceTable::Phones).map(|row| row.body.clone()).collect()
}

pub(crate) fn list(world: &mut World, _: &RoutedRequest) -> RouteResult {
    Ok(ServerResponse::json(200, &json!({"data": all(world)})))
}

pub(crate) fn mine(world: &mut World, _: &RoutedRequest) -> RouteResult {
    Ok(ServerResponse::json(200, &json!({"phones": all(world)})))
}

pub(crate) fn available(world: &mut World, _: &RoutedRequest) -> RouteResult {
    let phones = all(world);
    let free = phones.into_iter().find(|phone| !is_assigned(world, &phone["phone_number"]));
    Ok(ServerResponse::json(200, &json!({"phone": free})))
}

pub(crate) fn assign(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let connection = request.text("connection_id")?;
    let kind = request.text("type")?;
    let phone = world
        .find(ServiceTable::Phones, request.id())
        .ok_or_else(|| not_found("phone"))?
        .body
        .clone();
    assign_to(world, &phone, &connection, &kind)?;
    Ok(ServerResponse::json(200, &json!({"phone": phone})))
}

/// Assigns a number to the assistant of a connection; the assistant that had it loses it.
pub(crate) fn assign_to(
    world: &mut World,
    phone: &Value,
    connection: &str,
    kind: &str,
) -> Result<String, ServerResponse> {
    let has =
        |hidden: &Value| hidden["telephony"] == connection || hidden["messaging"] == connection;
    let owner = world
        .find_where(ServiceTable::Assistants, |row| has(&row.hidden))
        .map(|row| row.id.clone());
    let owner = owner.ok_or_else(|| not_found("connection"))?;
    let former = world.find_where(ServiceTable::Assistants, |row| {
        row.id != owner && row.body["phone_number"] == phone["phone_number"]
    });
    if let Some(former) = former.map(|row| row.id.clone()) {
        let body = &mut world.row(ServiceTable::Assistants, &former).body;
        (body["phone_number"], body["phone_number_id"]) = (Value::Null, Value::Null);
        body["connection_id"] = Value::Null;
    }
    let row = world.row(ServiceTable::Assistants, &owner);
    row.body["phone_number"] = phone["phone_number"].clone();
    row.body["phone_number_id"] = phone["id"].clone();
    row.body["connection_id"] = connection.into();
    row.hidden["phone_type"] = kind.into();
    Ok(owner)
}

pub(crate) fn search(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let contains = request.raw.query("contains").unwrap_or_default();
    let offered = (0..5).map(|n| format!("+1555888{contains}{:04}", 1000 + n));
    let offered: Vec<_> = offered
        .map(|number| number.chars().take(12).collect::<String>())
        .filter(|number| {
            world
                .find_where(ServiceTable::Phones, |row| row.body["phone_number"] == number.as_str())
                .is_none()
        })
        .map(|number| json!({"phone_number": number}))
        .collect();
    Ok(ServerResponse::json(200, &json!({"data": offered})))
}

pub(crate) fn order(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let number = request.number("phone_number")?;
    let phone = add(world, &number);
    Ok(ServerResponse::json(201, &json!({"phone": phone})))
}

pub(crate) fn release(world: &mut World, request: &RoutedRequest) -> RouteResult {
    let id = request.text("phone_number_id")?;
    if !world.remove(ServiceTable::Phones, &id, "") {
        return Err(not_found("phone"));
    }
    Ok(ServerResponse::json(200, &json!({"success": true})))
}
