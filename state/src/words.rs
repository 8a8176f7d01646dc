//! Strangers' words before they are printed: one line, bounded, without anything that moves a cursor.

use crate::secret;

/// Longest text of a server's that is put into an error, in characters.
const LONGEST: usize = 300;

/// One line of at most 300 characters: blanks and line ends squeezed to single spaces, control
/// characters and marks that change the direction of text taken out, the rest cut with `…`.
pub fn line(text: &str) -> String {
    bounded(text, LONGEST)
}

/// The same with another limit, in characters.
pub fn bounded(text: &str, longest: usize) -> String {
    // Before it is cut: half a key could not be told for one.
    let text = secret::clean(text);
    let mut line = String::new();
    let mut n_chars = 0;
    let mut gap = false;
    for c in text.chars().filter(|c| !is_hidden(*c)) {
        if c.is_whitespace() {
            gap = n_chars > 0;
            continue;
        }
        if n_chars + usize::from(gap) >= longest {
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

/// A line of ours that names things of others, such as a hint: what would move a cursor or hide something is taken out,
/// line ends become blanks, and the rest stays as it is, quotes and blanks in them included. At most 2,000 characters.
pub fn plain(line: &str) -> String {
    let seen = line.chars().filter(|c| !is_hidden(*c));
    seen.map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).take(2_000).collect()
}

/// Control characters that are no blanks, and invisible marks: zero-width ones, direction overrides.
pub(crate) fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A word as a POSIX shell takes it: as it is where it can be, else in quotes.
pub fn for_shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The title of an HTML page, if it has one.
pub(crate) fn page_title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(bounded(&page[start..end], 80)).filter(|title| !title.is_empty())
}

/// Edits (a character put in, dropped or changed) from one word to another: how near a misspelt one is.
pub fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (n, old) in from.chars().enumerate() {
        let mut corner = row[0];
        row[0] = n + 1;
        for (m, new) in to.iter().enumerate() {
            let swap = corner + usize::from(old != *new);
            corner = row[m + 1];
            row[m + 1] = swap.min(corner + 1).min(row[m] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{bounded, edits, for_shell, line, page_title, plain};
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn a_word_for_a_shell() {
        for (word, wanted) in [
            ("/a/b-c_d.e:1=@+,", "/a/b-c_d.e:1=@+,"),
            ("", "''"),
            ("a b", "'a b'"),
            ("~/$(id)", "'~/$(id)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(for_shell(word), wanted);
        }
    }

    #[test]
    fn a_hint_keeps_its_quotes_and_moves_no_cursor() {
        let id = "a  b\x1b[2J\u{202e}\u{200b}\nc\td\u{9b}";
        assert_eq!(plain(&format!("`x {}`", for_shell(id))), "`x 'a  b[2J c d'`");
        assert_eq!(plain(&"x".repeat(9_000)).len(), 2_000);
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, wanted) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("stauts", "status", 2)]
        {
            assert_eq!(edits(a, b), wanted, "{a} {b}");
        }
    }

    #[test]
    fn is_one_line_without_escapes() {
        assert_eq!(line("  no\r\n\tcredit \x1b[31mred\x07 \u{202e}x  "), "no credit [31mred x");
        assert_eq!(bounded("abcdef", 3), "abc…");
        assert_eq!(bounded("ab cd", 3), "ab…");
        assert_eq!(bounded("abc  ", 3), "abc");
    }

    #[test]
    fn a_page_is_told_by_its_title() {
        let page = "<html><head><TITLE lang=en>502 Bad\n Gateway</TITLE></head>";
        assert_eq!(page_title(page).as_deref(), Some("502 Bad Gateway"));
        assert_eq!(page_title("<html><title></title>"), None);
        assert_eq!(page_title("<title>never closed"), None);
    }

    proptest! {
        #[test]
        fn never_too_long_and_never_a_control_character(text in any::<String>(), longest in 1..50usize) {
            let line = bounded(&text, longest);
            prop_assert!(line.chars().count() <= longest + 1);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
