//! Where a text can be cut without tearing apart what a reader sees as one character.

/// The last place at or before `end` that is no place inside a character of several code points: an accent, an emoji
/// made of parts, a flag. The vowel signs of some Indian scripts count as characters of their own, as most phones show
/// them. `end` must be a boundary of `text`, as `char_indices` gives it.
pub fn floor_boundary(text: &str, mut end: usize) -> usize {
    while let (Some(before), Some(after)) =
        (text[..end].chars().next_back(), text[end..].chars().next())
        && belong_together(&text[..end], before, after)
    {
        end -= before.len_utf8();
    }
    end
}

/// Whether `after` is part of the same character as `before`, the last code point of `head`: an accent, a joiner and
/// what it joins, a skin tone, the second letter of a flag, the second half of a line end.
fn belong_together(head: &str, before: char, after: char) -> bool {
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
