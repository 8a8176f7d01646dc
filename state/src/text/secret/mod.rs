//! API keys and gateway tokens: a type that cannot be printed by accident, and the redaction of everything that leaves
//! this process for people.
//!
//! A server may echo the key in a message, a page, an address or a close reason. So every [`Secret`] registers itself when
//! it is made, and what is printed, logged, spoken or texted passes [`redact`], which knows all of them.

mod escapes;
mod patterns;

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use serde_json::{Map, Value};

use patterns::Patterns;

/// The shortest secret that is redacted, in bytes: a shorter one is likely to be part of some word, and replacing that
/// would garble everything. API keys have 48, and so do the tokens that a gateway makes.
pub const MIN_LENGTH: usize = 8;

/// What is printed in place of a secret.
const REDACTED: &str = "***";

/// How many are registered, the newest: a client that runs for months has a new token whenever the gateway's changes.
const MAX_REGISTERED: usize = 32;

/// Whether any is registered: most commands that read only files have none, and need no search.
static IS_ANY: AtomicBool = AtomicBool::new(false);
static REGISTERED: RwLock<Patterns> = RwLock::new(Patterns::none());

/// An API key or a gateway token. `Debug` and `Display` print `***`; only [`Secret::expose`] gives it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as it is and registers it: from now on [`redact`] takes it out.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        register(&text);
        Self(text)
    }

    /// A text that contains a secret, such as the frame with the key in it. It is not registered.
    pub fn containing(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the header or frame that carries it and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

fn register(secret: &str) {
    let secret = secret.trim();
    if secret.len() < MIN_LENGTH {
        return;
    }
    if REGISTERED.read().unwrap_or_else(PoisonError::into_inner).has(secret) {
        return;
    }
    let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    registered.add(secret, MAX_REGISTERED);
    IS_ANY.store(true, Ordering::Release);
}

/// The text with `***` in place of every registered secret: as it is, in any mix of escapes (`\u0063`, `%63`, `&#99;`),
/// split by invisible characters, or in base64.
pub fn redact(text: &str) -> Cow<'_, str> {
    if !IS_ANY.load(Ordering::Acquire) {
        return Cow::Borrowed(text);
    }
    let occurrences = REGISTERED.read().unwrap_or_else(PoisonError::into_inner).occurrences(text);
    if occurrences.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut redacted = String::with_capacity(text.len());
    let mut rest = 0;
    for secret in occurrences {
        redacted.push_str(&text[rest..secret.start]);
        redacted.push_str(REDACTED);
        rest = secret.end;
    }
    redacted.push_str(&text[rest..]);
    Cow::Owned(redacted)
}

/// [`redact`] for every text, key and number of a JSON document, which stays a JSON document.
pub fn redact_json(value: &Value) -> Cow<'_, Value> {
    if !IS_ANY.load(Ordering::Acquire) || !contains_any(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(redacted(value))
}

fn is_clean(text: &str) -> bool {
    matches!(redact(text), Cow::Borrowed(_))
}

fn contains_any(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => !is_clean(number.as_str()),
        Value::String(text) => !is_clean(text),
        Value::Array(items) => items.iter().any(contains_any),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| !is_clean(key) || contains_any(value))
        }
    }
}

fn redacted(value: &Value) -> Value {
    match value {
        Value::Number(number) if !is_clean(number.as_str()) => REDACTED.into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => redact(text).into(),
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| (redact(key).into_owned(), redacted(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests;
