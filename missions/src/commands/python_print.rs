//! Values as python's `print` shows them, which `telnyx_api.py` leaves them to: `get-memory SLUG KEY` is read by scripts.

use serde_json::{Number, Value};
use state::out;

/// A text as it is, numbers and truth values in python's words; lists and objects as JSON. `None` for null, which the script
/// takes for no value.
pub(crate) fn printed(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => printed_number(number),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => out::pretty_json(value),
    })
}

/// A whole number with its digits, any other as python writes a `float`.
fn printed_number(number: &Number) -> String {
    let text = number.to_string();
    if !text.contains(['.', 'e', 'E']) {
        return if text == "-0" { "0".to_owned() } else { text };
    }
    text.parse::<f64>().map_or(text, float)
}

/// The shortest digits that are read back as the same number, with an exponent below -4 and above 15: Rust's `{:?}` is alike
/// but for the form of the exponent.
fn float(number: f64) -> String {
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}e-{exponent:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::printed;
    use serde_json::Value;

    #[track_caller]
    fn case(json: &str, wanted: &str) {
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(printed(&value).unwrap_or_default(), wanted, "{json}");
    }

    #[test]
    fn values_are_printed_as_python_does() {
        for (json, wanted) in [
            ("true", "True"),
            ("false", "False"),
            ("null", ""),
            ("42", "42"),
            ("-7", "-7"),
            ("0", "0"),
            ("-0", "0"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1.10", "1.1"),
            ("1.0", "1.0"),
            ("-0.0", "-0.0"),
            ("1e5", "100000.0"),
            ("1E15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("1.5e300", "1.5e+300"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.25e-10", "1.25e-10"),
            ("1e999", "inf"),
            ("-1e999", "-inf"),
            ("0.1", "0.1"),
            (r#""line one\nline two""#, "line one\nline two"),
            (r#""""#, ""),
            (r#""true""#, "true"),
            (r#"[true, "x"]"#, "[\n  true,\n  \"x\"\n]"),
        ] {
            case(json, wanted);
        }
    }
}
