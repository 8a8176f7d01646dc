//! The fields of a frame: each bounded, and absent where it is not what was expected.

use serde_json::{Map, Value};
use state::sms_segments;

use super::sanitize::sanitize;

/// Longest id, label or number that is believed to be one, in characters.
const LONGEST_ID: usize = 200;
/// Longest request that is passed on, and where other free text is cut, in characters.
const LONGEST_TEXT: usize = 8_000;

/// The text of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RequestText {
    /// What was said, without what nobody can see; never blank.
    Text(String),
    /// Missing, blank, or no text.
    Missing,
    /// Over 8,000 characters.
    TooLong,
}

/// The fields of one frame.
pub(super) struct FrameFields<'a>(pub(super) &'a Map<String, Value>);

impl FrameFields<'_> {
    /// An id: opaque text. Some services write theirs as numbers, which are kept digit for digit.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        let id = match self.0.get(name)? {
            Value::String(text) => sanitize(text).trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!id.is_empty() && id.chars().count() <= LONGEST_ID).then_some(id)
    }

    /// A word of an open list, such as a type, a reason or a decision.
    pub(super) fn label(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(_) => self.id(name),
            _ => None,
        }
    }

    /// Free text, cut after 8,000 characters; absent if it is blank.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = sanitize(self.0.get(name)?.as_str()?);
        let text = sms_segments::prefix(text.trim(), LONGEST_TEXT, usize::MAX);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The text of a request. It is never cut: half a request is another request.
    pub(super) fn request_text(&self, name: &str) -> RequestText {
        let Some(Value::String(text)) = self.0.get(name) else { return RequestText::Missing };
        let text = sanitize(text);
        match text.trim() {
            "" => RequestText::Missing,
            text if text.chars().count() > LONGEST_TEXT => RequestText::TooLong,
            text => RequestText::Text(text.to_owned()),
        }
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// A length of time in whole seconds, whether written as a number or as text.
    pub(super) fn seconds(&self, name: &str) -> Option<u64> {
        let seconds: f64 = self.id(name)?.parse().ok()?;
        // No call lasts longer than a day; what says so is no duration.
        let is_duration = (0.0..86_400.0).contains(&seconds);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and a day, and rounded down on purpose"
        )]
        let whole = seconds as u64;
        is_duration.then_some(whole)
    }

    /// How many entries a list has.
    pub(super) fn count(&self, name: &str) -> usize {
        self.0.get(name).and_then(Value::as_array).map_or(0, Vec::len)
    }
}
