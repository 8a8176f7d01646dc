//! Tells the signs of emphasis from those that are content: `2*3*4`, `*72`, `**/*.tmp`, `__init__.py`, passwords.

use std::ops::Range;

/// The address around an emphasis is not searched for further back, in characters.
const LONGEST_ADDRESS: usize = 200;

/// The signs at both ends of the emphasis at `range` that are content, or nothing. There are so many at each end.
pub(super) fn content<'a>(
    source: &'a str,
    range: &Range<usize>,
    n_signs: usize,
) -> (&'a str, &'a str) {
    let whole = &source[range.clone()];
    let (Some(sign), Some(inside)) =
        (whole.get(..n_signs), whole.get(n_signs..whole.len().saturating_sub(n_signs)))
    else {
        return ("", "");
    };
    let (head, tail) = (&source[..range.start], &source[range.end..]);
    if sign == "*" && inside.starts_with(is_key) && tail.starts_with('*') {
        // The end of `**Press *1 for sales**` belongs to the outer one.
        return (sign, "");
    }
    let near = head.char_indices().rev().nth(LONGEST_ADDRESS).map_or(head, |(at, _)| &head[at..]);
    let word = near.rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_address = word.contains("://") || word.starts_with("www.");
    // In names of files and passwords.
    let is_name = sign.starts_with('_')
        && (head.ends_with(|c: char| c.is_ascii_punctuation() && !"([{\"'*_~>|".contains(c))
            || tail.starts_with(['.', '/']) && tail[1..].starts_with(char::is_alphanumeric));
    // Emphasis encloses words: it begins and ends with none of these.
    let is_glob = sign.starts_with('*')
        && (inside.starts_with(['/', ')', ']', '}', '\\', ',', ';', ':'])
            || inside.ends_with(['/', '(', '[', '{', '\\'])
            || is_extension(inside));
    let is_code = sign == "*"
        && (inside.chars().all(is_key) || inside.ends_with('#') || tail.starts_with(is_key));
    // Inside a word it is common only in scripts that put no blanks between words.
    let joins = [(head, inside), (inside, tail)];
    let is_inside = joins.iter().all(|(head, tail)| is_joined(head, tail))
        || joins.iter().any(|(head, tail)| {
            is_joined(head, tail) && (head.ends_with(is_key) || tail.starts_with(is_key))
        });
    let is_content = is_address || is_name || is_glob || is_code || is_inside || sign == "~";
    if is_content { (sign, sign) } else { ("", "") }
}

/// Whether the text at `range` is the sign of an emphasis of which the other half is missing.
pub(super) fn is_left_over(source: &str, range: &Range<usize>) -> bool {
    let text = &source[range.clone()];
    let Some(sign) = text.chars().next().filter(|sign| "*_~".contains(*sign)) else { return false };
    // Longer runs are no emphasis, so the search for their ends can stop.
    let same = |c: &char| *c == sign;
    let n_before = source[..range.start].chars().rev().take(4).take_while(same).count();
    let n_after = source[range.start..].chars().take(4).take_while(same).count();
    if !(2..=3).contains(&(n_before + n_after)) {
        return false;
    }
    let (head, tail) = (&source[..range.start - n_before], &source[range.start + n_after..]);
    // Three are what a secret was masked with.
    let is_alone = n_before + n_after == 2
        && (head.is_empty() || head.ends_with(char::is_whitespace))
        && (tail.is_empty() || tail.starts_with(char::is_whitespace));
    let is_path = head.ends_with(['/', '\\']) || tail.starts_with('/') || is_extension(tail);
    text.trim_start_matches(sign).is_empty()
        && !(is_alone || is_path || head.ends_with(is_key) || tail.starts_with(is_key))
        && !is_joined(head, tail)
}

/// A key of a telephone.
fn is_key(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '#' | '*')
}

/// `.rs`
fn is_extension(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|name| name.starts_with(char::is_alphanumeric))
}

fn is_joined(head: &str, tail: &str) -> bool {
    head.ends_with(|c: char| c.is_ascii_alphanumeric())
        && tail.starts_with(|c: char| c.is_ascii_alphanumeric())
}
