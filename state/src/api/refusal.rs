//! An answer that is no 2xx, read: every shape that facts/server.md 3 lists, in one line.

use std::time::Duration;

use serde_json::Value;

use super::{Asked, Upstream};
use crate::exit::Exit;
use crate::http::{Method, Reply};
use crate::secret::Secret;
use crate::{json, words};

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
}

impl Refusal {
    /// Reads a reply. The key is taken out of it, should a server echo it.
    pub(super) fn read(asked: Asked, reply: &Reply, key: &Secret) -> Self {
        let text = String::from_utf8_lossy(reply.body());
        let text = words::without(&text, key);
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
            json,
        }
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

    /// The exit code by the table of spec 2.
    pub fn exit(&self) -> Exit {
        let is_post = self.asked.method == Method::Post;
        let upstream = self.upstream.as_ref().map(|upstream| upstream.status);
        match (self.status, upstream) {
            _ if self.is_about_the_key() => Exit::NotConfigured,
            // Telnyx's own "too many requests" passes like the service's.
            (429 | 503, _) | (500, Some(429)) => Exit::Unavailable,
            (400..=499, _) | (500, Some(400..=499)) => Exit::No,
            // What lies behind the service may have done it, and its answer was lost on the way.
            (502 | 504, _) | (500, Some(502 | 504)) if is_post => Exit::Unknown,
            _ if is_post && self.json.is_none() => Exit::Unknown,
            _ => Exit::Unavailable,
        }
    }
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
