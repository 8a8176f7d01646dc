//! What was probably meant: the known words, nearest to a given one first.

use state::words::edits;

/// The known words in the order of their distance from `given`; equally near ones keep their order.
pub(crate) fn sorted<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let given = given.to_lowercase();
    let mut known: Vec<(usize, &str)> =
        known.into_iter().map(|word| (distance(&given, &word.to_lowercase()), word)).collect();
    known.sort_by_key(|(distance, _)| *distance);
    known.into_iter().map(|(_, word)| word).collect()
}

/// The first `most` of a list as people read it: `a`, `b` and 3 more.
pub(crate) fn listed(words: &[&str], most: usize) -> String {
    let shown: Vec<String> = words.iter().take(most).map(|word| format!("`{word}`")).collect();
    let rest = words.len().saturating_sub(most);
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}

/// Edits between two words; words of which one begins with or holds the other are near whatever their length.
fn distance(a: &str, b: &str) -> usize {
    if a == b {
        return 0;
    }
    if !a.is_empty() && !b.is_empty() {
        if a.starts_with(b) || b.starts_with(a) {
            return 1;
        }
        if a.len() > 2 && b.len() > 2 && (a.contains(b) || b.contains(a)) {
            return 2;
        }
    }
    edits(a, b) + 2
}

#[cfg(test)]
mod tests {
    use super::{listed, sorted};

    #[test]
    fn the_nearest_is_first() {
        let known = ["other", "find-window-washing-contractors", "sms-test-003"];
        assert_eq!(sorted("find-window", known)[0], "find-window-washing-contractors");
        assert_eq!(sorted("sms-test-3", known)[0], "sms-test-003");
        assert_eq!(sorted("OTHER", known)[0], "other");
        assert_eq!(sorted("complete", ["pending", "completed", "failed"])[0], "completed");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(&["a", "b"], 5), "`a`, `b`");
        assert_eq!(listed(&["a", "b", "c"], 2), "`a`, `b` and 1 more");
    }
}
