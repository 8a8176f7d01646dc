//! Tables of patterns, each with what stands in its place.

use regex_lite::Regex;

/// One row: signs of which the pattern needs one, which spares most texts the search (none for any); the pattern; what replaces it.
type Row<'a> = (&'a str, String, &'static str);

/// A table, ready to use.
pub(super) struct Replacements(Vec<(Vec<char>, Regex, &'static str)>);

impl Replacements {
    pub(super) fn new<'a>(rows: impl IntoIterator<Item = Row<'a>>) -> Self {
        let rows = rows.into_iter();
        let ready = rows.map(|(signs, pattern, by)| (signs.chars().collect(), regex(&pattern), by));
        Self(ready.collect())
    }

    /// `text` with each pattern replaced, one after the other.
    pub(super) fn replaced(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (signs, pattern, by) in &self.0 {
            if signs.is_empty() || text.contains(signs.as_slice()) {
                text = pattern.replace_all(&text, *by).into_owned();
            }
        }
        text
    }
}

/// A pattern of this program.
pub(super) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("patterns are constants, and the tests use all of them")
}
