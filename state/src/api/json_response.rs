//! The response to a request that the service carried out.

use jiff::Timestamp;
use serde_json::Value;

use super::error_body;
use super::{Error, RequestLine};
use crate::http::Method;
use crate::text::json;

/// A 2xx response. Its JSON is [`Value::Null`] if it had no body (204).
#[derive(Clone, Debug)]
pub struct JsonResponse {
    request: RequestLine,
    status: u16,
    json: Value,
    /// The body as it came.
    body: Vec<u8>,
    has_excess: bool,
    date: Option<Timestamp>,
}

impl JsonResponse {
    /// Reads the body of a 2xx response.
    ///
    /// Fails with [`Error::InvalidResponse`] if it is no JSON, or says that there was no success; and if it is empty or
    /// `null`, which only the response to a DELETE may be.
    pub fn read(request: RequestLine, status: u16, body: Vec<u8>) -> Result<Self, Error> {
        let is_empty = body.iter().all(u8::is_ascii_whitespace);
        let json = if is_empty { Ok(Value::Null) } else { json::parse(&body) };
        let problem = match &json {
            Err(_) => Some(error_body::no_json(&body)),
            Ok(Value::Null) if request.method == Method::Delete => None,
            Ok(Value::Null) if is_empty => Some("with an empty body".to_owned()),
            Ok(Value::Null) => Some("with `null`".to_owned()),
            Ok(json) => error_body::denied_success(json),
        };
        match (json, problem) {
            (Ok(json), None) => {
                Ok(Self { request, status, json, body, has_excess: false, date: None })
            }
            (_, problem) => {
                let problem = problem.unwrap_or_default();
                Err(Error::InvalidResponse { request, status, problem })
            }
        }
    }

    /// The response to a DELETE of what an earlier attempt has deleted.
    pub(super) fn gone(request: RequestLine) -> Self {
        let (json, body) = (Value::Null, Vec::new());
        Self { request, status: 204, json, body, has_excess: false, date: None }
    }

    /// Adds what the head told: the server's clock, and whether more came than was announced.
    #[must_use]
    pub(crate) fn with_head(self, date: Option<Timestamp>, has_excess: bool) -> Self {
        Self { has_excess, date, ..self }
    }

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

    /// Whether every reader reads the same: as many bytes came as were announced, and no key is there twice.
    pub fn is_unambiguous(&self) -> bool {
        !self.has_excess && !json::has_repeated_key(&self.body)
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
