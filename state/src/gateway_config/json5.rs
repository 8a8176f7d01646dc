//! Reads JSON5 as the gateway does, but bounded: a hostile or broken file is an error, never a crash.

use super::tokens::{Kind, tokens};
use serde_json::Value;

/// The gateway's own limit for an included file; the main file is held to it too.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Deeper than any gateway config. The parser descends by recursion, so depth is its stack.
const MAX_DEPTH: usize = 128;

/// Why a text cannot be read as JSON5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// When the text breaks JSON5's grammar.
    Syntax {
        /// Counted from 1; absent when the text ends too early.
        line: Option<usize>,
        /// What the parser says, without quoting the text: it may hold secrets.
        message: String,
    },
    /// When it is nested deeper than any gateway config is.
    TooDeep,
    /// When it is larger than the gateway itself would read.
    TooLarge,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax { line: Some(line), message } => write!(f, "line {line}: {message}"),
            Self::Syntax { line: None, message } => f.write_str(message),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Self::TooLarge => write!(f, "larger than {MAX_BYTES} bytes"),
        }
    }
}

impl std::error::Error for Error {}

/// The value that `text` denotes. `Infinity` and `NaN` become null, of a repeated key the last counts
/// (as in the gateway), and numbers beyond 64 bits lose digits: for reading, never for writing back.
pub fn parse(text: &str) -> Result<Value, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge);
    }
    if depth(text) > MAX_DEPTH {
        return Err(Error::TooDeep);
    }
    json5::from_str(text).map_err(|err| Error::Syntax {
        line: err.position().map(|position| position.line + 1),
        message: err.code().map_or_else(|| "no JSON5".to_owned(), |code| code.to_string()),
    })
}

fn depth(text: &str) -> usize {
    let mut deepest = 0;
    let mut open = 0_usize;
    for token in tokens(text) {
        match token.kind {
            Kind::Mark(b'{' | b'[') => open += 1,
            Kind::Mark(b'}' | b']') => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
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
        assert_eq!(parse(&"[".repeat(1_000_000)), Err(Error::TooDeep));
        assert_eq!(parse(&"{a:".repeat(129)), Err(Error::TooDeep));
        assert!(parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
    }

    #[test]
    fn a_file_the_gateway_would_not_read_is_refused() {
        assert_eq!(parse(&" ".repeat(MAX_BYTES + 1)), Err(Error::TooLarge));
    }
}
