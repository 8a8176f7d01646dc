//! Rules about manifests: why a dependency is there, where it comes from, and that every test file is run.

use super::tree::SourceFile;
use super::violation::Violation;

/// Under these headings a dependency needs no sentence of its own.
const SETTLED: [&str; 2] = ["# ours", "# chosen by the owner of the project"];

/// The only registry; a mirror's name in the lock file would break everybody else's build.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every dependency is declared once, in the workspace's manifest, below a comment on what it carries.
pub(super) fn dependencies(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        // The fuzz targets are outside the workspace and use nothing of their own but the fuzzer.
        if file.path.starts_with("tests/fuzz/") {
            continue;
        }
        let (mut section, mut is_settled, mut has_comment) = ("", false, false);
        for (n, line) in file.lines() {
            if line.starts_with('[') {
                (section, is_settled, has_comment) = (line, false, false);
            } else if line.starts_with('#') {
                (is_settled, has_comment) =
                    (SETTLED.contains(&line) || (is_settled && has_comment), true);
            } else if section.ends_with("dependencies]") && line.contains('=') {
                let here = section == "[workspace.dependencies]";
                if here && !has_comment && !is_settled {
                    violations.push(Violation::at(
                        file,
                        n,
                        "a dependency without a sentence on what it carries",
                    ));
                }
                if !here && !line.contains("workspace = true") {
                    violations.push(Violation::at(
                        file,
                        n,
                        "a dependency that is not the workspace's",
                    ));
                }
                has_comment = false;
            }
        }
    }
    violations
}

/// Cargo.lock names crates.io and nothing else.
pub(super) fn registries(files: &[SourceFile]) -> Vec<Violation> {
    let locks = files.iter().filter(|file| file.path.ends_with("Cargo.lock"));
    let lines = locks.flat_map(|file| file.lines().map(move |(n, line)| (file, n, line)));
    let is_foreign = |line: &str| line.starts_with("source = ") && !line.contains(REGISTRY);
    lines
        .filter(|(_, _, line)| is_foreign(line))
        .map(|(file, n, _)| Violation::at(file, n, "a package that is not from crates.io"))
        .collect()
}

/// A file in `tests/` that no manifest names is never compiled, let alone run.
pub(super) fn undeclared_tests(files: &[SourceFile]) -> Vec<Violation> {
    let is_test = |file: &&SourceFile| {
        file.path.strip_prefix("tests/").is_some_and(|name| file.is("rs") && !name.contains('/'))
    };
    let declared = |file: &&SourceFile| {
        let line = format!("\"../{}\"", file.path);
        files.iter().any(|other| other.path.ends_with("Cargo.toml") && other.text.contains(&line))
    };
    let lost = files.iter().filter(is_test).filter(|file| !declared(file));
    lost.map(|file| Violation::at(file, 0, "no Cargo.toml declares it as a test")).collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::SourceFile;
    use crate::tidy::violation::Violation;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[track_caller]
    fn lines(violations: &[Violation], expected: &[usize]) {
        assert_eq!(
            violations.iter().map(|one| one.line).collect::<Vec<_>>(),
            expected,
            "{violations:?}"
        );
    }

    #[test]
    fn a_dependency_says_what_it_carries() {
        let text = "[workspace.dependencies]\n# ours\na = 1\nb = 1\n# added, each\n# Why c.\nc = 1\nd = 1\n\n[lints]\ne = 1\n";
        lines(&super::dependencies(&[file("Cargo.toml", text)]), &[8]);
        let member = "[dependencies]\na.workspace = true\nb = \"1\"\n";
        lines(&super::dependencies(&[file("call/Cargo.toml", member)]), &[3]);
    }

    #[test]
    fn packages_come_from_crates_io() {
        let text = format!("source = \"{}\"\nsource = \"git+https://x\"\n", super::REGISTRY);
        lines(&super::registries(&[file("Cargo.lock", &text)]), &[2]);
    }

    #[test]
    fn a_test_file_is_declared_by_a_tool() {
        let manifest = file("call/Cargo.toml", "[[test]]\npath = \"../tests/call.rs\"\n");
        let tests = [manifest, file("tests/call.rs", ""), file("tests/lost.rs", "")];
        let violations = super::undeclared_tests(&tests);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].path, "tests/lost.rs");
    }
}
