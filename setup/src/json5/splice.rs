//! The two changes a document can undergo, as insertions and deletions that touch nothing else.

use super::style::{Style, own_line};
use super::tree::Node;
use serde_json::Value;
use state::gateway_config::tokens::{Kind, Token, ends_line, tokens};
use std::ops::Range;

/// Bytes to be replaced and what takes their place.
pub(super) struct Splice(pub(super) Range<usize>, pub(super) String);

/// `text` with every splice made; they must not overlap.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|Splice(range, _)| range.start);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for Splice(range, new) in splices {
        edited.push_str(&text[at..range.start]);
        edited.push_str(&new);
        at = range.end;
    }
    edited.push_str(&text[at..]);
    edited
}

/// Appends an entry to `container`: behind its last comment, so that no comment changes its neighbour,
/// with a trailing comma where the last entry had one. `delete` of the result undoes it to the byte.
pub(super) fn append(
    text: &str,
    style: &Style,
    container: &Node,
    key: Option<&str>,
    value: &Value,
) -> Vec<Splice> {
    let closer = container.span.end - 1;
    let at = solid_before(text, closer).map_or(container.span.start + 1, |token| token.span.end);
    let entries = container.entries();
    let spread = text[at..closer].contains(ends_line)
        || entries.iter().any(|entry| own_line(text, entry.start()).is_some());
    let indent = spread.then(|| style.indent(container));
    let before = match &indent {
        Some(indent) => format!("{}{indent}", style.newline),
        // Nothing between the brackets: as wide as they stand apart.
        None if at == container.span.start + 1 && at == closer => String::new(),
        None => style.gap.to_owned(),
    };
    let entry = style.entry(key, value, indent.as_deref());
    match entries.last() {
        Some(last) if last.comma.is_some() => vec![Splice(at..at, format!("{before}{entry},"))],
        Some(last) => {
            let end = last.value.span.end;
            if end == at {
                vec![Splice(at..at, format!(",{before}{entry}"))]
            } else {
                vec![Splice(end..end, ",".to_owned()), Splice(at..at, format!("{before}{entry}"))]
            }
        }
        None => vec![Splice(at..at, format!("{before}{entry}"))],
    }
}

/// Deletes an entry of `container` with the white space before it and the comma it needed. Comments stay.
pub(super) fn delete(text: &str, container: &Node, index: usize) -> Vec<Splice> {
    let entries = container.entries();
    let entry = &entries[index];
    let is_last = index + 1 == entries.len();
    let gone = |range| Splice(range, String::new());
    let mut splices = Vec::new();
    let comma = match entry.comma {
        None if is_last => index.checked_sub(1).and_then(|before| entries[before].comma),
        own => own,
    };
    let end = entry.value.span.end;
    let follows = if entry.comma == Some(end) { end + 1 } else { end };
    let start = solid_before(text, entry.start()).map_or(0, |token| match token.kind {
        // What follows must not slip into a line comment.
        Kind::LineComment if !text[follows..].starts_with(ends_line) => entry.start(),
        _ => token.span.end,
    });
    splices.push(gone(start..end));
    if let Some(comma) = comma {
        let mut end = comma + 1;
        if start == entry.start() && !is_last {
            let rest = &text[end..];
            end += rest.len() - rest.trim_start_matches([' ', '\t']).len();
        }
        splices.push(gone(comma..end));
    }
    splices
}

/// The last token before `at` that is not white space.
fn solid_before(text: &str, at: usize) -> Option<Token> {
    tokens(text)
        .take_while(|token| token.span.end <= at)
        .filter(|token| token.kind != Kind::Space)
        .last()
}
