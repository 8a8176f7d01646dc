//! Where a text can be cut: within its limits, and never inside a character.

use super::Count;

/// The longest beginning of `text` with at most `max_chars` characters and `max_parts` parts that
/// does not end inside a character that is written with several (an accent, an emoji in pieces).
pub fn beginning(text: &str, max_chars: usize, max_parts: usize) -> &str {
    let mut count = Count::default();
    for (n_chars, (end, character)) in text.char_indices().enumerate() {
        count.push(character);
        if n_chars == max_chars || count.parts().parts > max_parts {
            return &text[..whole(text, end)];
        }
    }
    text
}

/// The last place at or before `end` where `text` can be cut without tearing a character that is
/// written with several code points (the vowel signs of some Indian scripts apart, which stand for
/// themselves on most phones). `end` must be a boundary of `text`, as `char_indices` gives.
pub fn whole(text: &str, mut end: usize) -> usize {
    while let (Some(before), Some(after)) =
        (text[..end].chars().next_back(), text[end..].chars().next())
        && clings(&text[..end], before, after)
    {
        end -= before.len_utf8();
    }
    end
}

/// Whether `after` is one with `before`, the last character of `head`: an accent, a joiner and
/// what it joins, a skin tone, the second letter of a flag, the second half of a line end.
fn clings(head: &str, before: char, after: char) -> bool {
    const JOINER: char = '\u{200d}';
    if before == JOINER || after == JOINER || (before, after) == ('\r', '\n') {
        return true;
    }
    if is_flag_letter(before) && is_flag_letter(after) {
        // Flags are pairs of letters: the cut is inside one if an odd number stands before it.
        return head.chars().rev().take_while(|c| is_flag_letter(*c)).count() % 2 == 1;
    }
    extends(after)
}

const fn is_flag_letter(character: char) -> bool {
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Whether `character` adds to the one before it instead of standing by itself.
fn extends(character: char) -> bool {
    // The standard library knows the property Grapheme_Extend, but shows it only through
    // `escape_debug`, which writes such a character as `\u{…}` so that it does not join the quote.
    // It does that with unprintable characters too; not cutting before one of those is harmless.
    let escaped = !character.is_ascii() && character.escape_debug().len() > 1;
    let skin_tone = matches!(character, '\u{1f3fb}'..='\u{1f3ff}');
    (escaped && !character.is_whitespace()) || skin_tone
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parts::{MAX_PARTS, Parts};

    #[test]
    fn a_beginning_does_not_tear_a_character() {
        assert_eq!(beginning("Hello", 9, 10), "Hello");
        assert_eq!(beginning("Hello", 5, 10), "Hello");
        assert_eq!(beginning("Hello", 4, 10), "Hell");
        assert_eq!(beginning("e\u{301}e\u{301}", 3, 10), "e\u{301}");
        assert_eq!(beginning("a👩‍👩‍👧b", 4, 10), "a");
        assert_eq!(beginning("a👍🏽b", 2, 10), "a");
        assert_eq!(beginning("🇩🇪🇫🇷", 3, 10), "🇩🇪");
        assert_eq!(beginning("🇩🇪🇫🇷", 2, 10), "🇩🇪");
        assert_eq!(beginning("न\u{94d}", 1, 10), "");
        assert_eq!(beginning("a\r\nb", 2, 10), "a");
        assert_eq!(beginning(&"a".repeat(200), 1000, 1).len(), 160);
        // The emoji would move the text to UCS-2, where the letters alone need three parts.
        assert_eq!(beginning(&format!("{}👍", "a".repeat(160)), 1000, 1).len(), 160);
    }

    proptest! {
        #[test]
        fn a_beginning_is_the_longest_that_fits(
            text in "[a-z €👍ж]{0,300}", max_chars in 0_usize..300, max_parts in 0_usize..5,
        ) {
            let start = beginning(&text, max_chars, max_parts);
            prop_assert!(text.starts_with(start));
            prop_assert!(start.chars().count() <= max_chars && Parts::of(start).parts <= max_parts);
            if let Some(next) = text[start.len()..].chars().next() {
                let longer = format!("{start}{next}");
                prop_assert!(longer.chars().count() > max_chars || Parts::of(&longer).parts > max_parts);
            }
        }

        #[test]
        fn any_text_can_be_cut_anywhere(text in "\\PC{0,60}", at in 0_usize..60) {
            let start = beginning(&text, at, MAX_PARTS);
            prop_assert!(start.chars().count() <= at);
            prop_assert_eq!(whole(&text, start.len()), start.len());
        }
    }
}
