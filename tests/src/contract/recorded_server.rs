//! The server that the contract was recorded against, rebuilt from what the entries print: `call_1`, `mis_1`, `ast_1` …

use super::case::ContractCase;
use crate::recording::RecordedRequest;
use crate::service::SimulatedService;
use serde_json::{Value, json};
use std::sync::Mutex;

/// Lets the service respond as the recording server did for this entry.
pub(super) fn install(service: &SimulatedService, case: &ContractCase) {
    let (case, before) = (case.clone(), Mutex::new(Vec::<RecordedRequest>::new()));
    service.on_with("*", "*", move |request| {
        let mut before = before.lock().expect("no response panics");
        let response = respond(&case, &before, request);
        before.push(request.clone());
        response
    });
}

fn error(status: u16, code: &str, message: &str) -> (u16, Value) {
    (status, json!({"error": {"code": code, "message": message}}))
}

fn respond(
    case: &ContractCase,
    before: &[RecordedRequest],
    request: &RecordedRequest,
) -> (u16, Value) {
    // A list shows what the command itself makes only once it was made.
    let is_it = |one: &RecordedRequest| one.method == "POST" && one.path == request.path;
    let is_hidden =
        request.method == "GET" && case.sends("POST", &request.path) && !before.iter().any(is_it);
    match case.text("mode") {
        "401" => error(401, "unauthorized", "Invalid API key"),
        "500" => error(500, "internal", "boom"),
        "429" => error(429, "rate_limited", "Too many requests"),
        mode => {
            let Some((status, mut body)) = recorded(case, mode, request) else {
                return error(404, "not_found", "Not found");
            };
            fill(&mut body, case, before, request);
            if is_hidden {
                hide(&mut body);
            }
            (status, body)
        }
    }
}

/// The response to a request of this kind, for entries that differ if there is one. Templates are in
/// `tests/contract/responses.json`.
fn recorded(case: &ContractCase, mode: &str, request: &RecordedRequest) -> Option<(u16, Value)> {
    let all: Value = serde_json::from_str(include_str!("../../contract/responses.json"))
        .expect("the responses are JSON");
    let withdrawn = if case.sends("DELETE", "/sev_1") { "withdrawn" } else { mode };
    let find = |word: &str| {
        all.as_object().into_iter().flatten().find(|(key, _)| {
            let (method, rest) = key.split_once(' ').unwrap_or_default();
            let (of, pattern) = rest.split_once(' ').unwrap_or(("", rest));
            of == word && request.is(method, pattern)
        })
    };
    let response = find(withdrawn).or_else(|| find(""))?.1;
    Some((u16::try_from(response[0].as_u64()?).ok()?, response[1].clone()))
}

/// Puts in what the request said (`$BODY.key|otherwise`), what the entry prints, and the owner's decision.
fn fill(
    template: &mut Value,
    case: &ContractCase,
    before: &[RecordedRequest],
    request: &RecordedRequest,
) {
    match template {
        Value::Array(list) => list.iter_mut().for_each(|one| fill(one, case, before, request)),
        Value::Object(map) => map.values_mut().for_each(|one| fill(one, case, before, request)),
        Value::String(text) => {
            let filled = match text.strip_prefix("$BODY.") {
                Some(key) => {
                    let (key, otherwise) = key.split_once('|').unwrap_or((key, ""));
                    let is_given = !request.body[key].is_null() || !text.contains('|');
                    if is_given { request.body[key].clone() } else { json!(otherwise) }
                }
                None => match text.as_str() {
                    "$PRINTED" => printed(case),
                    "$PRINTED_MISSION" if printed(case)["id"].is_string() => printed(case),
                    "$PRINTED_MISSION" => json!({"id": "mis_1", "name": "One"}),
                    "$APPROVAL" => approval(request),
                    "$DECISION" => decision(before, request),
                    _ => return,
                },
            };
            *template = filled;
        }
        _ => {}
    }
}

/// Empties the list that a response holds.
fn hide(body: &mut Value) {
    let values = body.as_object_mut().into_iter().flat_map(|map| map.values_mut());
    for list in values.filter_map(Value::as_array_mut) {
        list.clear();
    }
}

/// The JSON that the entry prints: a single object is the server's, passed on whole.
fn printed(case: &ContractCase) -> Value {
    let text = case.text("stdout");
    let start = text.find(['{', '[']).unwrap_or(text.len());
    serde_json::from_str(&text[start..]).unwrap_or(Value::Null)
}

/// The outcome is in the action's first word: `yes`, `no`, `hang`, `later`, `nodev`.
fn approval(request: &RecordedRequest) -> Value {
    let action = request.body["action"].as_str().unwrap_or("");
    let word = action.split(' ').next().unwrap_or("");
    let devices = i32::from(word != "nodev");
    let id = format!("apr_{word}");
    json!({"request_id": id, "status": "pending", "devices_notified": devices, "devices_failed": 0})
}

/// From the second poll on there is one.
fn decision(before: &[RecordedRequest], request: &RecordedRequest) -> Value {
    let id = request.path.rsplit('/').next().unwrap_or("");
    let is_first = !before.iter().any(|earlier| earlier.path == request.path);
    let status = match id {
        "apr_yes" if !is_first => "approved",
        "apr_no" if !is_first => "denied",
        _ => "pending",
    };
    json!({"request_id": id, "status": status})
}

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::*;
    use crate::wire::client;

    /// Whether `part` stands somewhere in `whole`, whatever it is wrapped in.
    fn holds(whole: &Value, part: &Value) -> bool {
        let inside = match whole {
            Value::Object(map) => map.values().any(|value| holds(value, part)),
            Value::Array(list) => list.iter().any(|value| holds(value, part)),
            _ => false,
        };
        inside || whole == part
    }

    #[test]
    fn every_recorded_request_is_answered_with_what_the_entry_prints() {
        for case in cases("") {
            let service = SimulatedService::start();
            install(&service, &case);
            let mut responses = Vec::new();
            for request in case.requests() {
                let word = |key: &str| request[key].as_str().unwrap_or("");
                let line = format!("{} {}?{}", word("method"), word("path"), word("query"));
                let (status, response) =
                    client::json(service.port(), case.key(), &line, &request["body"]);
                let good = matches!(case.text("mode"), "ok" | "nophone");
                assert_eq!(
                    (200..300).contains(&status),
                    good,
                    "{} {line}: {response}",
                    case.name()
                );
                responses.push(response);
            }
            let printed = printed(&case);
            if !printed.is_null() && !responses.is_empty() {
                assert!(holds(&responses.into(), &printed), "{} prints {printed}", case.name());
            }
        }
    }
}
