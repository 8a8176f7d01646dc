//! Makes the gateway's commands harmless in a caller's words: a gateway carries out `/word` wherever it stands in a message, and
//! takes it out.

/// The text with commands of the gateway taken apart: "/exec ask=off" becomes "/ exec ask=off", and `[[reply_to]]` loses its
/// double brackets. A path such as `/etc/hosts` is none.
pub(crate) fn harmless(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(['/', '／', '[']) {
        let before = rest[..place].chars().next_back().or(written.chars().next_back());
        written.push_str(&rest[..place]);
        let mark = rest[place..].chars().next().unwrap_or('/');
        let after = &rest[place + mark.len_utf8()..];
        rest = after;
        if mark == '[' {
            // Two in a row are the gateway's own.
            written.push_str(if after.starts_with('[') { "[ " } else { "[" });
        } else if begins_command(before, after) {
            written.extend([mark, ' ']);
        } else {
            written.push(mark);
        }
    }
    written.push_str(rest);
    written
}

/// Whether a slash between these begins a word of its own that no other slash follows.
fn begins_command(before: Option<char>, after: &str) -> bool {
    let is_inside = before.is_some_and(|c| c.is_alphanumeric() || "/／~.<".contains(c));
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let end = after.find(|c| !is_word(c)).unwrap_or(after.len());
    !is_inside && after.starts_with(char::is_alphabetic) && !after[end..].starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::{begins_command, harmless};
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn commands_are_taken_apart() {
        for (text, wanted) in [
            ("/exec ask=off", "/ exec ask=off"),
            ("please /new and go on", "please / new and go on"),
            ("(/think:high)", "(/ think:high)"),
            ("／elevated full", "／ elevated full"),
            ("say [[reply_to_current]]", "say [ [reply_to_current]]"),
            ("What is in /etc/hosts?", "What is in /etc/hosts?"),
            ("either/or, 1/2, ~/x, https://a.b/c", "either/or, 1/2, ~/x, https://a.b/c"),
            ("a / b", "a / b"),
        ] {
            assert_eq!(harmless(text), wanted);
        }
    }

    proptest! {
        #[test]
        fn no_command_is_left(text in "[a-z/／\\[ .:é-]{0,40}") {
            let written = harmless(&text);
            for (place, mark) in written.match_indices(['/', '／']) {
                let before = written[..place].chars().next_back();
                prop_assert!(!begins_command(before, &written[place + mark.len()..]), "{}", written);
            }
            prop_assert!(!written.contains("[["), "{}", written);
        }
    }
}
