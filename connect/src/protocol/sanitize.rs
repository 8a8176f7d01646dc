//! Takes out of a text what nobody can see: it could hide words from the classifier, or reorder on the owner's screen
//! what is to be approved.

use state::invisible;

/// `text` without control characters, zero-width and bidirectional marks, fillers, tags and halves of characters. Line ends
/// become `\n`, tabs blanks. Joiners stay where scripts and emoji need them.
pub(crate) fn sanitize(text: &str) -> String {
    let visible = invisible::visible(text);
    let mut seen = String::with_capacity(visible.len());
    let mut rest = visible.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => seen.push('\n'),
            // Stands for half a character.
            '\u{fffc}' | '\u{fffd}' => {}
            '\t' | '\u{b}' | '\u{c}' => seen.push(' '),
            _ => seen.push(character),
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sanitize;
    use state::invisible;

    #[track_caller]
    fn case(text: &str, wanted: &str) {
        assert_eq!(sanitize(text), wanted, "{text:?}");
    }

    #[test]
    fn hidden_characters_go() {
        case("de\u{200b}l\u{ad}ete", "delete");
        case("de\u{200d}lete", "delete");
        case("\u{202e}txt.exe\u{202c}", "txt.exe");
        case("hi\u{e0041}\u{e0042}", "hi");
        case("a\u{0}\u{1b}[1mb\u{7f}", "a[1mb");
        case("\u{feff}x\u{fe0f}\u{fffd}", "x");
        // A form of a blank: trimmed, the blank would leave it alone at the beginning.
        case("\u{2000}\u{fe0e}G", "\u{2000}G");
    }

    #[test]
    fn line_ends_are_one_kind() {
        case("a\r\nb\rc\u{2028}d\te", "a\nb\nc\nd e");
    }

    #[test]
    fn scripts_and_emoji_keep_their_joiners() {
        case("می‌خواهم", "می‌خواهم");
        case("क्‍ष", "क्‍ष");
        case("👩‍👧 ❤️‍🔥 1️⃣", "👩‍👧 ❤️‍🔥 1️⃣");
        case("naïve Straße 会議", "naïve Straße 会議");
    }

    proptest! {
        #[test]
        fn blanks_can_be_trimmed_off(text in "[\\s\u{2000}\u{3000}\u{fe0e}\u{200d}☎G]*") {
            let seen = sanitize(&text);
            prop_assert_eq!(sanitize(seen.trim()), seen.trim());
        }

        #[test]
        fn no_letter_or_digit_is_lost(text in ".*") {
            let is_letter = |c: &char| c.is_alphanumeric() && !invisible::is_unseen(*c);
            let letters = |text: &str| text.chars().filter(is_letter).collect::<String>();
            prop_assert_eq!(letters(&sanitize(&text)), letters(&text));
            prop_assert_eq!(sanitize(&sanitize(&text)), sanitize(&text));
        }
    }
}
