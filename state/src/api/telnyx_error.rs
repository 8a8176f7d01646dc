//! Errors of Telnyx, the carrier behind the service, inside errors of the service.

use serde_json::Value;

use crate::text::{json, sanitize};

/// What Telnyx answered to the service, read from the message of the service's own error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelnyxError {
    /// Telnyx's HTTP status.
    pub status: u16,
    /// Its first error code, such as `10015`.
    pub code: Option<String>,
    /// Its errors in one line: of each the detail or title, the field that is meant, the code.
    pub message: String,
}

impl TelnyxError {
    /// Reads a message such as `Telnyx API error (400): {"errors":[…]}`, of which the JSON may be cut off or something
    /// else. `None` for any other message.
    pub(super) fn parse(message: &str) -> Option<Self> {
        let rest = message.strip_prefix("Telnyx")?;
        let (before, after) = rest.split_once("): ")?;
        let status = before.rsplit_once('(')?.1;
        let status = status.parse().ok().filter(|status| (100..600).contains(status))?;
        let errors = json::parse(after.as_bytes()).ok();
        let errors = errors.as_ref().and_then(|body| body.get("errors")).and_then(Value::as_array);
        let lines: Vec<String> = errors.into_iter().flatten().filter_map(line).collect();
        Some(Self {
            status,
            code: errors.and_then(|errors| errors.first()).and_then(|first| text(first, "code")),
            message: sanitize::line(&if lines.is_empty() {
                after.to_owned()
            } else {
                lines.join("; ")
            }),
        })
    }
}

/// One error in words.
fn line(error: &Value) -> Option<String> {
    let mut line = text(error, "detail").or_else(|| text(error, "title"))?;
    line.truncate(line.trim_end_matches('.').len());
    let source = error.get("source");
    let field = |name| source.and_then(|source| text(source, name));
    if let Some(field) = field("pointer").or_else(|| field("parameter")) {
        line.extend([" at `", &field, "`"]);
    }
    if let Some(code) = text(error, "code") {
        line.extend([" (", &code, ")"]);
    }
    Some(line)
}

/// A text, or a number as text.
fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TelnyxError;

    #[track_caller]
    fn case(message: &str, wanted: Option<(u16, Option<&str>, &str)>) {
        let wanted = wanted.map(|(status, code, message)| TelnyxError {
            status,
            code: code.map(str::to_owned),
            message: message.to_owned(),
        });
        assert_eq!(TelnyxError::parse(message), wanted, "{message}");
    }

    #[test]
    fn inner_errors_become_one_line() {
        case(
            "Telnyx API error (400): {\n \"errors\": [{\"code\":\"10004\",\"title\":\"Missing required parameter\",\
             \"detail\":\"A required parameter was missing.\",\"source\":{\"pointer\":\"/body/steps[0]/step_id\"}},\
             {\"code\":10004,\"title\":\"Missing\"}]}",
            Some((
                400,
                Some("10004"),
                "A required parameter was missing at `/body/steps[0]/step_id` (10004); Missing (10004)",
            )),
        );
        case(
            "Telnyx schedule call failed (400): {\"errors\":[{\"code\":\"10015\",\"title\":\"Bad Request\",\
             \"detail\":\"telnyx_agent_target +15559876543 does not belong to this assistant\"}]}",
            Some((
                400,
                Some("10015"),
                "telnyx_agent_target +15559876543 does not belong to this assistant (10015)",
            )),
        );
    }

    #[test]
    fn what_is_no_list_of_errors_is_passed_on() {
        case("Telnyx API error (502): <html>bad", Some((502, None, "<html>bad")));
        case("Telnyx API error (400): {\"errors\":[{\"co", Some((400, None, "{\"errors\":[{\"co")));
        case("Telnyx API error (400): {\"errors\":[]}", Some((400, None, "{\"errors\":[]}")));
        for message in
            ["", "Telnyx", "Telnyx is down (x): {}", "no credit (400): {}", "Telnyx (9): x"]
        {
            case(message, None);
        }
    }
}
