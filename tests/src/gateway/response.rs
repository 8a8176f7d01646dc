//! The bodies of the gateway's responses, in the shapes that were captured from the real ones.

use crate::wire::http::ServerResponse;
use serde_json::{Value, json};

/// `{"ok":true,"result":…}` with the details both as JSON and as pretty text.
pub(super) fn tool_result(details: &Value) -> ServerResponse {
    let text = format!("{details:#}");
    let content = json!([{"type": "text", "text": text}]);
    ServerResponse::json(
        200,
        &json!({"ok": true, "result": {"content": content, "details": details}}),
    )
}

/// An error of its tools.
pub(super) fn tool_error(status: u16, kind: &str, message: &str) -> ServerResponse {
    ServerResponse::json(status, &json!({"ok": false, "error": {"type": kind, "message": message}}))
}

/// An error of its HTTP server, which has no `ok`.
pub(super) fn http_error(status: u16, kind: &str, message: &str) -> ServerResponse {
    ServerResponse::json(status, &json!({"error": {"message": message, "type": kind}}))
}

pub(super) fn not_found() -> ServerResponse {
    ServerResponse::text(404, "Not Found")
}

/// The error of a status, where a test wants one.
pub(super) fn of_status(status: u16) -> ServerResponse {
    match status {
        401 => http_error(401, "unauthorized", "Unauthorized"),
        503 => unavailable(),
        500 => ServerResponse::text(500, "Internal Server Error"),
        _ => tool_error(status, "tool_error", "tool execution failed"),
    }
}

/// The response while it shuts down.
pub(super) fn unavailable() -> ServerResponse {
    let message = "Gateway is temporarily unavailable while suspending or restarting";
    let body = json!({
        "error": {"message": message, "type": "service_unavailable", "code": "gateway_unavailable"},
    });
    ServerResponse::json(503, &body).with("Retry-After", 1)
}
