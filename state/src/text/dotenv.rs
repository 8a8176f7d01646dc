//! Reads `.env` files as data: they are parsed and never executed, whatever stands in them.

use std::collections::HashMap;

/// The pairs of a `.env` file: `NAME=value`, `export NAME=value`, quotes of both kinds, comments, no final
/// newline needed. A line that is none of these is left out.
pub(crate) fn parse(text: &str) -> HashMap<String, String> {
    text.lines().filter_map(pair).collect()
}

/// Whether a text can be the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn pair(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    is_name(name).then(|| (name.to_owned(), unquoted(value.trim())))
}

fn unquoted(value: &str) -> String {
    if let Some(rest) = value.strip_prefix('\'') {
        return rest.split('\'').next().unwrap_or_default().to_owned();
    }
    if let Some(rest) = value.strip_prefix('"') {
        return double_quoted(rest);
    }
    // Only a `#` with a blank before it begins a comment: a token may contain the sign.
    value.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

fn double_quoted(rest: &str) -> String {
    let mut value = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some(escaped @ ('"' | '\\' | '$' | '`')) => value.push(escaped),
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[track_caller]
    fn case(line: &str, name: &str, value: &str) {
        assert_eq!(parse(line).get(name).map(String::as_str), Some(value), "{line}");
    }

    #[test]
    fn quotes_comments_and_export_are_understood() {
        case("KEY=plain", "KEY", "plain");
        case("export KEY=plain", "KEY", "plain");
        case("# comment\nKEY='it''s'", "KEY", "it");
        case("KEY=\"a \\\"b\\\" $x\"", "KEY", "a \"b\" $x");
        case("KEY=a#b # note", "KEY", "a#b");
        case("KEY='a&b$(rm)'", "KEY", "a&b$(rm)");
        case("A=1\nKEY=last", "KEY", "last");
        assert!(parse("not a pair\n=x\n1A=2").is_empty());
    }

    proptest! {
        #[test]
        fn no_file_panics(text in ".*") {
            parse(&text);
        }
    }
}
