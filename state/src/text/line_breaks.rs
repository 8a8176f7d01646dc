//! Line breaks that somebody typed as `\n`: a shell keeps them as two characters between quotes, and nobody wants to read or
//! hear those.

/// The text with a line break in place of each typed `\n` or `\r\n`. One behind another backslash stays, as in a path of
/// Windows that somebody quoted.
pub fn typed(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        result.push_str(before);
        let (put, taken) = [("\\r\\n", "\n"), ("\\n", "\n"), ("\\\\", "\\\\")]
            .into_iter()
            .find(|(typed, _)| escape.starts_with(typed))
            .map_or(("\\", 1), |(typed, put)| (put, typed.len()));
        result.push_str(put);
        rest = &escape[taken..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::typed;
    use proptest::prelude::*;

    #[test]
    fn a_typed_line_break_becomes_one() {
        for (text, wanted) in [
            (r"Hi Bob\n\nYour order is ready.", "Hi Bob\n\nYour order is ready."),
            (r"one\r\ntwo\n", "one\ntwo\n"),
            ("one\ntwo", "one\ntwo"),
            (r"C:\\new", r"C:\\new"),
            (r"\\\n", "\\\\\n"),
            (r"100 \ 3, \t, \r", r"100 \ 3, \t, \r"),
            (r"\", r"\"),
            ("", ""),
        ] {
            assert_eq!(typed(text), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_else_changes(text in "[a-zé😀 \\\\]{0,12}") {
            prop_assume!(!text.contains("\\n"));
            prop_assert_eq!(typed(&text), text);
        }
    }
}
