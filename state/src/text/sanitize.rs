//! Makes texts from outside safe to print: one line, bounded, without secrets and without anything that moves a cursor.

use crate::text::invisible::is_hidden;
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
    for c in text.chars().filter(|c| !is_hidden(*c)) {
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

/// A line that keeps its spacing and quotes, such as a hint with a command in it: hidden characters are taken out, line
/// ends and tabs become blanks. At most 2,000 characters.
pub fn without_controls(line: &str) -> String {
    let visible = line.chars().filter(|c| !is_hidden(*c));
    visible.map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).take(2_000).collect()
}

#[cfg(test)]
mod tests {
    use super::{line, line_up_to, without_controls};
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
    fn is_one_line_without_escapes() {
        assert_eq!(line("  no\r\n\tcredit \x1b[31mred\x07 \u{202e}x  "), "no credit [31mred x");
        assert_eq!(line_up_to("abcdef", 3), "abc…");
        assert_eq!(line_up_to("ab cd", 3), "ab…");
        assert_eq!(line_up_to("abc  ", 3), "abc");
    }

    proptest! {
        #[test]
        fn never_too_long_and_never_a_control_character(text in any::<String>(), max_chars in 1..50usize) {
            let line = line_up_to(&text, max_chars);
            prop_assert!(line.chars().count() <= max_chars + 1);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
