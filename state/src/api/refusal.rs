//! A 4xx or 5xx response: what it says, whether it proves that nothing was done, its exit code and its hint.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::error_body;
use super::{RequestLine, TelnyxError};
use crate::exit::Exit;
use crate::http::{Method, Response};
use crate::text::{json, sanitize, secret};

/// Words in the code of a 403 that mean the API key, and not the plan, a region or somebody else's thing.
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
/// The same in the message of a 403 without a code.
const KEY_WORDS: [&str; 6] =
    ["api key", "api-key", "unauthorized", "unauthenticated", "authentication", "revoked"];

/// Telnyx's code for a time-out of its own: what it was asked for may have been done.
const TELNYX_TIMEOUT: &str = "10008";

/// How a 409 or 422 mentions an earlier request: by our idempotency key, or as a duplicate (Telnyx's code 10012).
const EARLIER_REQUEST: [&str; 5] =
    ["idempoten", "duplicate", "10012", "already exist", "being processed"];

/// What the service said when it did not do what was requested.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The request.
    pub request: RequestLine,
    /// The HTTP status.
    pub status: u16,
    /// The service's own code, such as `not_found`.
    pub code: Option<String>,
    /// Its message, in one line.
    pub message: String,
    /// What Telnyx said, if the service passed that on.
    pub upstream: Option<TelnyxError>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// The body, if it was JSON, with secrets redacted.
    pub json: Option<Value>,
    /// Whether the body has the service's own shape, and not that of a front before it.
    is_own_shape: bool,
}

/// Whether servers and fronts answer this status before they act on a request, whatever the body says. Not among them: 408,
/// 425 and 499 (the request may have been passed on), 409 and 422 (see [`Refusal::proves_no_effect`]), and every 5xx.
fn precedes_any_effect(status: u16) -> bool {
    matches!(status, 400..=405 | 410 | 411 | 413..=417 | 421 | 426 | 428 | 429 | 431 | 451)
}

impl Refusal {
    /// Reads a response.
    pub(super) fn read(request: RequestLine, response: &Response) -> Self {
        let text = String::from_utf8_lossy(response.body());
        let json = json::parse(text.as_bytes()).ok();
        let (code, message) = json
            .as_ref()
            .map_or_else(|| (None, error_body::text_message(&text)), error_body::code_and_message);
        let upstream = TelnyxError::parse(&message);
        Self {
            request,
            status: response.status(),
            code: code.map(|code| sanitize::line_up_to(&code, 60)),
            message: sanitize::line(&message),
            upstream,
            retry_after: response.retry_after(),
            is_own_shape: json.as_ref().is_some_and(error_body::is_own_shape),
            // What is printed is redacted anyway; this is for callers that store it or format the error themselves.
            json: json.map(|json| secret::redact_json(&json).into_owned()),
        }
    }

    /// Whether it proves that nothing was done. Everything else leaves a POST unconfirmed: the service, or what is behind
    /// it, may have carried it out before somebody on the way gave up. Fronts answer 5xx in JSON too, to clients that
    /// accept JSON, so beyond the status only the service's own shape proves anything.
    pub fn proves_no_effect(&self) -> bool {
        match (self.status, &self.upstream) {
            (status, _) if precedes_any_effect(status) => true,
            _ if !self.is_own_shape => false,
            (409 | 422, _) => !self.mentions_earlier_request(),
            (503, _) => self.retry_after.is_some(),
            (500, Some(upstream)) if upstream.code.as_deref() == Some(TELNYX_TIMEOUT) => false,
            (500, Some(upstream)) => match upstream.status {
                409 | 422 => !self.mentions_earlier_request(),
                status => precedes_any_effect(status),
            },
            _ => false,
        }
    }

    /// Whether nothing was done for now, and the same request may be sent later.
    pub fn is_temporary(&self) -> bool {
        let upstream = self.upstream.as_ref().map(|upstream| upstream.status);
        let is_busy = matches!((self.status, upstream), (429 | 503, _) | (500, Some(429)));
        is_busy && self.proves_no_effect()
    }

    fn mentions_earlier_request(&self) -> bool {
        let upstream = self.upstream.as_ref();
        let codes = [self.code.as_deref(), upstream.and_then(|upstream| upstream.code.as_deref())];
        let messages = [self.message.as_str(), upstream.map_or("", |upstream| &upstream.message)];
        let texts = codes.into_iter().flatten().chain(messages).map(str::to_ascii_lowercase);
        let texts: Vec<String> = texts.map(|text| text.replace('_', " ")).collect();
        EARLIER_REQUEST.iter().any(|mark| texts.iter().any(|text| text.contains(mark)))
    }

    /// Whether the service refuses the API key or its rights.
    fn is_about_the_key(&self) -> bool {
        let says_so = || {
            let Some(code) = &self.code else {
                let message = self.message.to_ascii_lowercase();
                return KEY_WORDS.iter().any(|words| message.contains(words));
            };
            let code = code.to_ascii_lowercase();
            code.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| KEY_CODES.contains(&word))
        };
        self.status == 401 || (self.status == 403 && says_so())
    }

    /// Whether the reason is money or the plan.
    fn is_about_the_plan(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default().to_ascii_lowercase();
        self.status == 402
            || ["quota", "plan", "credit", "billing"].iter().any(|mark| code.contains(mark))
    }

    /// The exit code: 3 for the key, 4 where the same request may be sent later, 1 where it may not, 8 where it may have
    /// been carried out and is no GET.
    pub fn exit(&self) -> Exit {
        let is_mistake_at_telnyx = || {
            let upstream = self.upstream.as_ref().map(|upstream| upstream.status);
            self.status == 500 && matches!(upstream, Some(400..=499))
        };
        match self.status {
            _ if self.is_about_the_key() => Exit::NotConfigured,
            _ if self.is_temporary() => Exit::Unavailable,
            _ if self.proves_no_effect() => Exit::No,
            _ if self.request.method != Method::Get => Exit::Unconfirmed,
            408 | 425 | 499 => Exit::Unavailable,
            400..=499 => Exit::No,
            _ if is_mistake_at_telnyx() => Exit::No,
            _ => Exit::Unavailable,
        }
    }

    /// What to do next, in one line.
    pub(super) fn hint(&self) -> Option<String> {
        let text = match self.status {
            _ if self.is_about_the_key() => {
                "run `setup` with a key that works, or set CLAWDTALK_API_KEY"
            }
            _ if self.is_about_the_plan() => "run `status` to see your plan and what is left of it",
            404 if self.request.method == Method::Delete => {
                "check the id; if an earlier try of this had no answer, that one may have deleted it"
            }
            404 => "check the id: the service knows no such id",
            429 | 503 => match self.retry_after {
                Some(wait) => {
                    let seconds = wait.as_secs_f64().ceil().max(1.0);
                    return Some(format!("try again in {seconds} s"));
                }
                None => "try again in a minute",
            },
            _ if self.exit() == Exit::Unavailable => "try again in a minute",
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// The message, or what the status means where there is none.
    fn reason(&self) -> &str {
        let message = self.upstream.as_ref().map_or(&self.message, |upstream| &upstream.message);
        match self.status {
            _ if !message.is_empty() => message,
            401 => "the API key was refused",
            402 => "payment is required",
            403 => "not allowed",
            404 => "there is no such thing",
            429 => "too many requests",
            503 => "the service is unavailable",
            _ => "no reason given",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.exit() {
            Exit::Unavailable | Exit::Unconfirmed if self.status >= 500 => "failed on",
            _ => "refused",
        };
        write!(f, "server {verb} {}: {} (HTTP {}", self.request, self.reason(), self.status)?;
        match (&self.upstream, &self.code) {
            (Some(upstream), _) => write!(f, ", Telnyx {})", upstream.status),
            (None, Some(code)) if *code != self.message => write!(f, ", {code})"),
            _ => f.write_str(")"),
        }
    }
}
