//! `/v1/chat/completions`: an ordinary turn of the owner's, awaited to its end, never cut short.

use super::admission::{admit, parse_body};
use super::core::GatewayInner;
use super::raw_reply;
use super::response::http_error;
use super::turn::{AgentReply, RecordedTurn, TurnApi};
use super::version::GatewayVersion;
use crate::wire::http::{Delivery, ServerRequest, ServerResponse};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// Runs the turn; `None` at the end of the gateway.
pub(super) fn completions(
    inner: &Arc<GatewayInner>,
    request: &ServerRequest,
) -> Result<Option<Delivery>, ServerResponse> {
    admit(inner, request)?;
    let body = parse_body(inner, request)?;
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(message) = messages.last().and_then(|message| message["content"].as_str()) else {
        let error = "Missing user message in `messages`.";
        return Err(http_error(400, "invalid_request_error", error));
    };
    let is_old = inner.version == GatewayVersion::Clawdbot2026_1;
    let product = if is_old { "clawdbot" } else { "openclaw" };
    let agent = inner.settings().agents[0].clone();
    let session = request.header(&format!("x-{product}-session-key")).map(str::to_owned);
    let session = session.unwrap_or_else(|| format!("agent:{agent}:{product}:{}", inner.uuid()));
    inner.sessions().insert(session.clone());
    let turn = RecordedTurn {
        at: Instant::now(),
        message: message.to_owned(),
        session,
        caller: None,
        key: None,
        timeout: 0,
        api: TurnApi::Chat,
        run_id: inner.uuid(),
        ended: None,
    };
    let id = format!("chatcmpl_{}", turn.run_id);
    let Ok(reply) = inner.begin(turn).recv() else { return Ok(None) };
    let text = match reply {
        AgentReply::Text(text) => text,
        AgentReply::Nothing => "NO_REPLY".to_owned(),
        AgentReply::Failure(_) => {
            return Err(http_error(502, "api_error", "upstream provider error"));
        }
        other => return Ok(raw_reply::deliver(inner, other)),
    };
    let completion = completion(&id, &body["model"], &text);
    Ok(Some(Delivery::Whole(ServerResponse::json(200, &completion))))
}

fn completion(id: &str, model: &Value, text: &str) -> Value {
    let choice = json!({
        "index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop",
    });
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    json!({
        "id": id, "object": "chat.completion", "created": 1_795_329_127, "model": model,
        "choices": [choice], "usage": usage,
    })
}
