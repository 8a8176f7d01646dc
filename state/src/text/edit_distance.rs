//! How far apart two words are, to suggest the one that was meant.

/// The Levenshtein distance: how many characters have to be inserted, deleted or replaced to get from one word to the
/// other.
pub fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (n, old) in from.chars().enumerate() {
        let mut corner = row[0];
        row[0] = n + 1;
        for (m, new) in to.iter().enumerate() {
            let replaced = corner + usize::from(old != *new);
            corner = row[m + 1];
            row[m + 1] = replaced.min(corner + 1).min(row[m] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::edit_distance;

    #[test]
    fn insertions_deletions_and_replacements_are_counted() {
        for (from, to, wanted) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("stauts", "status", 2)]
        {
            assert_eq!(edit_distance(from, to), wanted, "{from} {to}");
        }
    }
}
