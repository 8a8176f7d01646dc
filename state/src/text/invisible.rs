//! Characters that nobody sees. They can hide a word from a filter, or rearrange what is printed.

/// Control characters other than white space, zero-width characters, and marks that change the direction of text: what
/// is taken out of everything that is printed.
pub(crate) fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Those of [`is_hidden`], and whatever else can stand unseen between two letters: soft hyphens, fillers, variation
/// selectors, tags. Not taken out of what is printed, since some scripts and emoji are written with them.
pub fn is_unseen(c: char) -> bool {
    is_hidden(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffd}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}
