//! THE EXCEPTIONS: what may still break a rule, by the beginning of its path. The goal is an empty list; an exception that
//! excuses nothing any more is warned of.

use super::violation::Violation;

/// The name of a rule, and the paths that it does not check yet.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("circles", &["connect/src/", "missions/src/", "state/src/"]),
    ("doubled names", &["connect/src/", "missions/src/", "state/src/"]),
    ("flat crates", &["connect/src/"]),
    (
        "citations",
        &["connect/src/", "missions/src/", "state/src/", "tests/connect", "tests/missions"],
    ),
];

/// The violations of a rule that no exception excuses, and the exceptions that excuse none.
pub(super) fn apply(rule: &str, violations: Vec<Violation>) -> (Vec<Violation>, Vec<&'static str>) {
    sort(excused(rule), violations)
}

fn excused(rule: &str) -> &'static [&'static str] {
    EXCEPTIONS.iter().find(|(name, _)| *name == rule).map_or(&[], |(_, paths)| paths)
}

fn sort<'a>(paths: &[&'a str], violations: Vec<Violation>) -> (Vec<Violation>, Vec<&'a str>) {
    let is_below = |violation: &Violation, path: &str| violation.path.starts_with(path);
    let unused = paths.iter().copied();
    let unused = unused.filter(|path| !violations.iter().any(|one| is_below(one, path))).collect();
    let left = violations
        .into_iter()
        .filter(|violation| !paths.iter().any(|path| is_below(violation, path)))
        .collect();
    (left, unused)
}

#[cfg(test)]
mod tests {
    use super::sort;
    use crate::tidy::violation::Violation;

    #[test]
    fn an_exception_excuses_its_paths_and_is_reported_when_it_excuses_none() {
        let at = |path: &str| Violation { path: path.to_owned(), line: 1, what: String::new() };
        let (left, unused) = sort(&["a/", "b/"], vec![at("a/x.rs"), at("c/y.rs")]);
        assert_eq!((left, unused), (vec![at("c/y.rs")], vec!["b/"]));
    }
}
