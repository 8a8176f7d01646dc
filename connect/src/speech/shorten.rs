//! Makes a cleaned reply as short as its medium demands, and says so.

use state::sms_segments::{self, Encoding, Segments};
use unicode_segmentation::UnicodeSegmentation as _;

use super::aloud::ends_in_pause;

/// Ends what is spoken of a longer reply.
const MORE: &str = " There is more. Ask me for the rest.";
/// Ends what is texted of a longer reply.
const CUT: &str = "… (cut)";

/// At most `max` characters of `text`, with the offer of the rest if that is not all.
pub(super) fn spoken(text: &str, max: usize) -> String {
    if sms_segments::prefix(text, max, usize::MAX).len() == text.len() {
        return text.to_owned();
    }
    let kept =
        whole_sentences(text, sms_segments::prefix(text, max - MORE.len() - 1, usize::MAX).len());
    let stop = if ends_in_pause(kept) { "" } else { "." };
    format!("{kept}{stop}{MORE}")
}

/// As much of `text` as keeps both limits, with a word on it if that is not all.
pub(super) fn texted(text: &str, max_chars: usize, max_parts: usize) -> String {
    let fits = |text: &str| sms_segments::prefix(text, max_chars, max_parts).len() == text.len();
    let all = cheapest(text);
    if fits(&all) {
        return all;
    }
    let longest = sms_segments::prefix(&all, max_chars, max_parts);
    // The word that is put on may take several places, and move the text to another alphabet.
    let ends = longest.grapheme_indices(true).rev().map(|(end, _)| end);
    let mut cuts = ends.map(|end| whole_sentences(&all, end)).take_while(|kept| !kept.is_empty());
    let cut = cuts.find_map(|kept| Some(cheapest(&format!("{kept}{CUT}"))).filter(|cut| fits(cut)));
    cut.unwrap_or_else(|| longest.to_owned())
}

/// The beginning of `text` up to the last sentence or line that ends before `end`; where that is too far back, up to the
/// end of a word; where there is none, up to `end`.
fn whole_sentences(text: &str, end: usize) -> &str {
    let start = &text[..end];
    // A cut in the first half would lose more than it mends.
    let soonest = end / 2;
    let ends = start.char_indices().rev().map(|(at, c)| at + c.len_utf8());
    let sentence = ends
        .take_while(|end| *end >= soonest)
        .find(|end| ends_sentence(&text[..*end], text[*end..].chars().next()));
    if let Some(sentence) = sentence {
        return &text[..sentence];
    }
    let is_whole = text[end..].starts_with(char::is_whitespace);
    let word = if is_whole { Some(end) } else { start.rfind(char::is_whitespace) };
    start[..word.filter(|word| *word >= soonest).unwrap_or(end)]
        .trim_end_matches(|c: char| c.is_whitespace() || ",;:-–—(\"“„«‘/+&".contains(c))
}

/// Whether a sentence or a line ends where `text` does.
fn ends_sentence(text: &str, next: Option<char>) -> bool {
    let at_blank = next.is_none_or(char::is_whitespace);
    match text.chars().next_back() {
        // These need no blank behind them.
        Some('。' | '！' | '？') => true,
        Some('!' | '?' | '…' | '؟' | '۔' | '।' | '॥') => at_blank,
        // The full stop behind the number of a list item ends nothing.
        Some('.') => {
            let before = text[..text.len() - 1].trim_end_matches(|c: char| c.is_ascii_digit());
            let begins = before.is_empty()
                || before.ends_with('\n')
                || before.strip_suffix(' ').is_some_and(ends_in_pause);
            let is_number = begins && before.len() < text.len() - 1;
            at_blank && !is_number
        }
        _ => next == Some('\n'),
    }
}

/// `text` with plain quotes, dashes and blanks, if that is all that keeps it from GSM-7, where a part
/// holds more than twice as much.
fn cheapest(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '‘' | '’' | '‚' | '′' => plain.push('\''),
            '“' | '”' | '„' | '″' => plain.push('"'),
            '–' | '—' | '‑' | '‐' | '−' | '•' => plain.push('-'),
            '…' => plain.push_str("..."),
            '\u{a0}' | '\u{202f}' | '\u{2009}' => plain.push(' '),
            _ => plain.push(character),
        }
    }
    if Segments::of(&plain).encoding == Encoding::Gsm7 { plain } else { text.to_owned() }
}
