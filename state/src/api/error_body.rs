//! Reads the body of an error response, whichever shape it has, and says what a response is that is no JSON.

use serde_json::Value;

use crate::text::sanitize;

/// The fields in which errors have their code, and their message; the first that is there counts.
const CODE: &[&str] = &["code", "type"];
const MESSAGE: &[&str] = &["message", "detail", "error", "title", "reason"];

/// Whether an error has the service's own shape: `{"error":{"code":"…","message":"…"}}`.
pub(super) fn is_own_shape(body: &Value) -> bool {
    let error = &body["error"];
    error["code"].is_string() && error["message"].is_string()
}

/// The code and the message of a JSON error of any shape; of an unknown shape the whole body as the message.
pub(super) fn code_and_message(body: &Value) -> (Option<String>, String) {
    let text = |value: &Value, names: &[&str]| {
        names.iter().find_map(|name| match value.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let inner = match body.get("error") {
        Some(inner @ Value::Object(_)) => inner,
        _ => body.get("errors").and_then(|errors| errors.get(0)).unwrap_or(body),
    };
    let message = text(inner, MESSAGE).or_else(|| text(body, MESSAGE));
    let code = text(inner, CODE).or_else(|| text(body, CODE));
    match (message, &code) {
        (Some(message), _) => (code, message),
        (None, Some(only)) => {
            let message = only.clone();
            (code, message)
        }
        (None, None) if is_empty(body) => (None, String::new()),
        (None, None) => (None, body.to_string()),
    }
}

fn is_empty(body: &Value) -> bool {
    match body {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Array(items) => items.iter().all(is_empty),
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// The message of an error body that is no JSON: a text as it is, an HTML page by its title.
pub(super) fn text_message(text: &str) -> String {
    let start = text.trim_start();
    if !start.starts_with('<') {
        return text.to_owned();
    }
    page_title(start)
        .map_or_else(|| "an HTML page".to_owned(), |title| format!("an HTML page \"{title}\""))
}

/// What is wrong with a 2xx response that says itself that there was no success: `{"success": false, "error": …}`.
pub(super) fn denied_success(body: &Value) -> Option<String> {
    if body.get("success") != Some(&Value::Bool(false)) {
        return None;
    }
    let mut rest = body.clone();
    rest["success"].take();
    let (code, message) = code_and_message(&rest);
    let message = if message.is_empty() { "no reason given" } else { &message };
    let code = code.filter(|code| code != message).map(|code| format!(", {code}"));
    let reason = format!("{message}{}", code.unwrap_or_default());
    Some(format!("with `\"success\": false`: {}", sanitize::line(&reason)))
}

/// What is wrong with a 2xx response whose body is no JSON: `with an HTML page "…"`, `with what is no JSON`.
pub(super) fn no_json(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') {
        return format!("with {}", text_message(&text));
    }
    "with what is no JSON".to_owned()
}

/// The title of an HTML page, if it has one.
fn page_title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(sanitize::line_up_to(&page[start..end], 80)).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::page_title;

    #[test]
    fn a_page_has_its_title() {
        let page = "<html><head><TITLE lang=en>502 Bad\n Gateway</TITLE></head>";
        assert_eq!(page_title(page).as_deref(), Some("502 Bad Gateway"));
        assert_eq!(page_title("<html><title></title>"), None);
        assert_eq!(page_title("<title>never closed"), None);
    }
}
