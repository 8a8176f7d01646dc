//! `cargo xtask tidy`: the house rules that neither the compiler nor clippy knows, every fault listed.

mod manifests;
mod sources;
mod tree;

use state::exit::Exit;
use state::out;
use tree::{File, tree};

use crate::workspace::Workspace;

/// One thing that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    path: String,
    /// From 1; 0 = the file as a whole.
    line: usize,
    what: String,
}

/// A rule looks at the whole tree, since some are about two files.
type Rule = fn(&[File]) -> Vec<Fault>;

const RULES: [(&str, Rule); 11] = [
    ("opening", sources::opening),
    ("length", sources::length),
    ("leftovers", sources::leftovers),
    ("homes", sources::homes),
    ("words", sources::words),
    ("ignored tests", sources::ignored_tests),
    ("sleeps in tests", sources::sleeps),
    ("allowed lints", sources::allowed_lints),
    ("dependencies", manifests::dependencies),
    ("registries", manifests::registries),
    ("undeclared tests", manifests::undeclared_tests),
];

/// Tells every fault on stderr. [`Exit::No`] if there is one.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<Exit> {
    let files = tree(workspace.root())?;
    let mut n_faults = 0;
    for (name, rule) in RULES {
        for Fault { path, line, what } in rule(&files) {
            let place = if line == 0 { path } else { format!("{path}:{line}") };
            out::error(&format!("{place}: {what} ({name})"));
            n_faults += 1;
        }
    }
    out::progress(&format!(
        "tidy: {} files, {} rules, {n_faults} faults",
        files.len(),
        RULES.len()
    ));
    Ok(if n_faults == 0 { Exit::Done } else { Exit::No })
}
