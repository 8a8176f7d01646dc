//! What was probably meant: the known words, nearest to a given one first.

use strsim::levenshtein;

/// Added to the edits between two words that do not contain each other: those that do are nearer.
const UNRELATED: usize = 2;

/// The known words in the order of their distance from `given`; equally near ones keep their order.
pub(crate) fn sorted<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let given = given.to_lowercase();
    let mut known: Vec<(usize, &str)> =
        known.into_iter().map(|word| (distance(&given, &word.to_lowercase()), word)).collect();
    known.sort_by_key(|(distance, _)| *distance);
    known.into_iter().map(|(_, word)| word).collect()
}

/// The known word that was probably meant: within two edits, or one contains the other. `None` if all are farther off: to
/// name one would be to guess.
pub(crate) fn probable<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let nearest = sorted(given, known).into_iter().next()?;
    let far = distance(&given.to_lowercase(), &nearest.to_lowercase());
    // As many edits as the word has letters would make any word of it.
    let most = given.chars().count().saturating_sub(1).min(2);
    (far <= UNRELATED + most).then_some(nearest)
}

/// The first `most` of a list as people read it: `a`, `b` and 3 more.
pub(crate) fn listed(words: &[&str], most: usize) -> String {
    let shown: Vec<String> = words.iter().take(most).map(|word| format!("`{word}`")).collect();
    let rest = words.len().saturating_sub(most);
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}

/// Edits between two words; words of which one begins with or contains the other are near however long they are.
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
    levenshtein(a, b) + UNRELATED
}

#[cfg(test)]
mod tests {
    use super::{listed, probable, sorted};

    #[test]
    fn the_nearest_is_first() {
        let known = ["other", "find-window-washing-contractors", "sms-test-003"];
        assert_eq!(sorted("find-window", known)[0], "find-window-washing-contractors");
        assert_eq!(sorted("sms-test-3", known)[0], "sms-test-003");
        assert_eq!(sorted("OTHER", known)[0], "other");
        assert_eq!(sorted("complete", ["pending", "completed", "failed"])[0], "completed");
    }

    #[test]
    fn only_what_is_near_is_probable() {
        let known = ["paused", "running", "pos", "messaging"];
        for (given, wanted) in [
            ("pausd", Some("paused")),
            ("runing", Some("running")),
            ("run", Some("running")),
            ("Pos", Some("pos")),
            ("nosuch", None),
            ("bogus", None),
            ("fax", None),
            ("xyz", None),
        ] {
            assert_eq!(probable(given, known), wanted, "{given}");
        }
        assert_eq!((probable("n", ["m"]), probable("no", [])), (None, None));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(&["a", "b"], 5), "`a`, `b`");
        assert_eq!(listed(&["a", "b", "c"], 2), "`a`, `b` and 1 more");
    }
}
