//! The service's error bodies, in the shapes that were captured from the real one (`tests/facts/`).

use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

/// `{"error":{"code","message"}}` with a status.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> ServerResponse {
    ServerResponse::json(status, &json!({"error": {"code": code, "message": message}}))
}

/// No or a wrong key.
pub(crate) fn unauthorized() -> ServerResponse {
    refusal(401, "unauthorized", "Invalid API key")
}

/// The body of an error with this status, where a test wants one.
pub(crate) fn of_status(status: u16) -> ServerResponse {
    let (code, message) = match status {
        401 => return unauthorized(),
        402 => ("payment_required", "no credit"),
        403 => ("forbidden", "not allowed"),
        429 => ("rate_limited", "Too many requests"),
        _ => ("internal", "boom"),
    };
    refusal(status, code, message)
}

/// A route or a row that does not exist.
pub(crate) fn not_found(what: &str) -> ServerResponse {
    refusal(404, "not_found", &format!("{what} not found"))
}

/// A field that the service itself demands.
pub(crate) fn missing(field: &str) -> ServerResponse {
    refusal(400, "missing_field", &format!("{field} is required"))
}

/// One error of the carrier behind the service.
pub(crate) struct CarrierError {
    code: &'static str,
    title: &'static str,
    detail: String,
    pointer: Option<String>,
}

impl CarrierError {
    /// 10004: a parameter that the carrier demands.
    pub(crate) fn missing(pointer: String) -> Self {
        let detail = "A required parameter was missing.".to_owned();
        Self { code: "10004", title: "Missing required parameter", detail, pointer: Some(pointer) }
    }

    /// 10015 with a detail of its own.
    pub(crate) fn bad(detail: &str) -> Self {
        Self { code: "10015", title: "Bad Request", detail: detail.to_owned(), pointer: None }
    }

    /// 10015 as it comes for a value outside an enumeration.
    pub(crate) fn malformed() -> Self {
        Self::bad("The request failed because it was not well-formed.")
    }

    fn body(&self) -> Value {
        let url = format!("https://developers.telnyx.com/docs/overview/errors/{}", self.code);
        let mut body = json!({
            "code": self.code, "title": self.title, "detail": self.detail, "meta": {"url": url},
        });
        if let Some(pointer) = &self.pointer {
            body["source"] = json!({"pointer": pointer});
        }
        body
    }
}

/// A carrier's 400 as the service passes it on: HTTP 500, with the carrier's JSON inside the message.
pub(crate) fn wrapped(prefix: &str, errors: &[CarrierError]) -> ServerResponse {
    let errors: Vec<_> = errors.iter().map(CarrierError::body).collect();
    let inner = serde_json::to_string_pretty(&json!({"errors": errors}))
        .expect("values made here are always writable");
    refusal(500, "internal", &format!("{prefix} (400): {inner}"))
}

/// The prefix of most carrier errors.
pub(crate) const API: &str = "Telnyx API error";
