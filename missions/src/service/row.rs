//! One object of the service's answers: printed as it came, and read tolerantly.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use state::json::id_of;

/// An object as the service sent it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ServiceRow(Value);

impl ServiceRow {
    /// Anything else than an object reads as one without keys.
    pub(crate) fn new(value: Value) -> Self {
        Self(if value.is_object() { value } else { json!({}) })
    }

    /// The object.
    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// The object.
    pub(crate) fn into_value(self) -> Value {
        self.0
    }

    /// A text that is not blank.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// The first of these keys that holds an id. Ids are text; one that came as a number keeps its digits.
    pub(crate) fn id(&self, keys: &[&str]) -> Option<String> {
        id_of(&self.0, keys)
    }

    /// An instant.
    pub(crate) fn time(&self, key: &str) -> Option<Timestamp> {
        self.text(key).and_then(|text| text.parse().ok())
    }

    /// Adds a key of our own to what the service sent.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.fields_mut().insert(key.to_owned(), value.into());
        self
    }

    fn fields_mut(&mut self) -> &mut Map<String, Value> {
        self.0.as_object_mut().expect("a row is an object from its beginning")
    }
}

/// The id of a step of a plan, under whichever name the service gives it.
pub(crate) fn step_id(step: &Value) -> Option<String> {
    id_of(step, &["step_id", "id"])
}
