//! Telnyx's errors inside the service's: a 500 may wrap a mistake of the caller's (facts/server.md 3).

use serde_json::Value;

use crate::{json, words};

/// What Telnyx answered to the service, taken out of the service's own message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Telnyx's HTTP status.
    pub status: u16,
    /// Its first error code, such as `10015`.
    pub code: Option<String>,
    /// Its errors in one line: detail or title, the place that is meant, the code.
    pub message: String,
}

impl Upstream {
    /// Reads `Telnyx … (400): {"errors":[…]}`; the JSON may be cut or no JSON at all.
    pub(super) fn read(message: &str) -> Option<Self> {
        let rest = message.strip_prefix("Telnyx")?;
        let (before, after) = rest.split_once("): ")?;
        let status = before.rsplit_once('(')?.1;
        let status = status.parse().ok().filter(|status| (100..600).contains(status))?;
        let errors = json::parse(after.as_bytes()).ok();
        let errors = errors.as_ref().and_then(|body| body.get("errors")).and_then(Value::as_array);
        let told: Vec<String> = errors.into_iter().flatten().filter_map(one).collect();
        Some(Self {
            status,
            code: errors.and_then(|errors| errors.first()).and_then(|first| text(first, "code")),
            message: words::line(&if told.is_empty() { after.to_owned() } else { told.join("; ") }),
        })
    }
}

fn one(error: &Value) -> Option<String> {
    let mut told = text(error, "detail").or_else(|| text(error, "title"))?;
    told.truncate(told.trim_end_matches('.').len());
    let source = error.get("source");
    let place = |name| source.and_then(|source| text(source, name));
    if let Some(place) = place("pointer").or_else(|| place("parameter")) {
        told.extend([" at `", &place, "`"]);
    }
    if let Some(code) = text(error, "code") {
        told.extend([" (", &code, ")"]);
    }
    Some(told)
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
    use super::Upstream;

    #[track_caller]
    fn case(message: &str, wanted: Option<(u16, Option<&str>, &str)>) {
        let wanted = wanted.map(|(status, code, message)| Upstream {
            status,
            code: code.map(str::to_owned),
            message: message.to_owned(),
        });
        assert_eq!(Upstream::read(message), wanted, "{message}");
    }

    #[test]
    fn inner_errors_are_told_in_one_line() {
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
    fn what_cannot_be_taken_apart_is_passed_on() {
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
