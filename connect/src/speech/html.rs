//! HTML inside Markdown: tags go, what they enclose stays, and those that end a line end one.

use super::code_span::code_span;

/// Tags that begin or end a line of their own.
const BREAKING: &[&str] = &[
    "br",
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "td",
    "th",
    "table",
    "thead",
    "tbody",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "blockquote",
    "pre",
    "details",
    "summary",
    "section",
    "article",
    "dl",
    "dt",
    "dd",
];
/// Tags inside a line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "center", "cite", "code", "del", "em", "font", "i", "img", "ins",
    "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
    "var", "wbr",
];
/// Tags whose inside is not meant for people.
const SILENT: &[&str] = &[
    "think",
    "thinking",
    "tool_call",
    "tool_calls",
    "function_call",
    "function_calls",
    "tool_use",
    "script",
    "style",
];
const COMMENT: &str = "<!--";
/// No tag of a reply is longer; the bound keeps the search for its end short.
const LONGEST_TAG: usize = 500;

/// `text` without comments and silent parts, its breaking tags as line ends. Code spans are copied.
pub(super) fn flattened(text: &str) -> String {
    let mut flat = String::with_capacity(text.len());
    let mut rest = text;
    // What has no end further on is not searched for again.
    let mut endless = Vec::new();
    while let Some(at) = rest.find(['<', '`']) {
        flat.push_str(&rest[..at]);
        rest = &rest[at..];
        let (kept, length) = if rest.starts_with('`') {
            let length = code_span(rest).map_or_else(|| run(rest), |(_, length)| length);
            (&rest[..length], length)
        } else if let Some(what) = hidden(rest).filter(|what| !endless.contains(what)) {
            if let Some(length) = length_of(what, rest) {
                ("", length)
            } else {
                endless.push(what);
                (&rest[..1], 1)
            }
        } else if let Some((_, length)) = tag(rest).filter(|(name, _)| BREAKING.contains(name)) {
            ("\n", length)
        } else {
            (&rest[..1], 1)
        };
        flat.push_str(kept);
        rest = &rest[length..];
    }
    flat.push_str(rest);
    flat
}

/// The length of the tag inside a line that `text` begins with.
pub(super) fn inline_tag(text: &str) -> Option<usize> {
    tag(text)
        .filter(|(name, _)| {
            INLINE.contains(name) || BREAKING.contains(name) || SILENT.contains(name)
        })
        .map(|(_, length)| length)
}

/// The name and length of the tag, opening or closing, that `text` begins with.
fn tag(text: &str) -> Option<(&'static str, usize)> {
    let inner = text.strip_prefix('<')?;
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let end =
        inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|end| *end > 0)?;
    let name = [BREAKING, INLINE, SILENT]
        .into_iter()
        .flatten()
        .find(|name| name.eq_ignore_ascii_case(&inner[..end]))?;
    let attributes = &inner[end..];
    if !attributes.starts_with(['>', '/']) && !attributes.starts_with(char::is_whitespace) {
        return None;
    }
    let close =
        attributes.bytes().take(LONGEST_TAG).position(|byte| matches!(byte, b'>' | b'<'))?;
    let length = text.len() - attributes.len() + close;
    text[length..].starts_with('>').then_some((name, length + 1))
}

/// What begins where `text` does and is not meant for people: a comment, or the name of a silent tag.
fn hidden(text: &str) -> Option<&'static str> {
    if text.starts_with(COMMENT) {
        return Some(COMMENT);
    }
    let (name, _) = tag(text).filter(|(name, _)| SILENT.contains(name))?;
    if text.starts_with("</") { None } else { Some(name) }
}

/// The length of a comment, or of a silent part up to the end of its closing tag.
fn length_of(what: &str, text: &str) -> Option<usize> {
    if what == COMMENT {
        return text.find("-->").map(|end| end + "-->".len());
    }
    let mut at = 1;
    while let Some(next) = text[at..].find("</") {
        at += next;
        match tag(&text[at..]) {
            Some((closing, length)) if closing == what => return Some(at + length),
            _ => at += 2,
        }
    }
    None
}

fn run(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}
