//! What the service answered to a request that it carried out.

use jiff::Timestamp;
use serde_json::Value;

use super::{Asked, Error};

/// A 2xx answer. Its JSON is [`Value::Null`] if it had no body (204).
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) asked: Asked,
    pub(super) status: u16,
    pub(super) json: Value,
    pub(super) date: Option<Timestamp>,
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The body, whole.
    pub fn into_json(self) -> Value {
        self.json
    }

    /// The service's clock when it answered (`Date`), to a second.
    pub fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// A text of the body: `answer.text("call_id")`. Blank counts as absent.
    ///
    /// Fails with [`Error::NotAsPromised`] if it is not there: "sent" is only said of an answer with an id.
    pub fn text(&self, field: &str) -> Result<&str, Error> {
        let text = self.json.get(field).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty()).ok_or_else(|| self.lacks(&format!("`{field}`")))
    }

    /// The error for a 2xx that does not hold what was promised: `answer.lacks("a list of runs")`.
    pub fn lacks(&self, what: &str) -> Error {
        Error::NotAsPromised {
            asked: self.asked.clone(),
            status: self.status,
            what: format!("without {what}"),
        }
    }
}
