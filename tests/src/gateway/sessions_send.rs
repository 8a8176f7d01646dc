//! The tool `sessions_send`, by the rules of each version of the gateway.

use super::core::GatewayInner;
use super::raw_reply;
use super::response::{tool_error, tool_result};
use super::turn::{AgentReply, RecordedTurn, TurnApi};
use super::version::GatewayVersion;
use crate::wire::http::{Delivery, ServerResponse};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

const TREE: &str = "Session send visibility is restricted to the current session tree (tools.sessions.visibility=tree).";
const SELF: &str = "sessions_send cannot target the calling session; use your own reply instead";

pub(super) fn sessions_send(
    inner: &Arc<GatewayInner>,
    body: &Value,
) -> Result<Option<Delivery>, ServerResponse> {
    let settings = inner.settings().clone();
    if !settings.allowed && inner.version != GatewayVersion::Clawdbot2026_1 {
        return Err(tool_error(404, "not_found", "Tool not available: sessions_send"));
    }
    let args = &body["args"];
    let message = args["message"].as_str().filter(|text| !text.is_empty());
    let message = message.ok_or_else(|| tool_error(400, "tool_error", "message required"))?;
    let timeout = seconds(&args["timeoutSeconds"])?;
    let run_id = inner.uuid();
    let caller = body["sessionKey"].as_str();
    let own = format!("agent:{}:main", settings.agents[0]);
    let by_agent = args["agentId"].as_str().map(|id| format!("agent:{id}:main"));
    let Some(target) = args["sessionKey"].as_str().map(str::to_owned).or(by_agent) else {
        let error = "Either sessionKey or label is required";
        let details = json!({"runId": run_id, "status": "error", "error": error});
        return Ok(Some(Delivery::Whole(tool_result(&details))));
    };
    let refused = match inner.version {
        GatewayVersion::V2026_9_6 => {
            refused_by_newest(inner, &settings.agents, caller, &own, &target, timeout)?
        }
        GatewayVersion::V2026_7_35 => {
            let caller = caller.unwrap_or(&own);
            (caller != target).then(|| ("forbidden", TREE.to_owned()))
        }
        GatewayVersion::Clawdbot2026_1 => {
            let is_foreign =
                agent_of(&target).is_some_and(|id| !settings.agents.iter().any(|a| a == id));
            let error = "Agent-to-agent messaging is disabled. Set tools.agentToAgent.enabled=true to allow cross-agent sends.";
            is_foreign.then(|| ("forbidden", error.to_owned()))
        }
    };
    if let Some((status, error)) = refused {
        let details =
            json!({"runId": run_id, "status": status, "error": error, "sessionKey": target});
        return Ok(Some(Delivery::Whole(tool_result(&details))));
    }
    let turn = RecordedTurn {
        at: Instant::now(),
        message: message.to_owned(),
        session: if target == "main" { own } else { target.clone() },
        caller: caller.map(str::to_owned),
        key: None,
        timeout,
        api: TurnApi::SessionsSend,
        run_id: run_id.clone(),
        ended: None,
    };
    let reply = inner.begin(turn);
    let wait = settings.patience.unwrap_or(Duration::from_secs(timeout));
    let wait = if timeout == 0 { Duration::ZERO } else { wait };
    match reply.recv_timeout(wait) {
        _ if timeout == 0 => Ok(Some(Delivery::Whole(tool_result(&going_on(
            inner.version,
            &run_id,
            &target,
            false,
        ))))),
        Ok(reply) => Ok(replied(inner, reply, &run_id, &target)),
        Err(RecvTimeoutError::Timeout) => {
            Ok(Some(Delivery::Whole(tool_result(&going_on(inner.version, &run_id, &target, true)))))
        }
        Err(RecvTimeoutError::Disconnected) => Ok(None),
    }
}

/// The rules of 2026.9.6; `Err` is the plain 500 of a gateway whose agents lack `main`.
fn refused_by_newest(
    inner: &GatewayInner,
    agents: &[String],
    caller: Option<&str>,
    own: &str,
    target: &str,
    timeout: u64,
) -> Result<Option<(&'static str, String)>, ServerResponse> {
    let of_main = |key: &str| agent_of(key) == Some("main");
    if !agents.iter().any(|id| id == "main") && (of_main(target) || caller.is_some_and(of_main)) {
        return Err(ServerResponse::text(500, "Internal Server Error"));
    }
    if let Some(id) = agent_of(target).filter(|id| !agents.iter().any(|agent| agent == id)) {
        return Ok(Some(("error", format!("Unknown agent id \"{id}\""))));
    }
    if agent_of(target).is_none() && target != "main" {
        let hint = "use the full sessionKey from sessions_list";
        return Ok(Some(("error", format!("Session not found: {target} ({hint})"))));
    }
    let exists = target.ends_with(":main") || target == "main" || inner.sessions().contains(target);
    if !exists {
        return Ok(Some(("error", format!("No session found: {target}"))));
    }
    let itself = timeout != 0 && caller.unwrap_or(own) == target;
    Ok(itself.then(|| ("error", SELF.to_owned())))
}

/// The turn runs on and its reply will only be in the history.
fn going_on(version: GatewayVersion, run_id: &str, target: &str, waited: bool) -> Value {
    let delivery = json!({"status": "pending", "mode": "announce"});
    match version {
        GatewayVersion::V2026_9_6 => json!({
            "runId": run_id, "status": "accepted", "sessionKey": target,
            "targetDisposition": "queued", "delivery": delivery,
        }),
        GatewayVersion::Clawdbot2026_1 if waited => {
            json!({"runId": run_id, "status": "timeout", "sessionKey": target})
        }
        _ => json!({
            "runId": run_id, "status": "accepted", "sessionKey": target, "delivery": delivery,
        }),
    }
}

fn replied(
    inner: &GatewayInner,
    reply: AgentReply,
    run_id: &str,
    target: &str,
) -> Option<Delivery> {
    let is_newest = inner.version == GatewayVersion::V2026_9_6;
    let is_old = inner.version == GatewayVersion::Clawdbot2026_1;
    let delivery = json!({"status": "pending", "mode": "announce"});
    let details = match reply {
        AgentReply::Text(text) if is_newest => json!({
            "runId": run_id, "sessionKey": target, "status": "ok", "delivery": delivery,
            "reply": cut(&text),
        }),
        AgentReply::Text(text) => json!({
            "runId": run_id, "status": "ok", "reply": cut(&text), "sessionKey": target,
            "delivery": delivery,
        }),
        AgentReply::Nothing | AgentReply::Failure(_) if is_old => {
            json!({"runId": run_id, "status": "ok", "sessionKey": target, "delivery": delivery})
        }
        AgentReply::Nothing => json!({
            "runId": run_id, "sessionKey": target, "status": "no_reply",
            "message": "No visible reply or pending announcement. Continue or retry if needed.",
        }),
        AgentReply::Failure(error) => json!({
            "runId": run_id, "status": "error", "error": error, "sentBeforeError": true,
            "sessionKey": target,
        }),
        AgentReply::Details(details) => details,
        other => return raw_reply::deliver(inner, other),
    };
    Some(Delivery::Whole(tool_result(&details)))
}

/// The agent in `agent:<id>:<rest>`.
fn agent_of(key: &str) -> Option<&str> {
    key.strip_prefix("agent:")?.split_once(':').map(|(id, _)| id)
}

/// Replies are cut at 4,096 characters, the last of which is an ellipsis.
fn cut(text: &str) -> String {
    if text.chars().count() <= 4096 {
        return text.to_owned();
    }
    let head: String = text.chars().take(4094).collect();
    format!("{head}…")
}

/// `timeoutSeconds`: a whole number, also as a text; 30 where it is missing.
fn seconds(given: &Value) -> Result<u64, ServerResponse> {
    let parsed = match given {
        Value::Null => Some(30),
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    parsed.ok_or_else(|| {
        tool_error(400, "tool_error", "timeoutSeconds must be a non-negative integer")
    })
}
