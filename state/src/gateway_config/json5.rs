//! Reads JSON5 as the gateway does, within bounds: a hostile or broken file is an error and never a crash.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

/// The gateway's own limit for an included file, in bytes; here the main file has the same.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// More than any gateway configuration has. The parser is recursive, so the depth uses its stack.
const MAX_DEPTH: usize = 128;

/// Why a text cannot be read as JSON5.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Json5Error {
    /// When the text breaks JSON5's grammar.
    #[error("{}{message}", line.map_or_else(String::new, |line| format!("line {line}: ")))]
    Syntax {
        /// Counted from 1; absent when the text ends too early.
        line: Option<usize>,
        /// What the parser says, without any of the text, which may contain secrets.
        message: String,
    },
    /// When it is nested more than 128 levels deep.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// When it has more than [`MAX_BYTES`].
    #[error("larger than {MAX_BYTES} bytes")]
    TooLarge,
}

/// The value of a JSON5 text. `Infinity` and `NaN` become null, of a repeated key the last counts (as in the gateway), and
/// numbers beyond 64 bits lose digits: good for reading, not for writing back.
pub fn parse(text: &str) -> Result<Value, Json5Error> {
    if text.len() > MAX_BYTES {
        return Err(Json5Error::TooLarge);
    }
    if depth(text) > MAX_DEPTH {
        return Err(Json5Error::TooDeep);
    }
    json5::from_str(text).map_err(|err| Json5Error::Syntax {
        line: err.position().map(|position| position.line + 1),
        message: err.code().map_or_else(|| "no JSON5".to_owned(), |code| code.to_string()),
    })
}

fn depth(text: &str) -> usize {
    let (mut deepest, mut open) = (0, 0_usize);
    for part in parts(text) {
        match part {
            "{" | "[" => open += 1,
            "}" | "]" => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// The strings, comments and brackets of a text, in order. What is not closed runs to the end.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r#"(?s)"(?:[^"\\]|\\.)*(?:"|\\?\z)|'(?:[^'\\]|\\.)*(?:'|\\?\z)|//[^\n\r\x{2028}\x{2029}]*|/\*.*?(?:\*/|\z)|[{}\[\]]"#;
        Regex::new(pattern).expect("the pattern is a constant, and a test uses it")
    });
    PART.find_iter(text).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_json5_allows_is_read() {
        let text = "\u{feff}// one\u{2028}{/*c*/a/*d*/:/*e*/0xFF,'b':'x\\\r\ny',\\u0063:+.5,d:-Infinity,$include:[1,],}//z";
        let expected = json!({"a": 255, "b": "xy", "c": 0.5, "d": null, "$include": [1]});
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn an_error_names_the_line_and_never_the_text() {
        let err = parse("{\n token: 'secret'\n port: 1}").expect_err("a comma is missing");
        assert_eq!(err.to_string(), "line 3: expected comma");
    }

    #[test]
    fn bottomless_nesting_is_an_error_and_not_a_crash() {
        assert_eq!(parse(&"[".repeat(1_000_000)), Err(Json5Error::TooDeep));
        assert_eq!(parse(&"{a:".repeat(129)), Err(Json5Error::TooDeep));
        assert!(parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
    }

    #[test]
    fn strings_comments_and_brackets_are_told_apart() {
        let case = |text, wanted: &[&str]| assert_eq!(parts(text).collect::<Vec<_>>(), wanted);
        case(r#"{a:'b\'}',"c'":-.5e1}"#, &["{", r"'b\'}'", r#""c'""#, "}"]);
        case("//a{\r\n/*b//*/c[", &["//a{", "/*b//*/", "["]);
        case("//x\u{2028}{", &["//x", "{"]);
        case("'a\\\r\nb{'", &["'a\\\r\nb{'"]);
        case("'a{\\", &["'a{\\"]);
        case("/*/{", &["/*/{"]);
    }

    #[test]
    fn a_file_the_gateway_would_not_read_is_refused() {
        assert_eq!(parse(&" ".repeat(MAX_BYTES + 1)), Err(Json5Error::TooLarge));
    }
}
