//! Characters that nobody sees. They can hide a word from a filter, or rearrange what is printed.

use std::borrow::Cow;

use crate::exit::Fault;

/// Chooses the plain or the coloured form of a sign.
const FORMS: std::ops::RangeInclusive<char> = '\u{fe0e}'..='\u{fe0f}';

/// Whether a character has no shape of its own, and is no white space: controls, zero-width characters, marks that change
/// the direction of text, soft hyphens, fillers, variation selectors, tags, and what is no character at all. It need not be out
/// of place: see [`visible`].
pub fn is_unseen(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}' | '\u{16fe4}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// The text without its unseen characters, except where a script or an emoji is written with them: joiners between two
/// letters of such a script or inside an emoji, and one form of a sign or letter. White space stays as it is, line ends
/// too.
pub fn visible(text: &str) -> Cow<'_, str> {
    if first_unseen(text).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(judged(text).filter(|(_, is_out)| !is_out).map(|(c, _)| c).collect())
}

/// The first character that [`visible`] takes out.
pub fn first_unseen(text: &str) -> Option<char> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    judged(text).find_map(|(c, is_out)| is_out.then_some(c))
}

/// Refuses (exit 2) a text with a character in it that [`visible`] takes out; `what` is the text in an error: `the action`,
/// "`--contact`".
pub fn refuse_unseen(what: impl FnOnce() -> String, text: &str) -> Result<(), Fault> {
    let Some(c) = first_unseen(text) else { return Ok(()) };
    Err(Fault::usage(format!("{} has a character that nobody sees, {}", what(), code(c)))
        .hint("type it anew: it was probably copied with it"))
}

/// A character as an error names it: `U+202E`.
pub fn code(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

/// Every character, with whether it is out of place.
pub(super) fn judged(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut before = None;
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = rest.next()?;
        let is_out = is_unseen(c) && !belongs(before, c, rest.peek().copied());
        // What is taken out stands between nothing: its neighbours meet.
        if !is_out {
            before = Some(c);
        }
        Some((c, is_out))
    })
}

/// Whether an unseen character means something at its place.
fn belongs(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        '\u{200c}' | '\u{200d}' => {
            let is_emoji = is_symbol(before) || FORMS.contains(&before);
            let joins_emoji = c == '\u{200d}' && is_emoji && after.is_some_and(is_symbol);
            joins_emoji || (has_joiners(before) && after.is_some_and(has_joiners))
        }
        '\u{fe00}'..='\u{fe0f}' => is_symbol(before) || is_ideograph(before) || is_keycap(before),
        '\u{180b}'..='\u{180f}' => matches!(before, '\u{1820}'..='\u{18aa}'),
        // Forms of ideographs in Japanese names.
        '\u{e0100}'..='\u{e01ef}' => is_ideograph(before),
        _ => false,
    }
}

/// Whether the character is of a script whose words are written with joiners: those of Arabic and its neighbours, and of
/// India and the lands between it and China.
fn has_joiners(c: char) -> bool {
    matches!(c,
        '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{1900}'..='\u{1cff}'
        | '\u{a800}'..='\u{a95f}' | '\u{a980}'..='\u{abff}' | '\u{fb50}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10a00}'..='\u{12000}'
        | '\u{16100}'..='\u{1613f}' | '\u{16d40}'..='\u{16d7f}' | '\u{1e900}'..='\u{1e95f}')
        && !is_unseen(c)
}

/// Whether the character can be an emoji or part of one, or a sign that has several forms.
fn is_symbol(c: char) -> bool {
    matches!(c,
        '©' | '®' | '\u{203c}' | '\u{2049}' | '\u{20d0}'..='\u{20ff}' | '\u{2100}'..='\u{27ff}'
        | '\u{2900}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
        | '\u{1f000}'..='\u{1faff}')
}

fn is_keycap(c: char) -> bool {
    matches!(c, '#' | '*' | '0'..='9')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::{code, first_unseen, is_unseen, visible};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use regex_syntax::hir::{Class, HirKind};

    /// The characters of a class, by the tables of Unicode.
    fn class(pattern: &str) -> Vec<char> {
        match regex_syntax::parse(pattern).unwrap().into_kind() {
            HirKind::Class(Class::Unicode(class)) => {
                class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_character_that_unicode_calls_invisible_is_known() {
        let invisible = class(
            r"[[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]--[\p{Prepended_Concatenation_Mark}]]",
        );
        assert!(invisible.len() > 4_000);
        for c in invisible {
            assert_eq!(is_unseen(c), !c.is_whitespace(), "{}", code(c));
        }
        for c in class(r"\p{White_Space}") {
            assert!(c.is_whitespace() && !is_unseen(c), "{}", code(c));
        }
        // What has a shape is not among them, but for signs that are drawn as nothing.
        let drawn_empty = "\u{2800}\u{1d159}\u{16fe4}";
        for c in class(r"[\p{L}\p{N}\p{P}\p{S}\p{M}--\p{Default_Ignorable_Code_Point}]") {
            assert!(!is_unseen(c) || drawn_empty.contains(c), "{}", code(c));
        }
    }

    #[test]
    fn what_hides_or_reorders_goes() {
        for (text, wanted) in [
            ("de\u{200b}l\u{ad}ete", "delete"),
            ("de\u{200d}lete", "delete"),
            ("支\u{200d}付", "支付"),
            ("\u{202e}txt.exe\u{202c}", "txt.exe"),
            ("hi\u{e0041}\u{e0042}", "hi"),
            ("\u{feff}x\u{fe0f}\u{fffd}", "x\u{fffd}"),
            ("a\u{0}\u{1b}[1mb\u{7f}\u{9b}", "a[1mb"),
            ("pay\u{3164}\u{115f}\u{ffa0}\u{2800}bob", "paybob"),
            ("👍\u{fe0f}\u{fe0f}\u{fe0e}", "👍\u{fe0f}"),
            ("a\r\n\tb\u{2028}", "a\r\n\tb\u{2028}"),
        ] {
            assert_eq!(visible(text), wanted, "{text:?}");
        }
        assert_eq!(first_unseen("a\u{202e}b").map(code).unwrap(), "U+202E");
        assert_eq!(first_unseen("a\u{e0041}").map(code).unwrap(), "U+E0041");
    }

    #[test]
    fn scripts_and_emoji_keep_what_they_are_written_with() {
        for text in [
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "ශ\u{dca}\u{200d}රී",
            "👩\u{200d}👧 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3} 👩🏽\u{200d}🚀 🏳\u{fe0f}\u{200d}🌈",
            "葛\u{e0100}城",
            "ᠮ\u{180b}",
            "naïve Straße 会議 שלום العربية",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_left_needs_no_second_look(text in any::<String>()) {
            let left = visible(&text).into_owned();
            prop_assert_eq!(visible(&left), left.as_str());
            prop_assert!(first_unseen(&left).is_none());
            let seen = |text: &str| text.chars().filter(|c| !is_unseen(*c)).collect::<String>();
            prop_assert_eq!(seen(&left), seen(&text));
        }
    }
}
