//! The response to a request that the service carried out.

use jiff::Timestamp;
use serde_json::Value;

use super::{Error, RequestLine};

/// A 2xx response. Its JSON is [`Value::Null`] if it had no body (204).
#[derive(Clone, Debug)]
pub struct JsonResponse {
    pub(super) request: RequestLine,
    pub(super) status: u16,
    pub(super) json: Value,
    pub(super) date: Option<Timestamp>,
}

impl JsonResponse {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The body, moved out.
    pub fn into_json(self) -> Value {
        self.json
    }

    /// The service's clock when it answered (`Date`), to a second.
    pub fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// A text of the body that has to be there: `response.text("call_id")`.
    ///
    /// Fails with [`Error::InvalidResponse`] if it is missing or blank.
    pub fn text(&self, field: &str) -> Result<&str, Error> {
        let text = self.json.get(field).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty()).ok_or_else(|| self.missing(&format!("`{field}`")))
    }

    /// The error of a response without something that has to be there: `response.missing("a list of runs")`.
    pub fn missing(&self, what: &str) -> Error {
        Error::InvalidResponse {
            request: self.request.clone(),
            status: self.status,
            problem: format!("without {what}"),
        }
    }
}
