//! `cargo xtask tidy`: the rules of this repository that neither the compiler nor clippy knows; lists every violation.

mod citations;
mod crates;
mod graph;
mod layout;
mod lines;
mod manifests;
mod names;
mod sources;
mod tree;
mod violation;

use TidyRule::{Crates, Files};
use crates::Crate;
use serde_json::{Map, Value, json};
use state::exit::Exit;
use state::out::{self, Printer};
use tree::{SourceFile, tree};
use violation::Violation;

use crate::workspace::Workspace;

/// The crates, in the order of their use.
const MEMBERS: [&str; 9] =
    ["state", "call", "sms", "approval", "connect", "missions", "setup", "tests", "xtask"];
/// Those that are installed.
const PRODUCT: [&str; 7] = ["state", "call", "sms", "approval", "connect", "missions", "setup"];

/// A rule looks at all files, or at all crates, since some are about two of them.
enum TidyRule {
    Files(fn(&[SourceFile]) -> Vec<Violation>),
    Crates(fn(&[Crate]) -> Vec<Violation>),
}

const RULES: [(&str, TidyRule); 15] = [
    ("opening", Files(sources::opening)),
    ("length", Files(sources::length)),
    ("leftovers", Files(sources::leftovers)),
    ("homes", Files(sources::homes)),
    ("words", Files(sources::words)),
    ("citations", Files(citations::citations)),
    ("ignored tests", Files(sources::ignored_tests)),
    ("sleeps in tests", Files(sources::sleeps)),
    ("allowed lints", Files(sources::allowed_lints)),
    ("dependencies", Files(manifests::dependencies)),
    ("registries", Files(manifests::registries)),
    ("undeclared tests", Files(manifests::undeclared_tests)),
    ("circles", Crates(layout::circles)),
    ("doubled names", Crates(layout::doubled_names)),
    ("flat crates", Files(layout::flat)),
];

/// Prints every violation on stderr. [`Exit::No`] if there is one.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<Exit> {
    let files = tree(workspace.root())?;
    let crates = crates::parse(&files)?;
    let mut n_violations = 0;
    for (name, rule) in RULES {
        let found = match rule {
            Files(rule) => rule(&files),
            Crates(rule) => rule(&crates),
        };
        for Violation { path, line, what } in found {
            let place = if line == 0 { path } else { format!("{path}:{line}") };
            out::error(&format!("{place}: {what} ({name})"));
            n_violations += 1;
        }
    }
    out::progress(&format!(
        "tidy: {} files, {} rules, {n_violations} violations",
        files.len(),
        RULES.len()
    ));
    Ok(if n_violations == 0 { Exit::Done } else { Exit::No })
}

/// Where a comment, a page or the name of a test cites what is not in the repository: `path:line: what`.
pub(crate) fn dangling_citations(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let found = citations::citations(&tree(workspace.root())?);
    Ok(found.iter().map(|one| format!("{}:{}: {}", one.path, one.line, one.what)).collect())
}

/// Every page of the repository: its path from the top, and its text.
pub(crate) fn pages(workspace: &Workspace) -> anyhow::Result<Vec<(String, String)>> {
    let pages = tree(workspace.root())?.into_iter().filter(|file| file.is("md"));
    Ok(pages.map(|page| (page.path, page.text)).collect())
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
    printer.print(&document, || {
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
