//! The requests of a client that was let in.

use super::turns;
use crate::gateway::core::GatewayInner;
use crate::gateway::history::details;
use crate::gateway::version::GatewayVersion;
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers one frame; what is no request is ignored.
pub(super) fn answer(inner: &Arc<GatewayInner>, number: usize, frame: &Value) {
    let (Some(id), Some(method)) = (frame["id"].as_str(), frame["method"].as_str()) else { return };
    let params = &frame["params"];
    let is_newest = inner.version == GatewayVersion::V2026_9_6;
    let result = match method {
        "chat.send" => turns::send(inner, params, is_newest),
        "chat.history" => {
            let session = params["sessionKey"].as_str().unwrap_or_default();
            let limit = params["limit"].as_u64().and_then(|n| usize::try_from(n).ok());
            Ok(details(&inner.history(), inner.version, session, limit.unwrap_or(200)))
        }
        "chat.abort" => {
            let session = params["sessionKey"].as_str().unwrap_or_default();
            let aborted = turns::abort_active(&mut inner.line.lock(), session);
            Ok(json!({"ok": true, "aborted": !aborted.is_empty(), "runIds": aborted}))
        }
        "agent.wait" => Ok(turns::wait(&inner.line.lock(), params)),
        "sessions.create" => create(inner, params, is_newest),
        _ if method.starts_with("clawdtalk.gate") => {
            let answered = inner.line.lock().gate_request(number, id, (method, params));
            let Some(result) = answered else { return };
            result
        }
        _ => {
            Err(json!({"code": "INVALID_REQUEST", "message": format!("unknown method: {method}")}))
        }
    };
    inner.line.lock().respond(number, id, result);
}

/// Makes a session, forked from another where that is asked for.
fn create(inner: &Arc<GatewayInner>, params: &Value, is_newest: bool) -> Result<Value, Value> {
    let error = |code: &str, message: &str| json!({"code": code, "message": message});
    if !is_newest && !params["forkFrom"].is_null() {
        let message = "invalid sessions.create params: at root: unexpected property 'forkFrom'";
        return Err(error("INVALID_REQUEST", message));
    }
    let mut data = inner.line.lock();
    if !data.forks {
        return Err(error("UNAVAILABLE", "parent session is too large to fork"));
    }
    let key = params["key"].as_str().unwrap_or_default().to_owned();
    data.forked.insert(key.clone());
    inner.recorder.add(|log| log.forks.push(key.clone()));
    Ok(json!({"ok": true, "key": key, "runStarted": false}))
}
