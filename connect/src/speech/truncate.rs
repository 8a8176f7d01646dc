//! Makes a cleaned reply as short as its medium demands.

use state::sms_segments::{self, Encoding, Segments};

/// At most `max` characters of `text`, up to the end of a sentence; where the last one is too far back,
/// up to the end of a word; where there is none, up to the end of a character.
pub(super) fn at_a_sentence(text: &str, max: usize) -> String {
    let start = sms_segments::prefix(text, max, usize::MAX);
    if start.len() == text.len() {
        return text.to_owned();
    }
    // A cut in the first half would lose more than it mends.
    let soonest = start.len() / 2;
    let sentence = start.char_indices().rev().map(|(at, c)| at + c.len_utf8()).find(|end| {
        let next = text[*end..].chars().next();
        ends_sentence(&start[..*end], next)
    });
    match sentence.filter(|end| *end >= soonest) {
        Some(end) => start[..end].to_owned(),
        None => to_a_word(start, &text[start.len()..]).to_owned(),
    }
}

/// The longest beginning of `text` that keeps both limits, up to the end of a word where there is one.
pub(super) fn at_a_word(text: &str, max_chars: usize, max_parts: usize) -> &str {
    let start = sms_segments::prefix(text, max_chars, max_parts);
    if start.len() == text.len() { text } else { to_a_word(start, &text[start.len()..]) }
}

/// `start` without the word that the cut before `rest` went through, and without a sign that opens
/// what is no longer there.
fn to_a_word<'a>(start: &'a str, rest: &str) -> &'a str {
    let is_whole = rest.starts_with(char::is_whitespace);
    let end = if is_whole { Some(start.len()) } else { start.rfind(char::is_whitespace) };
    let end = end.filter(|end| *end >= start.len() / 2).unwrap_or(start.len());
    start[..end].trim_end_matches(|c: char| c.is_whitespace() || ",;:-–—(\"“„«‘/+&".contains(c))
}

/// Whether a sentence ends where `text` does.
fn ends_sentence(text: &str, next: Option<char>) -> bool {
    match text.chars().next_back() {
        // These need no blank behind them.
        Some('。' | '！' | '？') => true,
        Some('!' | '?' | '…' | '؟' | '۔' | '।' | '॥') => {
            next.is_none_or(char::is_whitespace)
        }
        // The full stop behind the number of a list item ends nothing.
        Some('.') => {
            let before = text[..text.len() - 1].trim_end_matches(|c: char| c.is_ascii_digit());
            let is_number = before.len() < text.len() - 1
                && (before.is_empty() || before.ends_with(char::is_whitespace));
            next.is_none_or(char::is_whitespace) && !is_number
        }
        _ => false,
    }
}

/// `text` with plain quotes, dashes and blanks, if that is all that keeps it from GSM-7, where a part
/// holds more than twice as much.
pub(super) fn cheapest(text: String) -> String {
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
    if Segments::of(&plain).encoding == Encoding::Gsm7 { plain } else { text }
}
