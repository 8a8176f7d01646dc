//! How a document is formatted (quotes, indentation, line ends), so that what is added to it is written like the rest.

use super::tree::{Node, NodeKind};
use serde_json::Value;
use state::gateway_config::json5_tokens::{TokenKind, ends_line, tokens};

/// The formatting of one document.
pub(super) struct Style<'a> {
    text: &'a str,
    pub(super) newline: &'static str,
    /// One step of indentation.
    unit: &'a str,
    /// The quotes of its strings.
    quote: char,
    /// The quotes of its first key; none when it writes names bare.
    key_quote: Option<char>,
    /// After a colon and between elements of one line: nothing in minified documents.
    pub(super) gap: &'static str,
}

impl<'a> Style<'a> {
    pub(super) fn of(text: &'a str, root: &Node) -> Self {
        let quote =
            |at: usize| text[at..].chars().next().filter(|letter| matches!(letter, '"' | '\''));
        let first_key = root.elements().first().and_then(|element| element.key.as_ref());
        let first_text = tokens(text).find(|token| token.kind == TokenKind::Text);
        let line_end = text.find(ends_line).map_or("", |at| &text[at..]);
        let compact = first_key.is_some_and(|(_, key)| {
            root.elements()[0].value.span.start == key.end + 1 && line_end.is_empty()
        });
        Self {
            text,
            newline: match line_end {
                crlf if crlf.starts_with("\r\n") => "\r\n",
                cr if cr.starts_with('\r') => "\r",
                _ => "\n",
            },
            unit: first_unit(text, root).unwrap_or("  "),
            quote: first_text.and_then(|token| quote(token.span.start)).unwrap_or('"'),
            key_quote: first_key.map_or(Some('"'), |(_, span)| quote(span.start)),
            gap: if compact { "" } else { " " },
        }
    }

    /// The indentation that a new element of `container` gets on a line of its own.
    pub(super) fn indent(&self, container: &Node) -> String {
        let last = container
            .elements()
            .iter()
            .rev()
            .find_map(|element| own_line(self.text, element.start()));
        last.map_or_else(
            || format!("{}{}", line_indent(self.text, container.span.start), self.unit),
            str::to_owned,
        )
    }

    /// `key: value` or a bare value; `indent` puts each member of an object on a line of its own.
    pub(super) fn element(&self, key: Option<&str>, value: &Value, indent: Option<&str>) -> String {
        let rendered = self.value(value, indent);
        key.map_or_else(
            || rendered.clone(),
            |key| format!("{}:{}{rendered}", self.key(key), self.gap),
        )
    }

    fn value(&self, value: &Value, indent: Option<&str>) -> String {
        match value {
            Value::String(text) => quoted(text, self.quote),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.value(item, None)).collect();
                format!("[{}]", items.join(&format!(",{}", self.gap)))
            }
            Value::Object(members) if !members.is_empty() => {
                let inner = indent.map(|indent| format!("{indent}{}", self.unit));
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| self.element(Some(key), value, inner.as_deref()))
                    .collect();
                let (open, close) = match (indent, &inner) {
                    (Some(indent), Some(inner)) => {
                        (format!("{}{inner}", self.newline), format!("{}{indent}", self.newline))
                    }
                    _ => (String::new(), String::new()),
                };
                let between = if indent.is_some() { &open } else { self.gap };
                format!("{{{open}{}{close}}}", members.join(&format!(",{between}")))
            }
            other => other.to_string(),
        }
    }

    fn key(&self, key: &str) -> String {
        let is_name = key
            .starts_with(|letter: char| letter.is_ascii_alphabetic() || "_$".contains(letter))
            && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_$".contains(letter));
        match self.key_quote {
            None if is_name => key.to_owned(),
            other => quoted(key, other.unwrap_or(self.quote)),
        }
    }
}

/// A JSON string, which is a JSON5 string too; in single quotes only the two quotes change their roles.
fn quoted(text: &str, quote: char) -> String {
    let json = Value::from(text).to_string();
    if quote == '"' {
        return json;
    }
    let inner = json[1..json.len() - 1].replace('\'', "\\'").replace("\\\"", "\"");
    format!("'{inner}'")
}

/// The blanks before `at` if nothing else stands before it on its line, and it is not the first line.
pub(super) fn own_line(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rfind(ends_line)?;
    let line = text[start..at].trim_start_matches(ends_line);
    line.chars().all(char::is_whitespace).then_some(line)
}

fn line_indent(text: &str, at: usize) -> &str {
    let line = text[..at].rsplit(ends_line).next().unwrap_or("");
    &line[..line.find(|letter: char| !letter.is_whitespace()).unwrap_or(line.len())]
}

/// The first step of indentation that the document takes.
fn first_unit<'a>(text: &'a str, node: &Node) -> Option<&'a str> {
    if matches!(node.kind, NodeKind::Leaf) {
        return None;
    }
    let outer = line_indent(text, node.span.start);
    node.elements().iter().find_map(|element| {
        let own = own_line(text, element.start()).and_then(|indent| indent.strip_prefix(outer));
        own.or_else(|| first_unit(text, &element.value))
    })
}
