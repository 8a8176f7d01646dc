//! The one reader of the gateway's answers, of every version and shape (facts/gateway.md 4): pure, and fed
//! with captures in its tests.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Outcome;
use super::{call, spoken};
use crate::{json, words};

/// What was asked: the same status means another thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `POST /tools/invoke` with `sessions_send`.
    Tool,
    /// `POST /v1/chat/completions`.
    Chat,
}

/// Reads an answer. What does not tell whether a turn ran is [`Outcome::MayBeRunning`].
pub fn read(asked: Asked, status: u16, retry_after: Option<Duration>, body: &[u8]) -> Outcome {
    let document = json::parse(body).ok();
    let words = || said(document.as_ref(), body, status);
    let kind =
        || document.as_ref().and_then(|body| body.pointer("/error/type")).and_then(Value::as_str);
    match (status, asked) {
        (200..=299, _) => match &document {
            Some(Value::Object(body)) => of_success(body),
            _ => unreadable(status),
        },
        (401, _) => Outcome::BadToken,
        (404 | 405, Asked::Chat) => Outcome::ChatOff,
        (404, Asked::Tool) if kind() == Some("not_found") => Outcome::NotAllowed,
        (404, Asked::Tool) => Outcome::Refused {
            words: "there is no /tools/invoke: it is no OpenClaw gateway, or one before 2026.1.24"
                .to_owned(),
        },
        (429 | 503, _) => Outcome::Busy { retry_after },
        // The model's refusal, handed through; with 502 after the gateway's own tries.
        (400, Asked::Chat) => Outcome::Failed { words: words() },
        (502, Asked::Chat) if kind() == Some("api_error") => Outcome::Failed { words: words() },
        (300..=499, _) => Outcome::Refused { words: words() },
        _ => Outcome::MayBeRunning { why: words() },
    }
}

fn unreadable(status: u16) -> Outcome {
    Outcome::MayBeRunning { why: format!("the gateway's answer cannot be read (HTTP {status})") }
}

/// The gateway's own words for a failure, in one line.
fn said(document: Option<&Value>, body: &[u8], status: u16) -> String {
    let error = document.and_then(|body| body.get("error"));
    let text = error.and_then(|error| error.get("message").unwrap_or(error).as_str());
    let text = text.or_else(|| document?.get("message")?.as_str());
    let plain = || {
        let text = String::from_utf8_lossy(body);
        if text.trim_start().starts_with('<') { String::new() } else { text.into_owned() }
    };
    let text = words::line(&text.map_or_else(plain, str::to_owned));
    if text.is_empty() { format!("HTTP {status}") } else { format!("{text} (HTTP {status})") }
}

fn of_success(body: &Map<String, Value>) -> Outcome {
    if let Some(choice) = body.get("choices").and_then(|choices| choices.get(0)) {
        return of_choice(choice);
    }
    if body.get("ok") == Some(&Value::Bool(false))
        || body.get("error").is_some_and(Value::is_object)
    {
        let words = said(Some(&Value::Object(body.clone())), &[], 200);
        return Outcome::Refused { words };
    }
    let Some(result) = body.get("result") else { return unreadable(200) };
    if let Some(details) = result.get("details").and_then(Value::as_object) {
        return of_details(details);
    }
    // Without details the same object stands in the text, or the text is the reply.
    let text = text_of(result.get("content"));
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(details))
            if details.contains_key("status") || details.contains_key("reply") =>
        {
            of_details(&details)
        }
        _ if text.trim().is_empty() => Outcome::Unanswered { run_id: None },
        _ => spoken::outcome(&text),
    }
}

/// An answer of the chat endpoint. Words beside a call of a tool are what the agent thinks before it goes on, and we
/// have no tools that it could call.
fn of_choice(choice: &Value) -> Outcome {
    let Some(message) = choice.get("message") else { return Outcome::NoReply };
    let reason = choice.get("finish_reason").and_then(Value::as_str).map(call::plain);
    let is_call = reason.is_some_and(|reason| reason == "toolcalls" || reason == "functioncall");
    if is_call || !call::calls(message).is_empty() {
        return Outcome::NoReply;
    }
    spoken::outcome(&text_of(message.get("content")))
}

/// A text, or the texts of a list of parts. Parts of another kind are thoughts, pictures and calls of tools, whatever
/// words they hold.
pub(super) fn text_of(content: Option<&Value>) -> String {
    let is_text = |part: &&Value| {
        part.get("type").is_some_and(|kind| kind == "text" || kind == "output_text")
            && part.get("thought").is_none_or(|thought| thought == &Value::Bool(false))
    };
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter(is_text).filter_map(|part| part.get("text")?.as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn of_details(details: &Map<String, Value>) -> Outcome {
    let text = |name| details.get(name).and_then(Value::as_str).map(str::trim);
    let run_id = || text("runId").filter(|id| !id.is_empty()).map(|id| words::bounded(id, 200));
    let failure = || {
        let words = words::line(text("error").or(text("message")).unwrap_or_default());
        if words.is_empty() { "no reason given".to_owned() } else { words }
    };
    match text("status").unwrap_or_default() {
        "forbidden" => return Outcome::WrongForm { words: failure() },
        "error" => return of_error(failure(), details.get("sentBeforeError")),
        _ => {}
    }
    if let Some(reply) = text("reply").filter(|reply| !reply.is_empty()) {
        return spoken::outcome(reply);
    }
    match text("status").unwrap_or_default() {
        "accepted" | "timeout" | "queued" => Outcome::Accepted { run_id: run_id() },
        "no_reply" => Outcome::NoReply,
        _ => Outcome::Unanswered { run_id: run_id() },
    }
}

/// Errors that come before any turn, by how they begin (facts/gateway.md 4g).
const BEFORE_ANY_TURN: [&str; 4] =
    ["Unknown agent id", "No session found", "Session not found", "Either sessionKey"];

fn of_error(words: String, sent_before: Option<&Value>) -> Outcome {
    let began = sent_before == Some(&Value::Bool(true));
    if !began && words.contains("cannot target the calling session") {
        return Outcome::WrongForm { words };
    }
    if !began && BEFORE_ANY_TURN.iter().any(|start| words.starts_with(start)) {
        return Outcome::Refused { words };
    }
    Outcome::Failed { words }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
