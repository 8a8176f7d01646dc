//! Splits JSON5 text into tokens, so that its depth can be checked before it is parsed, and a value in it be edited without
//! rewriting the rest.

use std::ops::Range;

/// What a token is. Whether the tokens make up a valid document is not checked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space of JSON5, the byte order mark and U+2028 included.
    Space,
    /// `// …`, without the line's end.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// A string in either kind of quotes, quotes included.
    Text,
    /// A name, number or literal.
    Word,
    /// One of `{ } [ ] : ,`.
    Mark(u8),
}

/// A token and the bytes it covers; consecutive tokens leave no gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its range, in bytes.
    pub span: Range<usize>,
}

/// The tokens of `text`. Any text has some: what is no JSON5 becomes a word, and what is not closed runs to the end.
pub fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let (kind, length) = first(rest);
        let span = at..at + length;
        at = span.end;
        Some(Token { kind, span })
    })
}

/// Whether `letter` ends a line: a line comment reaches up to it.
const fn ends_line(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// The first token and its length.
fn first(rest: &str) -> (TokenKind, usize) {
    let to = |ends: fn(char) -> bool| rest.find(ends).unwrap_or(rest.len());
    match rest.as_bytes()[0] {
        mark @ (b'{' | b'}' | b'[' | b']' | b':' | b',') => (TokenKind::Mark(mark), 1),
        quote @ (b'"' | b'\'') => (TokenKind::Text, quoted(rest, quote)),
        b'/' if rest.starts_with("//") => (TokenKind::LineComment, to(ends_line)),
        b'/' if rest.starts_with("/*") => {
            (TokenKind::BlockComment, rest[2..].find("*/").map_or(rest.len(), |inner| inner + 4))
        }
        _ if rest.starts_with(is_space) => (TokenKind::Space, to(|letter| !is_space(letter))),
        // A slash that begins no comment becomes part of a word, which the parser refuses.
        _ => (
            TokenKind::Word,
            rest.char_indices()
                .skip(1)
                .find(|&(_, letter)| ends_word(letter))
                .map_or(rest.len(), |(at, _)| at),
        ),
    }
}

/// The length of the string that `rest` begins with. The letter behind a backslash is skipped, be it a quote or a line
/// end; of CR LF the LF remains, which does no harm.
fn quoted(rest: &str, quote: u8) -> usize {
    let mut bytes = rest.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' {
            bytes.next();
        } else if byte == quote {
            return at + 1;
        }
    }
    rest.len()
}

/// JSON5's white space: `ECMAScript`'s, which is Unicode's space separators and a few more.
const fn is_space(letter: char) -> bool {
    matches!(
        letter,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202f}'
                | '\u{205f}'
                | '\u{3000}'
                | '\u{feff}'
    )
}

fn ends_word(letter: char) -> bool {
    is_space(letter) || matches!(letter, '{' | '}' | '[' | ']' | ':' | ',' | '"' | '\'' | '/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn case(text: &str, expected: &[(TokenKind, &str)]) {
        let found: Vec<_> = tokens(text).map(|token| (token.kind, &text[token.span])).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn marks_words_and_strings_are_recognised() {
        use TokenKind::{Mark, Text, Word};
        case(
            r#"{a:'b\'}',"c":-.5e1}"#,
            &[
                (Mark(b'{'), "{"),
                (Word, "a"),
                (Mark(b':'), ":"),
                (Text, r"'b\'}'"),
                (Mark(b','), ","),
                (Text, r#""c""#),
                (Mark(b':'), ":"),
                (Word, "-.5e1"),
                (Mark(b'}'), "}"),
            ],
        );
    }

    #[test]
    fn a_comment_ends_at_its_mark_or_its_line() {
        use TokenKind::{BlockComment, LineComment, Space, Word};
        case(
            "//a{\r\n/*b//*/c",
            &[(LineComment, "//a{"), (Space, "\r\n"), (BlockComment, "/*b//*/"), (Word, "c")],
        );
        case("//x\u{2028}y", &[(LineComment, "//x"), (Space, "\u{2028}"), (Word, "y")]);
    }

    #[test]
    fn a_string_may_go_on_in_the_next_line() {
        case("'a\\\r\nb'", &[(TokenKind::Text, "'a\\\r\nb'")]);
    }

    #[test]
    fn what_is_not_closed_runs_to_the_end() {
        case("'a\\", &[(TokenKind::Text, "'a\\")]);
        case("/*/", &[(TokenKind::BlockComment, "/*/")]);
    }

    proptest! {
        #[test]
        fn tokens_cover_any_text_without_a_gap(text in "[\\PC\r\n\u{feff}{}/*'\"\\\\]*") {
            let joined: String = tokens(&text).map(|token| &text[token.span]).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
