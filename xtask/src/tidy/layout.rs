//! Rules about the layout of the crates: no circles, few files side by side, no name for two things.

use super::crates::Crate;
use super::graph;
use super::names;
use super::tree::SourceFile;
use super::violation::Violation;

/// Folders with the most files that may stand in them side by side: in a longer list nobody sees what belongs together.
const MAX_FLAT: [(&str, usize); 1] = [("connect/src/", 16)];

/// The names that several types may have, each with the reason.
const SHARED_NAMES: &str = include_str!("shared_names.txt");

/// Two files that use each other, directly or around corners, are one file in two places.
pub(super) fn circles(crates: &[Crate]) -> Vec<Violation> {
    let circles = crates.iter().flat_map(graph::circles);
    circles
        .filter_map(|circle| {
            let what = format!("these files use each other: {}", circle.join(", "));
            Some(Violation { path: circle.into_iter().next()?, line: 0, what })
        })
        .collect()
}

/// One name of a type stands for one thing.
pub(super) fn doubled_names(crates: &[Crate]) -> Vec<Violation> {
    doubled_beyond(crates, SHARED_NAMES)
}

/// The doubled names that a list does not allow, and the lines of the list that are not needed or give no reason.
fn doubled_beyond(crates: &[Crate], list: &str) -> Vec<Violation> {
    let doubled = names::doubled(crates);
    let entries: Vec<(usize, &str, &str)> = list
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty())
        .map(|(n, line)| {
            let (name, reason) = line.split_once(':').unwrap_or((line, ""));
            (n + 1, name.trim(), reason.trim())
        })
        .collect();
    let mut violations = Vec::new();
    for (name, paths) in &doubled {
        if entries.iter().any(|(_, allowed, _)| allowed == name) {
            continue;
        }
        for path in paths {
            let others: Vec<&str> =
                paths.iter().filter(|other| *other != path).map(String::as_str).collect();
            let what = format!("`{name}` is also the name of a type in {}", others.join(", "));
            violations.push(Violation { path: path.clone(), line: 0, what });
        }
    }
    for (line, name, reason) in entries {
        let is_needed = doubled.iter().any(|(doubled, _)| doubled == name);
        let what = match (is_needed, reason) {
            (false, _) => format!("`{name}` is no longer the name of two types"),
            (true, "") => format!("`{name}` is allowed without a reason"),
            (true, _) => continue,
        };
        violations.push(Violation { path: "xtask/src/tidy/shared_names.txt".into(), line, what });
    }
    violations
}

/// A crate with many files has folders.
pub(super) fn flat(files: &[SourceFile]) -> Vec<Violation> {
    MAX_FLAT
        .iter()
        .filter_map(|(folder, most)| {
            let is_flat = |file: &&SourceFile| {
                file.is("rs")
                    && file.path.strip_prefix(folder).is_some_and(|name| !name.contains('/'))
            };
            let n = files.iter().filter(is_flat).count();
            let what = format!("{n} files side by side, at most {most}");
            (n > *most).then(|| Violation { path: (*folder).to_owned(), line: 0, what })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{circles, doubled_beyond, flat};
    use crate::tidy::crates::tests::crate_of;
    use crate::tidy::tree::SourceFile;

    #[test]
    fn a_planted_circle_is_a_violation() {
        let main = ("a/src/main.rs", "mod b; mod c; fn main() {}");
        let there = ("a/src/b.rs", "use crate::c::Thing; pub fn go() -> Thing { Thing }");
        let back = ("a/src/c.rs", "pub struct Thing; fn x() { crate::b::go(); }");
        let straight = ("a/src/c.rs", "pub struct Thing;");
        assert_eq!(circles(&[crate_of(&[main, there, straight])]), []);
        let found = circles(&[crate_of(&[main, there, back])]);
        assert_eq!((found.len(), found[0].path.as_str()), (1, "a/src/b.rs"));
        assert!(found[0].what.contains("a/src/c.rs"), "{found:?}");
    }

    #[test]
    fn a_doubled_name_needs_its_line_in_the_list_and_the_line_its_reason() {
        let doubled = || {
            [crate_of(&[
                ("a/src/main.rs", "mod b; struct Thing;"),
                ("a/src/b.rs", "enum Thing {}"),
            ])]
        };
        let found = |list: &str| {
            let violations = doubled_beyond(&doubled(), list);
            violations.into_iter().map(|one| (one.path, one.line)).collect::<Vec<_>>()
        };
        let list = "xtask/src/tidy/shared_names.txt".to_owned();
        assert_eq!(found(""), [("a/src/main.rs".to_owned(), 0), ("a/src/b.rs".to_owned(), 0)]);
        assert_eq!(found("# names\nThing: why\n"), []);
        assert_eq!(found("Thing\n"), [(list.clone(), 1)]);
        assert_eq!(found("Thing: why\nOther: why\n"), [(list, 2)]);
    }

    #[test]
    fn a_folder_has_at_most_so_many_files_of_its_own() {
        let file = |path: String| SourceFile { path, text: String::new() };
        let mut files: Vec<SourceFile> =
            (0..16).map(|n| file(format!("connect/src/m{n}.rs"))).collect();
        files.push(file("connect/src/deeper/one.rs".to_owned()));
        files.push(file("connect/src/words.txt".to_owned()));
        assert_eq!(flat(&files), []);
        files.push(file("connect/src/m16.rs".to_owned()));
        assert_eq!(flat(&files).len(), 1);
    }
}
