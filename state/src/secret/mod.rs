//! Keys and tokens: a type that cannot be printed by accident, and the one place that takes them out of whatever is
//! printed, logged, spoken or texted, wherever it came from.
//!
//! A server may echo the key in a message, a page, an address or a close reason. So every [`Secret`] is listed when it is
//! made, and what leaves this process for people passes [`clean`]: nobody has to remember which secrets there are.

mod find;
mod written;

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use serde_json::{Map, Value};

use find::Patterns;

/// A secret of fewer bytes is not looked for: it is as likely a part of some word, and replacing that would garble
/// everything. Keys have 48, the gateway's own tokens as many.
pub const SHORTEST: usize = 8;

/// What stands in a secret's place.
const BLANK: &str = "***";

/// So many are listed, the newest: a client that runs for months reads its gateway's token anew whenever that changes.
const MOST: usize = 32;

/// Whether any is listed: most commands that only look at files have none, and nothing to look for.
static IS_ANY: AtomicBool = AtomicBool::new(false);
static LISTED: RwLock<Patterns> = RwLock::new(Patterns::none());

/// An API key or a gateway token. `Debug` and `Display` print `***`; only [`Secret::expose`] gives it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as it is, and lists it: from now on [`clean`] knows it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        list(&text);
        Self(text)
    }

    /// A text that holds a secret, such as the frame with the key in it, and is none by itself.
    pub fn around(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the header or frame that carries it and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(BLANK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(BLANK)
    }
}

fn list(secret: &str) {
    let secret = secret.trim();
    if secret.len() < SHORTEST {
        return;
    }
    if LISTED.read().unwrap_or_else(PoisonError::into_inner).has(secret) {
        return;
    }
    let mut listed = LISTED.write().unwrap_or_else(PoisonError::into_inner);
    listed.add(secret, MOST);
    IS_ANY.store(true, Ordering::Release);
}

/// The text with `***` in the place of every listed secret: as it is, in any mix of escapes (`\u0063`, `%63`, `&#99;`),
/// split by what cannot be seen, or in base64.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !IS_ANY.load(Ordering::Acquire) {
        return Cow::Borrowed(text);
    }
    let places = LISTED.read().unwrap_or_else(PoisonError::into_inner).places(text);
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = 0;
    for place in places {
        cleaned.push_str(&text[rest..place.start]);
        cleaned.push_str(BLANK);
        rest = place.end;
    }
    cleaned.push_str(&text[rest..]);
    Cow::Owned(cleaned)
}

/// The same for a document, text by text, so that it stays one.
pub fn clean_json(value: &Value) -> Cow<'_, Value> {
    if !IS_ANY.load(Ordering::Acquire) || !holds_any(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(cleaned(value))
}

fn is_clean(text: &str) -> bool {
    matches!(clean(text), Cow::Borrowed(_))
}

fn holds_any(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => !is_clean(number.as_str()),
        Value::String(text) => !is_clean(text),
        Value::Array(items) => items.iter().any(holds_any),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| !is_clean(key) || holds_any(value))
        }
    }
}

fn cleaned(value: &Value) -> Value {
    match value {
        Value::Number(number) if !is_clean(number.as_str()) => BLANK.into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => clean(text).into(),
        Value::Array(items) => items.iter().map(cleaned).collect(),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| (clean(key).into_owned(), cleaned(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests;
