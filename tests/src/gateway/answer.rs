//! Which request gets which answer.

use super::checks::{not_found, of_status, outer, tool_error};
use super::turn::{Api, Reply, Turn};
use super::{Shared, Version, history, lock};
use crate::log::Seen;
use crate::rules::{Fault, play};
use crate::wire::http::{self, Answer, Delivery, Request};
use crate::wire::stream::Stream;
use serde_json::{Value, json};
use std::io::{self, BufReader};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bodies beyond this are refused.
const BODY_LIMIT: usize = 2_097_152;

/// An answer, an end without one, or the end of the gateway.
pub(super) type Delivered = Option<Delivery>;

pub(super) fn serve(shared: &Arc<Shared>, mut stream: Stream) -> io::Result<()> {
    stream.read_limit(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.clone());
    while let Some(request) = http::read(&mut reader, BODY_LIMIT)? {
        shared.heard.add(|heard| heard.requests.push(Seen::new(&request)));
        let Some(delivery) = faulty(shared, &request) else { return Ok(()) };
        if !http::send(&mut stream, &request, &delivery)? {
            break;
        }
    }
    Ok(())
}

/// The answer, with the fault that a test asked for.
fn faulty(shared: &Arc<Shared>, request: &Request) -> Delivered {
    let path = request.path();
    let fault = lock(&shared.rules).fault(&request.method, &path);
    if fault == Some(Fault::Hang) {
        shared.stop.pause(Duration::from_secs(3600));
        return None;
    }
    if let Some(instead) = fault.as_ref().and_then(|fault| fault.instead(of_status)) {
        return Some(instead);
    }
    let scripted = lock(&shared.rules).scripted(&request.method, &path);
    let delivery = match scripted {
        Some(script) => Delivery::Whole(play(&script, request)),
        None => route(shared, request, &path)?,
    };
    Some(match (fault, delivery) {
        (Some(Fault::Lost), _) => Delivery::Cut,
        (Some(Fault::Foreign(foreign)), _) => foreign.delivery(),
        (Some(Fault::Torn), Delivery::Whole(answer)) => Delivery::Torn(answer),
        (Some(Fault::Slow(time)), delivery) => {
            if !shared.stop.pause(time) {
                return None;
            }
            delivery
        }
        (_, delivery) => delivery,
    })
}

fn route(shared: &Arc<Shared>, request: &Request, path: &str) -> Delivered {
    let chat = lock(&shared.settings).chat;
    let whole = |answer| Some(Delivery::Whole(answer));
    match (request.method.as_str(), path) {
        ("POST", "/tools/invoke") => match invoke(shared, request) {
            Ok(delivered) => delivered,
            // The oldest version has no words for a body that is too large.
            Err(answer) if answer.status == 413 && shared.version == Version::Clawdbot2026_1 => {
                Some(Delivery::Cut)
            }
            Err(answer) => whole(answer),
        },
        ("POST", "/v1/chat/completions") if chat => {
            completions(shared, request).unwrap_or_else(whole)
        }
        (_, "/tools/invoke") => {
            whole(Answer::text(405, "Method Not Allowed").with("Allow", "POST"))
        }
        (_, "/v1/chat/completions") if chat => {
            whole(Answer::text(405, "Method Not Allowed").with("Allow", "POST"))
        }
        ("GET", path) => whole(shared.health(path)),
        _ => whole(not_found()),
    }
}

fn parsed(shared: &Shared, request: &Request) -> Result<Value, Answer> {
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    request.json().map_err(|err| {
        let prefix = if shared.version == Version::Clawdbot2026_1 { "SyntaxError: " } else { "" };
        outer(400, "invalid_request_error", &format!("{prefix}{err} in JSON"))
    })
}

/// `{"ok":true,"result":…}` with the details both as JSON and as pretty text.
pub(super) fn result(details: &Value) -> Answer {
    let text = format!("{details:#}");
    let content = json!([{"type": "text", "text": text}]);
    Answer::json(200, &json!({"ok": true, "result": {"content": content, "details": details}}))
}

fn invoke(shared: &Arc<Shared>, request: &Request) -> Result<Delivered, Answer> {
    shared.admit(request)?;
    let body = parsed(shared, request)?;
    let args = &body["args"];
    let Some(tool) = body["tool"].as_str() else {
        return Err(tool_error(400, "invalid_request", "tools.invoke requires name"));
    };
    let agents = lock(&shared.settings).agents.clone();
    let answer = match tool {
        "sessions_send" => return shared.sessions_send(&body),
        "sessions_history" => {
            let session = args["sessionKey"].as_str().unwrap_or("");
            let limit = args["limit"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(20);
            result(&history::details(&lock(&shared.said), shared.version, session, limit))
        }
        "agents_list" => {
            let list: Vec<_> =
                agents.iter().map(|id| json!({"id": id, "configured": true})).collect();
            result(&json!({"requester": agents[0], "allowAny": false, "agents": list}))
        }
        "session_status" => {
            let name = match shared.version {
                Version::V2026_9_6 => "OpenClaw 2026.9.6 (eb377ac)",
                Version::V2026_7_35 => "OpenClaw 2026.7.35 (aa94808)",
                Version::Clawdbot2026_1 => "Clawdbot 2026.1.24-3",
            };
            let text = format!("🦞 {name}\n🧠 Model: stub/stub-1");
            let session = format!("agent:{}:main", agents[0]);
            let details = json!({"ok": true, "sessionKey": session, "changedModel": false, "statusText": text});
            let content = json!([{"type": "text", "text": text}]);
            Answer::json(
                200,
                &json!({"ok": true, "result": {"content": content, "details": details}}),
            )
        }
        "cron" => tool_error(404, "not_found", "Tool not available: automations"),
        _ => tool_error(404, "not_found", &format!("Tool not available: {tool}")),
    };
    Ok(Some(Delivery::Whole(answer)))
}

/// `/v1/chat/completions`: an ordinary turn of the owner's, awaited to its end, never cut short.
fn completions(shared: &Arc<Shared>, request: &Request) -> Result<Delivered, Answer> {
    shared.admit(request)?;
    let body = parsed(shared, request)?;
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(message) = messages.last().and_then(|message| message["content"].as_str()) else {
        return Err(outer(400, "invalid_request_error", "Missing user message in `messages`."));
    };
    let product = if shared.version == Version::Clawdbot2026_1 { "clawdbot" } else { "openclaw" };
    let agent = lock(&shared.settings).agents[0].clone();
    let session = request.header(&format!("x-{product}-session-key")).map(str::to_owned);
    let session = session.unwrap_or_else(|| format!("agent:{agent}:{product}:{}", shared.uuid()));
    lock(&shared.sessions).insert(session.clone());
    let turn = Turn {
        at: Instant::now(),
        message: message.to_owned(),
        session,
        caller: None,
        timeout: 0,
        api: Api::Chat,
        run_id: shared.uuid(),
        ended: None,
    };
    let id = format!("chatcmpl_{}", turn.run_id);
    let Ok(reply) = shared.begin(turn).recv() else { return Ok(None) };
    let text = match reply {
        Reply::Text(text) => text,
        Reply::Nothing => "NO_REPLY".to_owned(),
        Reply::Failure(_) => return Err(outer(502, "api_error", "upstream provider error")),
        other => return Ok(shared.exactly(other)),
    };
    let choice = json!({
        "index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop",
    });
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    let answer = json!({
        "id": id, "object": "chat.completion", "created": 1_795_329_127, "model": body["model"],
        "choices": [choice], "usage": usage,
    });
    Ok(Some(Delivery::Whole(Answer::json(200, &answer))))
}
