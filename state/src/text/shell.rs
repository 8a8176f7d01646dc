//! Quotes words for a POSIX shell, so that a command in a hint can be copied as it stands.

/// A word as a shell takes it: unchanged if no character of it means something to a shell, else in single quotes.
pub fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_word_is_quoted_only_where_it_has_to_be() {
        for (word, wanted) in [
            ("/a/b-c_d.e:1=@+,", "/a/b-c_d.e:1=@+,"),
            ("", "''"),
            ("a b", "'a b'"),
            ("~/$(id)", "'~/$(id)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quote(word), wanted);
        }
    }
}
