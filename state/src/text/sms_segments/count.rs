//! Counts segments: GSM-7 where every character of a text is in it, else UCS-2.

use std::fmt;

/// The most segments that a text may have; the usual routes carry no more.
pub const MAX_SEGMENTS: usize = 10;

/// GSM 03.38, the default alphabet: each of these costs one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// GSM 03.38, the extension table: each is sent as an escape and a second septet.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// The alphabet that a text is sent in; one character outside GSM-7 moves the whole text to UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character: 160 in a text of one segment, 153 in each segment of a longer one.
    Gsm7,
    /// Sixteen bits a unit: 70 in a text of one segment, 67 in each segment of a longer one.
    Ucs2,
}

impl Encoding {
    /// Units that fit into the only segment of a text.
    const fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units that fit into each of several segments, where a header takes the difference.
    const fn shared(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        })
    }
}

/// How a text is sent: its alphabet, its length as the network counts it, and its segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// The alphabet.
    pub encoding: Encoding,
    /// Length as the network counts it: `^{}\[~]|€` and a form feed are two in GSM-7, a character
    /// beyond the first plane (most emoji) is two in UCS-2.
    pub length: usize,
    /// Segments that are billed; 0 for an empty text.
    pub count: usize,
}

impl Segments {
    /// Counts `text`. An escape or a surrogate pair is never cut across two segments, so a segment can
    /// hold one unit less than its full measure.
    pub fn of(text: &str) -> Self {
        let mut counter = SegmentCounter::default();
        text.chars().for_each(|character| counter.push(character));
        counter.segments()
    }
}

/// Counts in both alphabets at once, since a single character can still move the text from the one to the other.
#[derive(Default)]
pub(super) struct SegmentCounter {
    septets: Packing,
    units: Packing,
    outside_gsm: bool,
}

impl SegmentCounter {
    pub(super) fn push(&mut self, character: char) {
        match septets(character) {
            Some(width) => self.septets.push(width, Encoding::Gsm7.shared()),
            None => self.outside_gsm = true,
        }
        self.units.push(character.len_utf16(), Encoding::Ucs2.shared());
    }

    pub(super) fn segments(&self) -> Segments {
        let (encoding, packing) = if self.outside_gsm {
            (Encoding::Ucs2, &self.units)
        } else {
            (Encoding::Gsm7, &self.septets)
        };
        let count = match packing.total {
            0 => 0,
            total if total <= encoding.alone() => 1,
            _ => packing.full + 1,
        };
        Segments { encoding, length: packing.total, count }
    }
}

/// Units laid into segments one character after the other.
#[derive(Default)]
struct Packing {
    total: usize,
    full: usize,
    used: usize,
}

impl Packing {
    fn push(&mut self, width: usize, room: usize) {
        self.total += width;
        if self.used + width > room {
            self.full += 1;
            self.used = 0;
        }
        self.used += width;
    }
}

/// Septets that `character` costs in GSM-7; none if the alphabet lacks it.
fn septets(character: char) -> Option<usize> {
    // Letters, digits and blanks are in both alphabets, and most of every text.
    if character.is_ascii_alphanumeric() || character == ' ' || BASIC.contains(character) {
        Some(1)
    } else {
        EXTENSION.contains(character).then_some(2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn case(text: &str, encoding: Encoding, length: usize, count: usize) {
        assert_eq!(Segments::of(text), Segments { encoding, length, count }, "{text:?}");
    }

    #[test]
    fn the_alphabet_has_127_characters_and_ten_more() {
        // 128 septets, one of which is the escape.
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
        assert!(!BASIC.chars().any(|c| EXTENSION.contains(c)));
    }

    #[test]
    fn plain_texts() {
        case("", Encoding::Gsm7, 0, 0);
        case("Hello!", Encoding::Gsm7, 6, 1);
        case("àΩ@\n", Encoding::Gsm7, 4, 1);
        case("50 €", Encoding::Gsm7, 5, 1);
        case("ç", Encoding::Ucs2, 1, 1);
        case("Привет", Encoding::Ucs2, 6, 1);
        case("👍", Encoding::Ucs2, 2, 1);
    }

    #[test]
    fn segments_by_length() {
        case(&"a".repeat(160), Encoding::Gsm7, 160, 1);
        case(&"a".repeat(161), Encoding::Gsm7, 161, 2);
        case(&"a".repeat(306), Encoding::Gsm7, 306, 2);
        case(&"a".repeat(307), Encoding::Gsm7, 307, 3);
        case(&"a".repeat(1530), Encoding::Gsm7, 1530, 10);
        case(&"a".repeat(1531), Encoding::Gsm7, 1531, 11);
        case(&"ж".repeat(70), Encoding::Ucs2, 70, 1);
        case(&"ж".repeat(71), Encoding::Ucs2, 71, 2);
        case(&"ж".repeat(670), Encoding::Ucs2, 670, 10);
        case(&"ж".repeat(671), Encoding::Ucs2, 671, 11);
    }

    #[test]
    fn an_escape_or_a_pair_is_not_cut_across_segments() {
        // 152 and an escape do not fit into 153, so the first segment stays one short.
        case(&format!("{}€{}", "a".repeat(152), "a".repeat(151)), Encoding::Gsm7, 305, 2);
        case(&format!("{}€{}", "a".repeat(152), "a".repeat(152)), Encoding::Gsm7, 306, 3);
        case(&"👍".repeat(35), Encoding::Ucs2, 70, 1);
        // 67 units hold 33 emoji, not 33 and a half.
        case(&"👍".repeat(66), Encoding::Ucs2, 132, 2);
        case(&"👍".repeat(67), Encoding::Ucs2, 134, 3);
    }

    #[test]
    fn one_character_moves_the_whole_text() {
        case(&format!("{}’", "a".repeat(70)), Encoding::Ucs2, 71, 2);
        case(&format!("{}'", "a".repeat(70)), Encoding::Gsm7, 71, 1);
    }

    /// The same count, made by laying out the segments in full.
    fn laid_out(text: &str) -> usize {
        let gsm = text.chars().all(|c| BASIC.contains(c) || EXTENSION.contains(c));
        let (alone, shared) = if gsm { (160, 153) } else { (70, 67) };
        let width = |c: char| {
            if gsm { 1 + usize::from(EXTENSION.contains(c)) } else { c.len_utf16() }
        };
        if text.chars().map(width).sum::<usize>() <= alone {
            return usize::from(!text.is_empty());
        }
        let mut segments = vec![0];
        for character in text.chars() {
            let last = segments.len() - 1;
            if segments[last] + width(character) > shared {
                segments.push(width(character));
            } else {
                segments[last] += width(character);
            }
        }
        segments.len()
    }

    proptest! {
        #[test]
        fn counting_agrees_with_laying_out(text in "([a-z€\\[]{0,400}|[a-zж👍]{0,300}|\\PC{0,200})") {
            prop_assert_eq!(Segments::of(&text).count, laid_out(&text));
        }
    }
}
