//! Which endpoint answers which request, after the key was checked.

use super::endpoints::{
    account, approvals, assistants, calls, insights, messages, missions, numbers, plan, runs,
    scheduled,
};
use super::refusal::{refusal, unauthorized};
use super::request::{RouteResult, RoutedRequest};
use super::store::World;
use crate::recording::matches;
use crate::wire::http::{ServerRequest, ServerResponse};
use serde_json::{Value, json};

type RouteHandler = fn(&mut World, &RoutedRequest) -> RouteResult;

const RUN: &str = "/v1/missions/:m/runs/:r";

const ROUTES: &[(&str, &str, RouteHandler)] = &[
    ("GET", "/v1/me", account::me),
    ("PATCH", "/v1/me", account::change),
    ("GET", "/v1/voices", account::voices),
    ("GET", "/v1/doctor/:part", account::doctor),
    ("POST", "/v1/calls", calls::place),
    ("GET", "/v1/calls/:id", calls::get),
    ("POST", "/v1/calls/:id/end", calls::end),
    ("POST", "/v1/messages/send", messages::send),
    ("GET", "/v1/messages", messages::list),
    ("GET", "/v1/messages/conversations", messages::conversations),
    ("POST", "/v1/approvals", approvals::create),
    ("GET", "/v1/approvals", approvals::list),
    ("GET", "/v1/approvals/:id", approvals::get),
    ("POST", "/v1/missions", missions::create),
    ("GET", "/v1/missions", missions::list),
    ("GET", "/v1/missions/conversations/:id/insights", insights::get),
    ("GET", "/v1/missions/:id", missions::get),
    ("POST", "/v1/missions/:id/cancel", missions::cancel),
    ("GET", "/v1/missions/:id/events", missions::events),
    ("POST", "/v1/missions/:m/runs", runs::create),
    ("GET", "/v1/missions/:m/runs", runs::list),
    ("GET", "/v1/missions/:m/runs/:r", runs::get),
    ("PATCH", "/v1/missions/:m/runs/:r", runs::change),
    ("POST", "/plan", plan::create),
    ("GET", "/plan", plan::get),
    ("PATCH", "/plan/steps/:s", plan::change),
    ("POST", "/events", runs::log_event),
    ("GET", "/events", runs::events),
    ("POST", "/agents", runs::link),
    ("GET", "/agents", runs::links),
    ("DELETE", "/agents/:a", runs::unlink),
    ("POST", "/v1/assistants", assistants::create),
    ("GET", "/v1/assistants", assistants::list),
    ("GET", "/v1/assistants/:id", assistants::get),
    ("PATCH", "/v1/assistants/:id", assistants::change),
    ("DELETE", "/v1/assistants/:id", assistants::delete),
    ("GET", "/v1/assistants/:id/connection-id", assistants::connection),
    ("POST", "/v1/assistants/:id/assign-phone", assistants::assign_phone),
    ("POST", "/v1/assistants/:id/events", scheduled::create),
    ("GET", "/v1/assistants/:id/events", scheduled::list),
    ("GET", "/v1/assistants/:id/events/:e", scheduled::get),
    ("DELETE", "/v1/assistants/:id/events/:e", scheduled::delete),
    ("GET", "/v1/numbers/account-phones", numbers::list),
    ("GET", "/v1/numbers/account-phones/available", numbers::available),
    ("PATCH", "/v1/numbers/account-phones/:id", numbers::assign),
    ("GET", "/v1/numbers/search", numbers::search),
    ("POST", "/v1/numbers/order", numbers::order),
    ("POST", "/v1/numbers/release", numbers::release),
    ("GET", "/v1/numbers/mine", numbers::mine),
];

/// The service's response; `None` where no route fits.
pub(crate) fn respond(world: &mut World, request: &ServerRequest) -> Option<ServerResponse> {
    let path = request.path();
    if request.method == "GET" && path == "/health" {
        return Some(ServerResponse::json(200, &json!({"status": "ok"})));
    }
    // The raw path decides: an encoded slash inside an id must not make another route of it.
    let (endpoint, ids) = ROUTES.iter().find_map(|(method, pattern, endpoint)| {
        let long = if pattern.starts_with("/v1") {
            (*pattern).to_owned()
        } else {
            format!("{RUN}{pattern}")
        };
        let ids = matches(&long, &request.raw_path).filter(|_| *method == request.method)?;
        Some((endpoint, ids))
    })?;
    let wanted = format!("Bearer {}", world.settings.key);
    if request.header("authorization") != Some(&wanted) {
        return Some(unauthorized());
    }
    let ids = ids
        .iter()
        .map(|id| ServerRequest { raw_path: id.clone(), ..ServerRequest::default() }.path());
    let ids = ids.collect();
    let body = if request.body.is_empty() { Ok(json!({})) } else { request.json() };
    let body = match body {
        Ok(body @ Value::Object(_)) => body,
        Ok(_) => return Some(refusal(400, "invalid_body", "the body must be a JSON object")),
        Err(err) => return Some(refusal(400, "invalid_json", &err.to_string())),
    };
    let (Ok(response) | Err(response)) =
        endpoint(world, &RoutedRequest { raw: request, ids, body });
    Some(response)
}
