//! Rules about manifests: why a dependency is there, where it comes from, and that every test file is run.

use super::sources::fault;
use super::{Fault, File};

/// Under these headings a dependency needs no sentence of its own.
const SETTLED: [&str; 2] = ["# ours", "# chosen by the owner of the project"];

/// The only registry; a mirror's name in the lock file would break everybody else's build.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every dependency is declared once, in the workspace's manifest, below a comment on what it carries.
pub(super) fn dependencies(files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        // The fuzz targets are outside the workspace and use nothing of their own but the fuzzer.
        if file.path.starts_with("tests/fuzz/") {
            continue;
        }
        let (mut section, mut settled, mut told) = ("", false, false);
        for (n, line) in file.lines() {
            if line.starts_with('[') {
                (section, settled, told) = (line, false, false);
            } else if line.starts_with('#') {
                (settled, told) = (SETTLED.contains(&line) || (settled && told), true);
            } else if section.ends_with("dependencies]") && line.contains('=') {
                let here = section == "[workspace.dependencies]";
                if here && !told && !settled {
                    faults.push(fault(
                        file,
                        n,
                        "a dependency without a sentence on what it carries",
                    ));
                }
                if !here && !line.contains("workspace = true") {
                    faults.push(fault(file, n, "a dependency that is not the workspace's"));
                }
                told = false;
            }
        }
    }
    faults
}

/// Cargo.lock names crates.io and nothing else.
pub(super) fn registries(files: &[File]) -> Vec<Fault> {
    let locks = files.iter().filter(|file| file.path.ends_with("Cargo.lock"));
    let lines = locks.flat_map(|file| file.lines().map(move |(n, line)| (file, n, line)));
    let strange = |line: &str| line.starts_with("source = ") && !line.contains(REGISTRY);
    lines
        .filter(|(_, _, line)| strange(line))
        .map(|(file, n, _)| fault(file, n, "a package that is not from crates.io"))
        .collect()
}

/// A file in `tests/` that no manifest names is never compiled, let alone run.
pub(super) fn undeclared_tests(files: &[File]) -> Vec<Fault> {
    let is_test = |file: &&File| {
        file.path.strip_prefix("tests/").is_some_and(|name| file.is("rs") && !name.contains('/'))
    };
    let declared = |file: &&File| {
        let line = format!("\"../{}\"", file.path);
        files.iter().any(|other| other.path.ends_with("Cargo.toml") && other.text.contains(&line))
    };
    let lost = files.iter().filter(is_test).filter(|file| !declared(file));
    lost.map(|file| fault(file, 0, "no Cargo.toml declares it as a test")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Fault, File};

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[track_caller]
    fn lines(faults: &[Fault], wanted: &[usize]) {
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), wanted, "{faults:?}");
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
        let faults = super::undeclared_tests(&tests);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].path, "tests/lost.rs");
    }
}
