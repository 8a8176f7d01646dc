//! Takes out of a text what nobody can see: it could hide words from the classifier, or reorder on the owner's screen
//! what is to be approved.

use state::invisible;

/// `text` without control characters, zero-width and bidirectional marks, invisible tags and halves of
/// characters. Line ends become `\n`, tabs blanks. Joiners stay where scripts and emoji need them.
pub(crate) fn sanitize(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => seen.push('\n'),
            '\t' => seen.push(' '),
            '\u{200c}' | '\u{200d}' if joins(seen.chars().next_back(), rest.peek()) => {
                seen.push(character);
            }
            // Chooses the coloured form of a sign: ❤️ and the keycaps.
            '\u{fe0e}' | '\u{fe0f}' if seen.chars().next_back().is_some_and(takes_form) => {
                seen.push(character);
            }
            _ if is_unseen(character) => {}
            _ => seen.push(character),
        }
    }
    seen
}

/// Whether a zero-width joiner means something here: between two characters of the scripts that are
/// written with it (all of them stand after Hebrew), or inside an emoji. Between Latin, Greek or
/// Cyrillic letters it only hides a word.
fn joins(before: Option<char>, after: Option<&char>) -> bool {
    let needs_joiners = |c: char| c >= '\u{590}' && !is_unseen(c) && !c.is_whitespace();
    let after_form = |character: char| matches!(character, '\u{fe0e}' | '\u{fe0f}');
    before.is_some_and(|c| needs_joiners(c) || after_form(c))
        && after.is_some_and(|c| needs_joiners(*c))
}

fn takes_form(character: char) -> bool {
    matches!(character, '#' | '*' | '0'..='9' | '©' | '®')
        || (character >= '\u{2000}'
            && !character.is_alphanumeric()
            && !character.is_whitespace()
            && !is_unseen(character))
}

/// Whether a character has no shape and no width of its own, and is no letter.
fn is_unseen(character: char) -> bool {
    character.is_control() || (invisible::is_unseen(character) && !character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sanitize;

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
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(letters(&sanitize(&text)), letters(&text));
            prop_assert_eq!(sanitize(&sanitize(&text)), sanitize(&text));
        }
    }
}
