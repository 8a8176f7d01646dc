//! Rules about the sources: how they open, how long they are, what must not stand in them.

use super::tree::SourceFile;
use super::violation::{RULES_FOLDER, Violation, each_line};

/// Longer files with what excuses them; everything else ends before [`LONGEST`] lines.
const LONG: [(&str, &str); 0] = [];
const LONGEST: usize = 400;

/// A crate and the only places where its name may stand in code.
const HOMES: [(&str, &[&str]); 3] = [
    ("ureq", &["state/src/http", "state/src/api", "state/src/gateway"]),
    (
        "tungstenite",
        &[
            "connect/src/transport/",
            "tests/src/",
            "tests/fuzz/",
            "xtask/src/bench/",
            "xtask/src/minimal/",
        ],
    ),
    ("fs2", &["state/src/storage/lock.rs"]),
];

/// Every source begins with a sentence on why it exists.
pub(super) fn opening(files: &[SourceFile]) -> Vec<Violation> {
    let bad = |file: &&SourceFile| file.is("rs") && !file.text.starts_with("//! ");
    let fault = |file: &SourceFile| Violation::at(file, 1, "the first line is no `//! ` sentence");
    files.iter().filter(bad).map(fault).collect()
}

/// A file that is too long does too much.
pub(super) fn length(files: &[SourceFile]) -> Vec<Violation> {
    let excused = |file: &SourceFile| LONG.iter().any(|(path, _)| *path == file.path);
    let long = files.iter().filter(|file| file.is("rs") && !excused(file));
    long.filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > LONGEST)
            .then(|| Violation::at(file, 0, &format!("{lines} lines, at most {LONGEST}")))
    })
    .collect()
}

/// Work is finished or in an issue, never a note in a comment.
pub(super) fn leftovers(files: &[SourceFile]) -> Vec<Violation> {
    each_line(files, |file, line| {
        let mark = if file.is("rs") { "//" } else { "#" };
        let text =
            if file.is("md") { Some(line) } else { line.split_once(mark).map(|(_, text)| text) };
        let mut words = text?.split(|c: char| !c.is_alphanumeric());
        let word = words.find(|word| ["todo", "fixme", "xxx"].contains(&&*word.to_lowercase()))?;
        Some(format!("`{word}` was left"))
    })
}

/// What must have one owner is used in one place.
pub(super) fn homes(files: &[SourceFile]) -> Vec<Violation> {
    each_line(files, |file, line| {
        let code = line.split("//").next().unwrap_or(line);
        let away = |(name, homes): &&(&str, &[&str])| {
            file.is("rs")
                && names(code, name)
                && !homes.iter().any(|home| file.path.starts_with(home))
        };
        let (name, homes) = HOMES.iter().find(away)?;
        Some(format!("`{name}` is used outside {}", homes.join(", ")))
    })
}

/// Whether a line of code uses a crate: `name::…` or `use name`, and not as the end of a longer path.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let fresh = !before.ends_with(|c: char| c.is_alphanumeric() || "_:\"`".contains(c));
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        fresh && ends && (after.starts_with("::") || before.trim_end().ends_with("use"))
    })
}

/// No path of one machine stands in what everybody gets.
pub(super) fn words(files: &[SourceFile]) -> Vec<Violation> {
    each_line(files, |_, line| {
        let inside =
            |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c));
        let here = |word: &&str| line.match_indices(*word).any(|(at, _)| !inside(at));
        let word = ["/work/", "/root/"].into_iter().find(here)?;
        Some(format!("`{word}` is a path of one machine"))
    })
}

/// A test runs or does not exist.
pub(super) fn ignored_tests(files: &[SourceFile]) -> Vec<Violation> {
    each_line(files, |file, line| {
        let ignored = file.is("rs") && line.trim_start().starts_with("#[ignore");
        ignored.then(|| "a test that is never run proves nothing".to_owned())
    })
}

/// A test waits for an event; the rare pause that proves nothing says why above itself or on its line.
pub(super) fn sleeps(files: &[SourceFile]) -> Vec<Violation> {
    let tests = files.iter().filter(|file| {
        file.is("rs") && file.path.starts_with("tests/") && !file.path.starts_with("tests/src/")
    });
    let mut violations = Vec::new();
    for file in tests {
        let mut above = "";
        for (n, line) in file.lines() {
            let is_explained = above.trim_start().starts_with("//") || line.contains("// ");
            if line.contains("thread::sleep(") && !is_explained {
                violations.push(Violation::at(
                    file,
                    n,
                    "a pause without a comment on why it is no proof",
                ));
            }
            above = line;
        }
    }
    violations
}

/// An exception from a lint says why, in the attribute.
pub(super) fn allowed_lints(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is("rs") && !file.path.starts_with(RULES_FOLDER)) {
        for (at, opening) in file.text.match_indices("[allow(") {
            let rest = &file.text[at + opening.len()..];
            if file.text[..at].ends_with(['#', '!'])
                && !rest.split(")]").next().is_some_and(|inner| inner.contains("reason ="))
            {
                let line = file.text[..at].lines().count();
                violations.push(Violation::at(file, line, "a lint is allowed without a reason"));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::SourceFile;
    use crate::tidy::violation::Violation;

    /// The lines of a file that break `rule`.
    #[track_caller]
    fn case(rule: fn(&[SourceFile]) -> Vec<Violation>, path: &str, text: &str, lines: &[usize]) {
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        let violations = rule(std::slice::from_ref(&file));
        assert_eq!(
            violations.iter().map(|one| one.line).collect::<Vec<_>>(),
            lines,
            "{violations:?}"
        );
    }

    #[test]
    fn a_source_opens_with_a_sentence_and_ends_in_time() {
        case(super::opening, "a/src/b.rs", "//! Why.\n", &[]);
        case(super::opening, "a/src/b.rs", "use b;\n", &[1]);
        case(super::opening, "README.md", "# Title\n", &[]);
        case(super::length, "a/src/b.rs", &"x\n".repeat(400), &[]);
        case(super::length, "a/src/b.rs", &"x\n".repeat(401), &[0]);
    }

    #[test]
    fn notes_to_oneself_are_found_as_whole_words() {
        case(
            super::leftovers,
            "a.rs",
            "a\n// TODO later\nlet todo = 1; // mastodon\n// FixMe\n",
            &[2, 4],
        );
        case(super::leftovers, "Cargo.toml", "todo = \"warn\"\n# todo\n", &[2]);
    }

    #[test]
    fn a_crate_stays_at_home() {
        case(super::homes, "state/src/api/client.rs", "use ureq::Agent;", &[]);
        case(super::homes, "call/src/main.rs", "use ureq::Agent;\nureq::get(x)", &[1, 2]);
        case(super::homes, "call/src/main.rs", "// like ureq::Agent\nlet a = \"ureq::x\";", &[]);
        case(
            super::homes,
            "state/src/storage/file.rs",
            "use fs2;\nlet fs2_like = 1;\nmy::fs2::x",
            &[1],
        );
    }

    #[test]
    fn paths_of_a_machine_are_found_but_not_parts_of_other_paths() {
        case(super::words, "README.md", "cd /work/h\nhome/a/work/b\n`/root/.x`", &[1, 3]);
    }

    #[test]
    fn a_pause_in_a_test_needs_its_reason() {
        let text = "thread::sleep(a);\n// nothing may come within this time\nthread::sleep(b);\n";
        case(super::sleeps, "tests/call.rs", text, &[1]);
        case(super::sleeps, "tests/src/lib.rs", text, &[]);
        case(super::ignored_tests, "tests/call.rs", "#[test]\n#[ignore]\nfn a() {}", &[2]);
    }

    #[test]
    fn an_allowed_lint_needs_its_reason() {
        case(super::allowed_lints, "a.rs", "x\n#[allow(dead_code)]\n", &[2]);
        case(super::allowed_lints, "a.rs", "#![allow(\n  dead_code,\n  reason = \"b\"\n)]\n", &[]);
    }
}
