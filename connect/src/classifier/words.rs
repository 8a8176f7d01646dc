//! Reads the word lists of `words/*.txt`, all in one format.
//!
//! A line is `name = words`; a line that begins with a blank goes on with the one before, one that begins with `#` is a
//! comment. Each file is part of the program, and is read when it is first asked for.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Each entry of a file, by its name.
pub(super) type Words = HashMap<&'static str, &'static str>;

/// The names and words of a file, in order.
pub(super) fn entries(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    logical_lines(text).into_iter().filter_map(|line| {
        let (name, words) = line.split_once(" =")?;
        Some((name, words.trim_start()))
    })
}

/// Lines without comments; those that begin with a blank belong to the one before. All are slices of `text`.
pub(super) fn logical_lines(text: &'static str) -> Vec<&'static str> {
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        match lines.last_mut().filter(|_| line.starts_with(' ')) {
            Some(last) => last.1 = end,
            None if line.starts_with('#') || line.trim().is_empty() => {}
            None => lines.push((at, end)),
        }
        at += line.len();
    }
    lines.into_iter().map(|(from, to)| &text[from..to]).collect()
}

/// The phrases of one list of `words/phrases.txt` that begin with `first`.
pub(super) fn phrases(name: &str, first: &str) -> impl Iterator<Item = &'static str> {
    type Phrases = HashMap<&'static str, HashMap<&'static str, Vec<&'static str>>>;
    static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
        let mut lists = Phrases::new();
        for (name, phrases) in entries(include_str!("words/phrases.txt")) {
            let list = lists.entry(name).or_default();
            for phrase in phrases.split('|').map(str::trim) {
                list.entry(phrase.split(' ').next().unwrap_or_default()).or_default().push(phrase);
            }
        }
        lists
    });
    PHRASES.get(name).and_then(|list| list.get(first)).into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_and_comments_are_left_out() {
        let text = "# what it is\na = b c\n    d\n\n# more\ne =\n";
        let read: Vec<_> =
            entries(text).map(|(name, words)| (name, words.split_whitespace().count())).collect();
        assert_eq!(read, [("a", 3), ("e", 0)]);
        assert_eq!(phrases("asides", "by").collect::<Vec<_>>(), ["by the way"]);
    }
}
