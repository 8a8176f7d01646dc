//! Appending an element and deleting one, as replacements of byte ranges that touch nothing else.

use super::style::{Style, own_line};
use super::tree::Node;
use serde_json::Value;
use state::gateway_config::json5_tokens::{Token, TokenKind, ends_line, tokens};
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

/// Appends an element to `container`: after its last comment, so that every comment stays beside the same element, with a
/// trailing comma where the last element had one. `delete` of the result undoes it to the byte.
pub(super) fn append(
    text: &str,
    style: &Style,
    container: &Node,
    key: Option<&str>,
    value: &Value,
) -> Vec<Splice> {
    let closer = container.span.end - 1;
    let at = solid_before(text, closer).map_or(container.span.start + 1, |token| token.span.end);
    let elements = container.elements();
    let spread = text[at..closer].contains(ends_line)
        || elements.iter().any(|element| own_line(text, element.start()).is_some());
    let indent = spread.then(|| style.indent(container));
    let before = match &indent {
        Some(indent) => format!("{}{indent}", style.newline),
        // Nothing stands between the brackets, so that no space separates them from the element.
        None if at == container.span.start + 1 && at == closer => String::new(),
        None => style.gap.to_owned(),
    };
    let element = style.element(key, value, indent.as_deref());
    match elements.last() {
        Some(last) if last.comma.is_some() => vec![Splice(at..at, format!("{before}{element},"))],
        Some(last) => {
            let end = last.value.span.end;
            if end == at {
                vec![Splice(at..at, format!(",{before}{element}"))]
            } else {
                vec![Splice(end..end, ",".to_owned()), Splice(at..at, format!("{before}{element}"))]
            }
        }
        None => vec![Splice(at..at, format!("{before}{element}"))],
    }
}

/// Deletes an element of `container` with the white space before it and the comma it needed. Comments stay.
pub(super) fn delete(text: &str, container: &Node, index: usize) -> Vec<Splice> {
    let elements = container.elements();
    let element = &elements[index];
    let is_last = index + 1 == elements.len();
    let gone = |range| Splice(range, String::new());
    let mut splices = Vec::new();
    let comma = match element.comma {
        None if is_last => index.checked_sub(1).and_then(|before| elements[before].comma),
        own => own,
    };
    let end = element.value.span.end;
    let follows = if element.comma == Some(end) { end + 1 } else { end };
    let start = solid_before(text, element.start()).map_or(0, |token| match token.kind {
        // What follows must not slip into a line comment.
        TokenKind::LineComment if !text[follows..].starts_with(ends_line) => element.start(),
        _ => token.span.end,
    });
    splices.push(gone(start..end));
    if let Some(comma) = comma {
        let mut end = comma + 1;
        if start == element.start() && !is_last {
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
        .filter(|token| token.kind != TokenKind::Space)
        .last()
}
