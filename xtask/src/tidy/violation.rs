//! What breaks a rule, and where.

use super::tree::SourceFile;

/// The rules hold the words that they forbid, so they are no violations of themselves.
pub(super) const RULES_FOLDER: &str = "xtask/src/tidy/";

/// One thing that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) path: String,
    /// From 1; 0 = the file as a whole.
    pub(super) line: usize,
    pub(super) what: String,
}

impl Violation {
    pub(super) fn at(file: &SourceFile, line: usize, what: &str) -> Self {
        Self { path: file.path.clone(), line, what: what.to_owned() }
    }
}

/// Applies a rule about single lines to all files but the rules' own.
pub(super) fn each_line(
    files: &[SourceFile],
    rule: impl Fn(&SourceFile, &str) -> Option<String>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with(RULES_FOLDER)) {
        for (n, line) in file.lines() {
            violations.extend(rule(file, line).map(|what| Violation::at(file, n, &what)));
        }
    }
    violations
}
