//! The environment, and the `.env` files that stand in for it: read here and nowhere else.
//!
//! A `.env` file is parsed, never executed (the reference runs it as shell code: defect C4).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::exit::Fault;
use crate::{file, paths};

/// The value of an environment variable; an empty one counts as unset.
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A path from the environment.
pub fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The home directory.
pub fn home() -> Option<PathBuf> {
    path("HOME")
}

/// `CLAWDTALK_OUTPUT=text`: text mode for everything below a shell.
pub(crate) fn output_is_text() -> bool {
    var("CLAWDTALK_OUTPUT").is_some_and(|mode| mode.eq_ignore_ascii_case("text"))
}

/// <https://no-color.org>: any value means no colour.
pub(crate) fn no_colour() -> bool {
    var("NO_COLOR").is_some()
}

/// `DEBUG=1`: people's words may be logged.
pub fn debug() -> bool {
    var("DEBUG").is_some_and(|value| value != "0")
}

/// Replaces each `${NAME}` in a configured value (spec 2): from the environment, then `~/.openclaw/.env`,
/// `~/.clawdbot/.env`, `<skill>/.env`. `key` names the configuration key for the error.
///
/// Fails (exit 3) if a name is set nowhere; the value is never sent with the reference still in it.
pub fn resolve(key: &str, value: &str, skill: &Path) -> Result<String, Fault> {
    resolve_with(key, value, |name| var(name).or_else(|| from_files(name, skill)))
}

fn resolve_with(
    key: &str,
    value: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<String, Fault> {
    let mut resolved = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find("${") {
        let after = &rest[start + 2..];
        let Some(end) = after.find('}').filter(|end| is_name(&after[..*end])) else {
            resolved.push_str(&rest[..start + 2]);
            rest = after;
            continue;
        };
        let name = &after[..end];
        let Some(found) = lookup(name) else {
            return Err(Fault::not_configured(format!(
                "`{key}` refers to ${{{name}}}, which is not set"
            ))
            .hint(format!("set {name} in the environment or in the skill folder's .env file")));
        };
        resolved.push_str(&rest[..start]);
        resolved.push_str(&found);
        rest = &after[end + 1..];
    }
    resolved.push_str(rest);
    Ok(resolved)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn from_files(name: &str, skill: &Path) -> Option<String> {
    let home = home();
    let of_home = |dir: &str| home.as_ref().map(|home| home.join(dir).join(".env"));
    [of_home(".openclaw"), of_home(".clawdbot"), Some(paths::dotenv(skill))]
        .into_iter()
        .flatten()
        .filter_map(|path| file::read(&path).ok().flatten())
        .find_map(|bytes| parse_dotenv(&String::from_utf8_lossy(&bytes)).remove(name))
}

/// The pairs of a `.env` file: `NAME=value`, `export NAME=value`, quotes of both kinds, comments, no final
/// newline needed. A line that is none of these is left out.
pub(crate) fn parse_dotenv(text: &str) -> HashMap<String, String> {
    text.lines().filter_map(pair).collect()
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
    // Only a blank before `#` begins a comment: tokens may hold the sign.
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
    use super::{parse_dotenv, resolve_with};
    use proptest::prelude::*;

    #[track_caller]
    fn case(line: &str, name: &str, value: &str) {
        assert_eq!(parse_dotenv(line).get(name).map(String::as_str), Some(value), "{line}");
    }

    #[test]
    fn dotenv_forms() {
        case("KEY=plain", "KEY", "plain");
        case("export KEY=plain", "KEY", "plain");
        case("# comment\nKEY='it''s'", "KEY", "it");
        case("KEY=\"a \\\"b\\\" $x\"", "KEY", "a \"b\" $x");
        case("KEY=a#b # note", "KEY", "a#b");
        case("KEY='a&b$(rm)'", "KEY", "a&b$(rm)");
        case("A=1\nKEY=last", "KEY", "last");
        assert!(parse_dotenv("not a pair\n=x\n1A=2").is_empty());
    }

    #[test]
    fn references() {
        let lookup = |name: &str| (name == "TOKEN").then(|| "abc".to_owned());
        assert_eq!(resolve_with("k", "x${TOKEN}y", lookup).unwrap(), "xabcy");
        assert_eq!(resolve_with("k", "${}${ a}$", lookup).unwrap(), "${}${ a}$");
        let fault = resolve_with("api_key", "${NOPE}", lookup).unwrap_err();
        assert_eq!(fault.to_string(), "`api_key` refers to ${NOPE}, which is not set");
    }

    proptest! {
        #[test]
        fn a_value_is_taken_once_and_never_read_as_a_reference(value in ".*", text in "[a-z ]*") {
            let resolved = resolve_with("k", &format!("{text}${{A}}{text}"), |_| Some(value.clone()));
            prop_assert_eq!(resolved.unwrap(), format!("{text}{value}{text}"));
        }

        #[test]
        fn no_dotenv_file_panics(text in ".*") {
            parse_dotenv(&text);
        }
    }
}
