//! A request on its way to an endpoint: what the route took from it, and the reading of its fields.

use super::refusal::{missing, refusal};
use crate::wire::http::{ServerRequest, ServerResponse};
use serde_json::Value;

/// One request with what the route took from it.
pub(crate) struct RoutedRequest<'a> {
    /// The request as it came in.
    pub(crate) raw: &'a ServerRequest,
    /// The path's variable segments, in order.
    pub(crate) ids: Vec<String>,
    /// The JSON object of the body; empty where there was none.
    pub(crate) body: Value,
}

/// The response of an endpoint; `Err` is one too: the refusal.
pub(crate) type RouteResult = Result<ServerResponse, ServerResponse>;

impl RoutedRequest<'_> {
    /// The first variable segment of the path.
    pub(crate) fn id(&self) -> &str {
        &self.ids[0]
    }

    /// A text that must be there and not be empty.
    pub(crate) fn text(&self, field: &str) -> Result<String, ServerResponse> {
        self.optional(field).filter(|text| !text.is_empty()).ok_or_else(|| missing(field))
    }

    pub(crate) fn optional(&self, field: &str) -> Option<String> {
        self.body[field].as_str().map(str::to_owned)
    }

    /// An E.164 number that must be there.
    pub(crate) fn number(&self, field: &str) -> Result<String, ServerResponse> {
        let number = self.text(field)?;
        let digits = number.strip_prefix('+').unwrap_or("");
        let sound = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if sound && !digits.starts_with('0') {
            return Ok(number);
        }
        Err(refusal(400, "invalid_number", &format!("{field} must be an E.164 phone number")))
    }

    /// A number from the query.
    pub(crate) fn count(&self, name: &str, default: usize) -> usize {
        self.raw.query(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }
}
