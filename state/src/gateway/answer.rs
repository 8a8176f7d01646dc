//! Reads the gateway's answers to requests for a turn, of every version and shape. Pure; its tests use captures.

use std::time::Duration;

use serde_json::{Map, Value};

use super::TurnOutcome;
use super::message_content::text_of;
use super::{reply_text, tool_call};
use crate::text::{json, sanitize};

/// Which request an answer belongs to: the same status means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnInterface {
    /// `POST /tools/invoke` with `sessions_send`.
    ToolsInvoke,
    /// `POST /v1/chat/completions`.
    ChatCompletions,
}

impl TurnInterface {
    /// The path of the endpoint.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::ToolsInvoke => "/tools/invoke",
            Self::ChatCompletions => "/v1/chat/completions",
        }
    }
}

/// Reads an answer. One that does not tell whether a turn was started is [`TurnOutcome::Unconfirmed`].
pub fn parse_answer(
    interface: TurnInterface,
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
) -> TurnOutcome {
    let document = json::parse(body).ok();
    let words = || error_words(document.as_ref(), body, status);
    let error_type =
        || document.as_ref().and_then(|body| body.pointer("/error/type")).and_then(Value::as_str);
    match (status, interface) {
        (200..=299, _) => match &document {
            Some(Value::Object(body)) => of_success(body),
            _ => unreadable(status),
        },
        (401, _) => TurnOutcome::BadToken,
        (404 | 405, TurnInterface::ChatCompletions) => TurnOutcome::ChatDisabled,
        (404, TurnInterface::ToolsInvoke) if error_type() == Some("not_found") => {
            TurnOutcome::ToolNotAllowed
        }
        (404, TurnInterface::ToolsInvoke) => TurnOutcome::Refused {
            words: "there is no /tools/invoke: it is no OpenClaw gateway, or one before 2026.1.24"
                .to_owned(),
        },
        (429 | 503, _) => TurnOutcome::Busy { retry_after },
        // An error of the model that was passed on; 502 after attempts of the gateway's own.
        (400, TurnInterface::ChatCompletions) => TurnOutcome::Failed { words: words() },
        (502, TurnInterface::ChatCompletions) if error_type() == Some("api_error") => {
            TurnOutcome::Failed { words: words() }
        }
        (300..=499, _) => TurnOutcome::Refused { words: words() },
        _ => TurnOutcome::Unconfirmed { why: words() },
    }
}

fn unreadable(status: u16) -> TurnOutcome {
    TurnOutcome::Unconfirmed { why: format!("the gateway's answer cannot be read (HTTP {status})") }
}

/// The gateway's own words for an error, in one line.
fn error_words(document: Option<&Value>, body: &[u8], status: u16) -> String {
    let error = document.and_then(|body| body.get("error"));
    let text = error.and_then(|error| error.get("message").unwrap_or(error).as_str());
    let text = text.or_else(|| document?.get("message")?.as_str());
    let plain = || {
        let text = String::from_utf8_lossy(body);
        if text.trim_start().starts_with('<') { String::new() } else { text.into_owned() }
    };
    let text = sanitize::line(&text.map_or_else(plain, str::to_owned));
    if text.is_empty() { format!("HTTP {status}") } else { format!("{text} (HTTP {status})") }
}

fn of_success(body: &Map<String, Value>) -> TurnOutcome {
    if let Some(choice) = body.get("choices").and_then(|choices| choices.get(0)) {
        return of_choice(choice);
    }
    if body.get("ok") == Some(&Value::Bool(false))
        || body.get("error").is_some_and(Value::is_object)
    {
        let words = error_words(Some(&Value::Object(body.clone())), &[], 200);
        return TurnOutcome::Refused { words };
    }
    let Some(result) = body.get("result") else { return unreadable(200) };
    if let Some(details) = result.get("details").and_then(Value::as_object) {
        return of_details(details);
    }
    // Without details the text is the same object as JSON, or the reply.
    let text = text_of(result.get("content"));
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(details))
            if details.contains_key("status") || details.contains_key("reply") =>
        {
            of_details(&details)
        }
        _ if text.trim().is_empty() => TurnOutcome::Unanswered { run_id: None },
        _ => reply_text::outcome(&text),
    }
}

/// An answer of the chat endpoint. One with a tool call is no reply: its text is what the agent thinks before it goes on,
/// and the client offers no tools that it could call.
fn of_choice(choice: &Value) -> TurnOutcome {
    let Some(message) = choice.get("message") else { return TurnOutcome::NoReply };
    let reason = choice.get("finish_reason").and_then(Value::as_str).map(tool_call::plain_name);
    let is_call = reason.is_some_and(|reason| reason == "toolcalls" || reason == "functioncall");
    if is_call || !tool_call::tool_calls(message).is_empty() {
        return TurnOutcome::NoReply;
    }
    reply_text::outcome(&text_of(message.get("content")))
}

fn of_details(details: &Map<String, Value>) -> TurnOutcome {
    let text = |name| details.get(name).and_then(Value::as_str).map(str::trim);
    let run_id =
        || text("runId").filter(|id| !id.is_empty()).map(|id| sanitize::line_up_to(id, 200));
    let failure = || {
        let words = sanitize::line(text("error").or(text("message")).unwrap_or_default());
        if words.is_empty() { "no reason given".to_owned() } else { words }
    };
    match text("status").unwrap_or_default() {
        "forbidden" => return TurnOutcome::WrongVariant { words: failure() },
        "error" => return of_error(failure(), details.get("sentBeforeError")),
        _ => {}
    }
    if let Some(reply) = text("reply").filter(|reply| !reply.is_empty()) {
        return reply_text::outcome(reply);
    }
    match text("status").unwrap_or_default() {
        "accepted" | "timeout" | "queued" => TurnOutcome::Accepted { run_id: run_id() },
        "no_reply" => TurnOutcome::NoReply,
        _ => TurnOutcome::Unanswered { run_id: run_id() },
    }
}

/// How long a gateway that starts asks to wait.
const STARTUP_PAUSE: Duration = Duration::from_millis(500);

/// How the errors begin that come before any turn.
const BEFORE_ANY_TURN: [&str; 4] =
    ["Unknown agent id", "No session found", "Session not found", "Either sessionKey"];

fn of_error(words: String, sent_before: Option<&Value>) -> TurnOutcome {
    let was_started = sent_before == Some(&Value::Bool(true));
    if !was_started && words.contains("cannot target the calling session") {
        return TurnOutcome::WrongVariant { words };
    }
    // "sessions.create unavailable during gateway startup": it listens before it takes turns.
    if !was_started && words.ends_with("unavailable during gateway startup") {
        return TurnOutcome::Busy { retry_after: Some(STARTUP_PAUSE) };
    }
    if !was_started && BEFORE_ANY_TURN.iter().any(|start| words.starts_with(start)) {
        return TurnOutcome::Refused { words };
    }
    TurnOutcome::Failed { words }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
