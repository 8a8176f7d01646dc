//! Which endpoint answers which request, after the key was checked.

use super::refusal::{missing, refusal, unauthorized};
use super::store::World;
use super::{
    account, approvals, assistants, calls, insights, messages, missions, numbers, plan, runs,
    scheduled,
};
use crate::log::matches;
use crate::wire::http::{Answer, Request};
use serde_json::{Value, json};

/// One request with what the route took from it.
pub(crate) struct Ask<'a> {
    pub(crate) request: &'a Request,
    /// The path's variable segments, in order.
    pub(crate) ids: Vec<String>,
    /// The JSON object of the body; empty where there was none.
    pub(crate) body: Value,
}

impl Ask<'_> {
    pub(crate) fn id(&self) -> &str {
        &self.ids[0]
    }

    /// A text that must be there and not be empty.
    pub(crate) fn text(&self, field: &str) -> Result<String, Answer> {
        self.optional(field).filter(|text| !text.is_empty()).ok_or_else(|| missing(field))
    }

    pub(crate) fn optional(&self, field: &str) -> Option<String> {
        self.body[field].as_str().map(str::to_owned)
    }

    /// An E.164 number that must be there.
    pub(crate) fn number(&self, field: &str) -> Result<String, Answer> {
        let number = self.text(field)?;
        let digits = number.strip_prefix('+').unwrap_or("");
        let sound = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if sound && !digits.starts_with('0') {
            return Ok(number);
        }
        Err(refusal(400, "invalid_number", &format!("{field} must be an E.164 phone number")))
    }

    /// A number from the query.
    pub(crate) fn count(&self, name: &str, default: usize) -> usize {
        self.request.query(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }
}

/// `Err` is an answer too: the refusal.
pub(crate) type Answered = Result<Answer, Answer>;
type Handler = fn(&mut World, &Ask) -> Answered;

const RUN: &str = "/v1/missions/:m/runs/:r";

const ROUTES: &[(&str, &str, Handler)] = &[
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

/// The service's answer; `None` where no route fits.
pub(crate) fn answer(world: &mut World, request: &Request) -> Option<Answer> {
    let path = request.path();
    if request.method == "GET" && path == "/health" {
        return Some(Answer::json(200, &json!({"status": "ok"})));
    }
    // The raw path decides: an encoded slash inside an id must not make another route of it.
    let (handler, ids) = ROUTES.iter().find_map(|(method, pattern, handler)| {
        let long = if pattern.starts_with("/v1") {
            (*pattern).to_owned()
        } else {
            format!("{RUN}{pattern}")
        };
        let ids = matches(&long, &request.raw_path).filter(|_| *method == request.method)?;
        Some((handler, ids))
    })?;
    let wanted = format!("Bearer {}", world.settings.key);
    if request.header("authorization") != Some(&wanted) {
        return Some(unauthorized());
    }
    let ids = ids.iter().map(|id| Request { raw_path: id.clone(), ..Request::default() }.path());
    let ids = ids.collect();
    let body = if request.body.is_empty() { Ok(json!({})) } else { request.json() };
    let body = match body {
        Ok(body @ Value::Object(_)) => body,
        Ok(_) => return Some(refusal(400, "invalid_body", "the body must be a JSON object")),
        Err(err) => return Some(refusal(400, "invalid_json", &err.to_string())),
    };
    let (Ok(answer) | Err(answer)) = handler(world, &Ask { request, ids, body });
    Some(answer)
}
