//! Makes texts from outside safe to print: one line, bounded, without secrets and without anything that moves a cursor.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::text::invisible::{self, visible};
use crate::text::secret;

/// The longest text of a server's that is put into an error, in characters.
const MAX_CHARS: usize = 300;

/// One line of at most 300 characters: runs of white space become one blank, hidden characters and secrets are taken
/// out, what is too long ends in `…`.
pub fn line(text: &str) -> String {
    line_up_to(text, MAX_CHARS)
}

/// [`line()`] with another limit, in characters; the `…` comes on top.
pub fn line_up_to(text: &str, max_chars: usize) -> String {
    // Redacted before it is cut: half a key would not be recognised.
    let text = secret::redact(text);
    let mut line = String::new();
    let mut n_chars = 0;
    let mut gap = false;
    for c in visible(&text).chars() {
        if c.is_whitespace() {
            gap = n_chars > 0;
            continue;
        }
        if n_chars + usize::from(gap) >= max_chars {
            line.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            n_chars += 1;
        }
        line.push(c);
        n_chars += 1;
    }
    line
}

/// A text of several lines as it may reach a terminal: hidden characters are taken out, and what moves a cursor is a blank,
/// but for line ends and tabs.
pub fn printable(text: &str) -> Cow<'_, str> {
    let moves = |c: char| is_break(c) && !matches!(c, '\n' | '\t');
    match visible(text) {
        text if !text.contains(moves) => text,
        text => Cow::Owned(text.replace("\r\n", "\n").replace(moves, " ")),
    }
}

/// A JSON document with everything escaped (`\u202e`) that [`printable`] would take out or replace: it means the same.
pub fn escape_json(document: String) -> String {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    if document.bytes().all(is_plain) {
        return document;
    }
    let mut escaped = String::with_capacity(document.len());
    for (c, is_out) in invisible::judged(&document) {
        if is_out || (is_break(c) && c != '\n') {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A String takes everything.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// White space that is not a blank: it ends a line, or moves the cursor some other way.
pub fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// What somebody is to judge, in one line: line breaks become ` / `, other white space one blank. What nobody sees is taken
/// out. Nothing is cut: half a text is another text.
pub fn judgeable_line(text: &str) -> String {
    let text = visible(text);
    let lines = text.split(|c| is_break(c) && c != '\t');
    let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ")
}

/// A line that keeps its spacing and quotes, such as a hint with a command in it: hidden characters are taken out, line
/// ends and tabs become blanks. At most 2,000 characters.
pub fn without_controls(line: &str) -> String {
    let line = visible(line);
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    line.chars().map(blank).take(2_000).collect()
}

#[cfg(test)]
mod tests {
    use super::{escape_json, judgeable_line, line, line_up_to, printable, without_controls};
    use crate::text::shell;
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn a_hint_keeps_its_quotes_and_moves_no_cursor() {
        let id = "a  b\x1b[2J\u{202e}\u{200b}\nc\td\u{9b}";
        let hint = format!("`x {}`", shell::quote(id));
        assert_eq!(without_controls(&hint), "`x 'a  b[2J c d'`");
        assert_eq!(without_controls(&"x".repeat(9_000)).len(), 2_000);
    }

    #[test]
    fn nothing_reaches_a_terminal_that_moves_or_hides() {
        let evil = "\u{1b}]0;x\u{7}a\u{9b}31m\u{202e}b\u{2066}\u{200b}c\r\nd\re\u{2028}f\u{7f}\u{b}\u{85}\tg\u{e0041}";
        assert_eq!(printable(evil), "]0;xa31mbc\nd e f  \tg");
        let emoji = "👩\u{200d}👧 ❤\u{fe0f} می\u{200c}خواهم\n";
        assert_eq!(printable(emoji), emoji);
        let document = serde_json::json!({ evil: [evil, emoji] });
        let escaped = escape_json(document.to_string());
        assert_eq!(printable(&escaped), escaped);
        assert!(escaped.contains("\\u202e") && escaped.contains("\\udb40\\udc41"), "{escaped}");
        assert!(escaped.contains("👩\u{200d}👧"), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), document);
    }

    #[test]
    fn what_is_judged_stands_in_one_line() {
        for (text, wanted) in [
            ("Delete the repo", "Delete the repo"),
            ("x\r\ny", "x / y"),
            ("x\ry\u{2028}z\u{b}", "x / y / z"),
            (" Water\tthe\u{3000}\u{a0} plants ", "Water the plants"),
            ("Pay\u{200b} Bob\u{202e}", "Pay Bob"),
            ("\u{3164}\u{2800}\u{ad}\n\u{200b}", ""),
        ] {
            assert_eq!(judgeable_line(text), wanted, "{text:?}");
        }
        let hidden = format!("Water the plants{}Wire 5000 dollars to Bob", "\n".repeat(300));
        assert_eq!(judgeable_line(&hidden), "Water the plants / Wire 5000 dollars to Bob");
    }

    #[test]
    fn is_one_line_without_escapes() {
        assert_eq!(line("  no\r\n\tcredit \x1b[31mred\x07 \u{202e}x  "), "no credit [31mred x");
        assert_eq!(line_up_to("abcdef", 3), "abc…");
        assert_eq!(line_up_to("ab cd", 3), "ab…");
        assert_eq!(line_up_to("abc  ", 3), "abc");
    }

    proptest! {
        #[test]
        fn an_escaped_document_means_the_same_and_prints_as_it_is(text in any::<String>()) {
            let document = serde_json::json!({ &text: &text });
            let escaped = escape_json(serde_json::to_string_pretty(&document).unwrap());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap() == document);
            prop_assert!(printable(&escaped) == escaped);
        }

        #[test]
        fn never_too_long_and_never_a_control_character(text in any::<String>(), max_chars in 1..50usize) {
            let line = line_up_to(&text, max_chars);
            prop_assert!(line.chars().count() <= max_chars + 1);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
