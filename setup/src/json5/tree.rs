//! Where everything stands in a JSON5 document: spans of its values, keys and commas.

use super::Error;
use serde_json::{Map, Value};
use state::gateway_config::json5;
use state::gateway_config::tokens::{Kind, Token, tokens};
use std::ops::Range;

/// A value and the bytes it covers.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) enum Shape {
    Object(Vec<Entry>),
    Array(Vec<Entry>),
    Leaf,
}

/// A member of an object or an item of an array.
#[derive(Debug)]
pub(super) struct Entry {
    /// The decoded key and where it stands; none in an array.
    pub(super) key: Option<(String, Range<usize>)>,
    pub(super) value: Node,
    /// Where the comma behind it stands.
    pub(super) comma: Option<usize>,
}

impl Entry {
    /// Where the entry begins: at its key, or at its value in an array.
    pub(super) fn start(&self) -> usize {
        self.key.as_ref().map_or(self.value.span.start, |(_, span)| span.start)
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.key.as_ref().is_some_and(|(key, _)| key == name)
    }
}

impl Node {
    /// Reads `text` strictly, then finds the places; the two must agree on every value.
    pub(super) fn read(text: &str) -> Result<(Self, Value), Error> {
        let value = json5::parse(text)?;
        let tokens = tokens(text).filter(|token| is_significant(token.kind)).collect();
        let mut builder = Builder { text, tokens, at: 0 };
        let root = builder.value().ok_or(Error::Unverified)?;
        if builder.at != builder.tokens.len() || root.decode(text).as_ref() != Some(&value) {
            return Err(Error::Unverified);
        }
        Ok((root, value))
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.shape {
            Shape::Object(entries) | Shape::Array(entries) => entries,
            Shape::Leaf => &[],
        }
    }

    /// The value as the parser reads it from this node's own bytes.
    pub(super) fn decode(&self, text: &str) -> Option<Value> {
        match &self.shape {
            Shape::Leaf => json5::parse(&text[self.span.clone()]).ok(),
            Shape::Array(entries) => entries
                .iter()
                .map(|entry| entry.value.decode(text))
                .collect::<Option<_>>()
                .map(Value::Array),
            Shape::Object(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    map.insert(entry.key.as_ref()?.0.clone(), entry.value.decode(text)?);
                }
                Some(Value::Object(map))
            }
        }
    }

    /// What this is, in words for an error.
    pub(super) fn found(&self, text: &str) -> &'static str {
        match &self.shape {
            Shape::Object(_) => "an object",
            Shape::Array(_) => "an array",
            Shape::Leaf => match json5::parse(&text[self.span.clone()]) {
                Ok(Value::String(_)) => "a string",
                Ok(Value::Bool(_)) => "true or false",
                Ok(Value::Number(_)) => "a number",
                _ => "null",
            },
        }
    }
}

const fn is_significant(kind: Kind) -> bool {
    !matches!(kind, Kind::Space | Kind::LineComment | Kind::BlockComment)
}

/// Descends through a text that the parser has already accepted; `None` means the two disagree.
struct Builder<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl Builder<'_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        Some(token)
    }

    /// Steps over the mark if it is next, and says where it stood.
    fn mark(&mut self, mark: u8) -> Option<usize> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == Kind::Mark(mark))?;
        self.at += 1;
        Some(token.span.start)
    }

    fn value(&mut self) -> Option<Node> {
        let token = self.next()?;
        let (end, shape) = match token.kind {
            Kind::Mark(b'{') => {
                let (entries, end) = self.entries(b'}')?;
                (end, Shape::Object(entries))
            }
            Kind::Mark(b'[') => {
                let (entries, end) = self.entries(b']')?;
                (end, Shape::Array(entries))
            }
            Kind::Text | Kind::Word => (token.span.end, Shape::Leaf),
            _ => return None,
        };
        Some(Node { span: token.span.start..end, shape })
    }

    fn entries(&mut self, closer: u8) -> Option<(Vec<Entry>, usize)> {
        let mut entries = Vec::new();
        loop {
            if let Some(at) = self.mark(closer) {
                return Some((entries, at + 1));
            }
            let key = if closer == b'}' { Some(self.key()?) } else { None };
            let value = self.value()?;
            let comma = self.mark(b',');
            entries.push(Entry { key, value, comma });
        }
    }

    /// The key is decoded by the parser, as the only key of an object: names may hold escapes too.
    fn key(&mut self) -> Option<(String, Range<usize>)> {
        let span = self.next()?.span;
        self.mark(b':')?;
        let Ok(Value::Object(map)) = json5::parse(&format!("{{{}:0}}", &self.text[span.clone()]))
        else {
            return None;
        };
        Some((map.into_iter().next()?.0, span))
    }
}
