//! `/tools/invoke`: which tool gets which result.

use super::admission::{admit, parse_body};
use super::core::GatewayInner;
use super::history;
use super::response::{tool_error, tool_result};
use super::sessions_send::sessions_send;
use super::version::GatewayVersion;
use crate::wire::http::{Delivery, ServerRequest, ServerResponse};
use serde_json::json;
use std::sync::Arc;

/// Calls the tool that the request names; `None` at the end of the gateway.
pub(super) fn invoke(
    inner: &Arc<GatewayInner>,
    request: &ServerRequest,
) -> Result<Option<Delivery>, ServerResponse> {
    admit(inner, request)?;
    let body = parse_body(inner, request)?;
    let args = &body["args"];
    let Some(tool) = body["tool"].as_str() else {
        return Err(tool_error(400, "invalid_request", "tools.invoke requires name"));
    };
    let agents = inner.settings().agents.clone();
    let response = match tool {
        "sessions_send" => return sessions_send(inner, &body),
        "sessions_history" => {
            let session = args["sessionKey"].as_str().unwrap_or("");
            let limit = args["limit"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(20);
            tool_result(&history::details(&inner.history(), inner.version, session, limit))
        }
        "agents_list" => {
            let list: Vec<_> =
                agents.iter().map(|id| json!({"id": id, "configured": true})).collect();
            tool_result(&json!({"requester": agents[0], "allowAny": false, "agents": list}))
        }
        "session_status" => session_status(inner.version, &agents[0]),
        "cron" => tool_error(404, "not_found", "Tool not available: automations"),
        _ => tool_error(404, "not_found", &format!("Tool not available: {tool}")),
    };
    Ok(Some(Delivery::Whole(response)))
}

/// The one tool whose text is not its details.
fn session_status(version: GatewayVersion, agent: &str) -> ServerResponse {
    let name = match version {
        GatewayVersion::V2026_9_6 => "OpenClaw 2026.9.6 (eb377ac)",
        GatewayVersion::V2026_7_35 => "OpenClaw 2026.7.35 (aa94808)",
        GatewayVersion::Clawdbot2026_1 => "Clawdbot 2026.1.24-3",
    };
    let text = format!("🦞 {name}\n🧠 Model: stub/stub-1");
    let session = format!("agent:{agent}:main");
    let details =
        json!({"ok": true, "sessionKey": session, "changedModel": false, "statusText": text});
    let content = json!([{"type": "text", "text": text}]);
    ServerResponse::json(
        200,
        &json!({"ok": true, "result": {"content": content, "details": details}}),
    )
}
