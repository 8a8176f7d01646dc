//! An answer that is no 2xx, read: every shape that facts/server.md 3 lists, in one line.

use std::time::Duration;

use serde_json::Value;

use super::{Asked, Upstream};
use crate::exit::Exit;
use crate::http::{Method, Reply};
use crate::{json, secret, words};

/// Words of a 403's code that mean the key, not the plan, a region or somebody else's thing.
const KEY_CODES: [&str; 9] = [
    "key",
    "apikey",
    "token",
    "auth",
    "unauthorized",
    "unauthenticated",
    "authentication",
    "credentials",
    "revoked",
];
/// The same in the words of a 403 without a code.
const KEY_WORDS: [&str; 6] =
    ["api key", "api-key", "unauthorized", "unauthenticated", "authentication", "revoked"];

/// What the service said when it did not do what was asked.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What was asked.
    pub asked: Asked,
    /// The HTTP status.
    pub status: u16,
    /// The service's own code, such as `not_found`.
    pub code: Option<String>,
    /// Its words, in one line.
    pub message: String,
    /// What Telnyx said, if the service passed that on.
    pub upstream: Option<Upstream>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// The body, if it was JSON.
    pub json: Option<Value>,
    /// Whether the body has the service's own shape, and not that of a front before it.
    is_own: bool,
}

/// The statuses that a server or a front answers before it acts on a request, whatever their body says. Not among them:
/// 408, 425 and 499 (the request may have been passed on), 409 and 422 (see [`Refusal::is_certain`]), and every 5xx.
fn turns_away(status: u16) -> bool {
    matches!(status, 400..=405 | 410 | 411 | 413..=417 | 421 | 426 | 428 | 429 | 431 | 451)
}

/// Telnyx's code for a time-out of its own: what was asked of it may have been done.
const UPSTREAM_TIMEOUT: &str = "10008";
/// How a 409 or 422 speaks of an earlier try of the same request: of our key, or of a duplicate (Telnyx's code 10012).
const OF_AN_EARLIER_TRY: [&str; 5] =
    ["idempoten", "duplicate", "10012", "already exist", "being processed"];

impl Refusal {
    /// Reads a reply.
    pub(super) fn read(asked: Asked, reply: &Reply) -> Self {
        let text = String::from_utf8_lossy(reply.body());
        let json = json::parse(text.as_bytes()).ok();
        let (code, message) = json.as_ref().map_or_else(|| (None, plain(&text)), said);
        let upstream = Upstream::read(&message);
        Self {
            asked,
            status: reply.status(),
            code: code.map(|code| words::bounded(&code, 60)),
            message: words::line(&message),
            upstream,
            retry_after: reply.retry_after(),
            is_own: json.as_ref().is_some_and(is_own),
            // What is printed is cleaned anyway; this is for whoever formats the error itself.
            json: json.map(|json| secret::clean_json(&json).into_owned()),
        }
    }

    /// Whether it proves that nothing was done. Everything else leaves a POST in doubt: the service, or what is behind
    /// it, may have carried it out before somebody on the way gave up. Fronts answer 5xx in JSON as well, to clients that
    /// accept JSON, so only the service's own words count for more than a status.
    pub fn is_certain(&self) -> bool {
        match (self.status, &self.upstream) {
            (status, _) if turns_away(status) => true,
            _ if !self.is_own => false,
            (409 | 422, _) => !self.is_of_an_earlier_try(),
            (503, _) => self.retry_after.is_some(),
            (500, Some(upstream)) if upstream.code.as_deref() == Some(UPSTREAM_TIMEOUT) => false,
            (500, Some(upstream)) => match upstream.status {
                409 | 422 => !self.is_of_an_earlier_try(),
                status => turns_away(status),
            },
            _ => false,
        }
    }

    /// Whether nothing was done for now, and the same request may be sent later.
    pub fn is_for_now(&self) -> bool {
        let upstream = self.upstream.as_ref().map(|upstream| upstream.status);
        let waits = matches!((self.status, upstream), (429 | 503, _) | (500, Some(429)));
        waits && self.is_certain()
    }

    fn is_of_an_earlier_try(&self) -> bool {
        let upstream = self.upstream.as_ref();
        let codes = [self.code.as_deref(), upstream.and_then(|upstream| upstream.code.as_deref())];
        let words = [self.message.as_str(), upstream.map_or("", |upstream| &upstream.message)];
        let texts = codes.into_iter().flatten().chain(words).map(str::to_ascii_lowercase);
        let texts: Vec<String> = texts.map(|text| text.replace('_', " ")).collect();
        OF_AN_EARLIER_TRY.iter().any(|mark| texts.iter().any(|text| text.contains(mark)))
    }

    /// Whether the service says that the key or its rights are the matter.
    pub(crate) fn is_about_the_key(&self) -> bool {
        let is_about_it = || {
            let Some(code) = &self.code else {
                let message = self.message.to_ascii_lowercase();
                return KEY_WORDS.iter().any(|words| message.contains(words));
            };
            let code = code.to_ascii_lowercase();
            code.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| KEY_CODES.contains(&word))
        };
        self.status == 401 || (self.status == 403 && is_about_it())
    }

    /// Whether money or the plan is the matter.
    pub(crate) fn is_about_the_plan(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default().to_ascii_lowercase();
        self.status == 402
            || ["quota", "plan", "credit", "billing"].iter().any(|mark| code.contains(mark))
    }

    /// The exit code: 4 where the same request may be sent later, 1 where it may not, 8 where a POST may have been carried
    /// out.
    pub fn exit(&self) -> Exit {
        let is_wrapped_mistake = || {
            let upstream = self.upstream.as_ref().map(|upstream| upstream.status);
            self.status == 500 && matches!(upstream, Some(400..=499))
        };
        match self.status {
            _ if self.is_about_the_key() => Exit::NotConfigured,
            _ if self.is_for_now() => Exit::Unavailable,
            _ if self.is_certain() => Exit::No,
            _ if self.asked.method == Method::Post => Exit::Unknown,
            408 | 425 | 499 => Exit::Unavailable,
            400..=499 => Exit::No,
            _ if is_wrapped_mistake() => Exit::No,
            _ => Exit::Unavailable,
        }
    }
}

/// Whether an error has the service's own shape: `{"error":{"code":"…","message":"…"}}`.
fn is_own(body: &Value) -> bool {
    let error = &body["error"];
    error["code"].is_string() && error["message"].is_string()
}

/// Where errors keep their code, and where their words; the first that is there counts.
const CODE: &[&str] = &["code", "type"];
const WORDS: &[&str] = &["message", "detail", "error", "title", "reason"];

/// The code and the words of a JSON error, whichever shape it has.
fn said(body: &Value) -> (Option<String>, String) {
    let text = |value: &Value, names: &[&str]| {
        names.iter().find_map(|name| match value.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let inner = match body.get("error") {
        Some(inner @ Value::Object(_)) => inner,
        _ => body.get("errors").and_then(|errors| errors.get(0)).unwrap_or(body),
    };
    let told = text(inner, WORDS).or_else(|| text(body, WORDS));
    let code = text(inner, CODE).or_else(|| text(body, CODE));
    match (told, &code) {
        (Some(told), _) => (code, told),
        (None, Some(only)) => {
            let told = only.clone();
            (code, told)
        }
        (None, None) if is_empty(body) => (None, String::new()),
        (None, None) => (None, body.to_string()),
    }
}

fn is_empty(body: &Value) -> bool {
    match body {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Array(items) => items.iter().all(is_empty),
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A body that is no JSON: text as it is, a page by its title.
pub(super) fn plain(text: &str) -> String {
    let start = text.trim_start();
    if !start.starts_with('<') {
        return text.to_owned();
    }
    words::page_title(start)
        .map_or_else(|| "an HTML page".to_owned(), |title| format!("an HTML page \"{title}\""))
}

/// What a 2xx holds that is no JSON, for an error: "with an HTML page", "with what is no JSON".
pub(super) fn unreadable(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') {
        return format!("with {}", plain(&text));
    }
    "with what is no JSON".to_owned()
}
