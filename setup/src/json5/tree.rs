//! The syntax tree of a JSON5 document: the spans of its values, keys and commas.

use super::error::EditError;
use serde_json::{Map, Value};
use state::gateway_config::json5;
use state::gateway_config::json5_tokens::{Token, TokenKind, tokens};
use std::ops::Range;

/// A value and the bytes it covers.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: NodeKind,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Object(Vec<Element>),
    Array(Vec<Element>),
    Leaf,
}

/// A member of an object or an item of an array.
#[derive(Debug)]
pub(super) struct Element {
    /// The decoded key and where it stands; none in an array.
    pub(super) key: Option<(String, Range<usize>)>,
    pub(super) value: Node,
    /// Where the comma after it stands.
    pub(super) comma: Option<usize>,
}

impl Element {
    /// Where it begins: at its key, or at its value in an array.
    pub(super) fn start(&self) -> usize {
        self.key.as_ref().map_or(self.value.span.start, |(_, span)| span.start)
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.key.as_ref().is_some_and(|(key, _)| key == name)
    }
}

impl Node {
    /// Parses `text` strictly, then finds the spans; an error if the two do not agree on every value.
    pub(super) fn read(text: &str) -> Result<(Self, Value), EditError> {
        let value = json5::parse(text)?;
        let tokens = tokens(text).filter(|token| is_significant(token.kind)).collect();
        let mut builder = Builder { text, tokens, at: 0 };
        let root = builder.value().ok_or(EditError::Unverified)?;
        if builder.at != builder.tokens.len() || root.decode(text).as_ref() != Some(&value) {
            return Err(EditError::Unverified);
        }
        Ok((root, value))
    }

    pub(super) fn elements(&self) -> &[Element] {
        match &self.kind {
            NodeKind::Object(elements) | NodeKind::Array(elements) => elements,
            NodeKind::Leaf => &[],
        }
    }

    /// The value as the parser reads it from this node's own bytes.
    pub(super) fn decode(&self, text: &str) -> Option<Value> {
        match &self.kind {
            NodeKind::Leaf => json5::parse(&text[self.span.clone()]).ok(),
            NodeKind::Array(elements) => elements
                .iter()
                .map(|element| element.value.decode(text))
                .collect::<Option<_>>()
                .map(Value::Array),
            NodeKind::Object(elements) => {
                let mut map = Map::new();
                for element in elements {
                    map.insert(element.key.as_ref()?.0.clone(), element.value.decode(text)?);
                }
                Some(Value::Object(map))
            }
        }
    }

    /// Its type, in words for an error.
    pub(super) fn type_name(&self, text: &str) -> &'static str {
        match &self.kind {
            NodeKind::Object(_) => "an object",
            NodeKind::Array(_) => "an array",
            NodeKind::Leaf => match json5::parse(&text[self.span.clone()]) {
                Ok(Value::String(_)) => "a string",
                Ok(Value::Bool(_)) => "true or false",
                Ok(Value::Number(_)) => "a number",
                _ => "null",
            },
        }
    }
}

const fn is_significant(kind: TokenKind) -> bool {
    !matches!(kind, TokenKind::Space | TokenKind::LineComment | TokenKind::BlockComment)
}

/// Builds the tree of a text that the parser has accepted; `None` where it does not agree with the parser.
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

    /// Steps over this punctuation mark if it is next, and gives where it stood.
    fn mark(&mut self, mark: u8) -> Option<usize> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == TokenKind::Mark(mark))?;
        self.at += 1;
        Some(token.span.start)
    }

    fn value(&mut self) -> Option<Node> {
        let token = self.next()?;
        let (end, kind) = match token.kind {
            TokenKind::Mark(b'{') => {
                let (elements, end) = self.elements(b'}')?;
                (end, NodeKind::Object(elements))
            }
            TokenKind::Mark(b'[') => {
                let (elements, end) = self.elements(b']')?;
                (end, NodeKind::Array(elements))
            }
            TokenKind::Text | TokenKind::Word => (token.span.end, NodeKind::Leaf),
            _ => return None,
        };
        Some(Node { span: token.span.start..end, kind })
    }

    fn elements(&mut self, closer: u8) -> Option<(Vec<Element>, usize)> {
        let mut elements = Vec::new();
        loop {
            if let Some(at) = self.mark(closer) {
                return Some((elements, at + 1));
            }
            let key = if closer == b'}' { Some(self.key()?) } else { None };
            let value = self.value()?;
            let comma = self.mark(b',');
            elements.push(Element { key, value, comma });
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
