//! The longest beginning of a text that fits into a number of segments.

use super::count::SegmentCounter;
use unicode_segmentation::UnicodeSegmentation as _;

/// The longest beginning of `text` with at most `max_chars` characters and `max_segments` segments that does not end
/// inside a character of several code points.
pub fn prefix(text: &str, max_chars: usize, max_segments: usize) -> &str {
    let mut counter = SegmentCounter::default();
    let mut n_chars = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        for character in grapheme.chars() {
            counter.push(character);
            n_chars += 1;
            if n_chars > max_chars || counter.segments().count > max_segments {
                return &text[..start];
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::prefix;
    use crate::text::sms_segments::{MAX_SEGMENTS, Segments};
    use unicode_segmentation::UnicodeSegmentation as _;

    #[test]
    fn no_character_is_torn_apart() {
        assert_eq!(prefix("Hello", 9, 10), "Hello");
        assert_eq!(prefix("Hello", 5, 10), "Hello");
        assert_eq!(prefix("Hello", 4, 10), "Hell");
        assert_eq!(prefix("e\u{301}e\u{301}", 3, 10), "e\u{301}");
        assert_eq!(prefix("a👩‍👩‍👧b", 4, 10), "a");
        assert_eq!(prefix("a👍🏽b", 2, 10), "a");
        assert_eq!(prefix("🇩🇪🇫🇷", 3, 10), "🇩🇪");
        assert_eq!(prefix("🇩🇪🇫🇷", 2, 10), "🇩🇪");
        assert_eq!(prefix("न\u{94d}", 1, 10), "");
        assert_eq!(prefix("a\r\nb", 2, 10), "a");
        assert_eq!(prefix(&"a".repeat(200), 1000, 1).len(), 160);
        // The emoji would move the text to UCS-2, where the letters alone need three segments.
        assert_eq!(prefix(&format!("{}👍", "a".repeat(160)), 1000, 1).len(), 160);
    }

    proptest! {
        #[test]
        fn a_prefix_is_the_longest_that_fits(
            text in "[a-z €👍ж]{0,300}", max_chars in 0_usize..300, max_segments in 0_usize..5,
        ) {
            let start = prefix(&text, max_chars, max_segments);
            prop_assert!(text.starts_with(start));
            prop_assert!(start.chars().count() <= max_chars && Segments::of(start).count <= max_segments);
            if let Some(next) = text[start.len()..].chars().next() {
                let longer = format!("{start}{next}");
                prop_assert!(longer.chars().count() > max_chars || Segments::of(&longer).count > max_segments);
            }
        }

        #[test]
        fn any_text_can_be_cut_anywhere(text in "\\PC{0,60}", at in 0_usize..60) {
            let start = prefix(&text, at, MAX_SEGMENTS);
            prop_assert!(start.chars().count() <= at);
            prop_assert!(start == text || text.grapheme_indices(true).any(|(at, _)| at == start.len()));
        }
    }
}
