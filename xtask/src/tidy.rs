//! `cargo xtask tidy`: the house rules that neither the compiler nor clippy knows, every fault listed.

mod crates;
mod graph;
mod lines;
mod manifests;
mod names;
mod sources;
mod tree;

use serde_json::{Map, Value, json};
use state::exit::Exit;
use state::out::{self, Printer};
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

/// The crates, in the order of their use.
const MEMBERS: [&str; 9] =
    ["state", "call", "sms", "approval", "connect", "missions", "setup", "tests", "xtask"];
/// Those that are installed.
const PRODUCT: [&str; 7] = ["state", "call", "sms", "approval", "connect", "missions", "setup"];

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

/// Prints the lines of each crate and of all together, the circles among their files, and the names of types that stand for
/// several things.
pub(crate) fn count(workspace: &Workspace, printer: Printer) -> anyhow::Result<Exit> {
    let files = tree(workspace.root())?;
    let crates = crates::parse(&files)?;
    let (mut rows, mut product) = (Map::new(), lines::Lines::default());
    for name in MEMBERS {
        let lines = lines::below(&files, &format!("{name}/src/"))?;
        if PRODUCT.contains(&name) {
            product.code += lines.code;
            product.data += lines.data;
        }
        rows.insert(name.to_owned(), json!({ "code": lines.code, "data": lines.data }));
    }
    rows.insert("product".to_owned(), json!({ "code": product.code, "data": product.data }));
    let circles: Vec<_> = crates.iter().flat_map(graph::circles).collect();
    let doubled: Map<String, Value> =
        names::doubled(&crates).into_iter().map(|(name, files)| (name, files.into())).collect();
    let document = json!({ "lines": rows, "circles": circles, "doubled_names": doubled });
    printer.document(&document, || {
        let row = |(name, lines): (&String, &Value)| {
            format!("{name:<10} {:>7} code {:>6} data\n", lines["code"], lines["data"])
        };
        let n_circles = circles.len();
        let table: String = rows.iter().map(row).collect();
        format!(
            "{table}circles among files: {n_circles}; doubled names of types: {}",
            doubled.len()
        )
    })?;
    Ok(Exit::Done)
}
