//! `status`: checks every part of the installation and prints the findings.

use crate::args::StatusArgs;
use crate::checks::{self, Installation};
use serde_json::json;
use state::exit::Exit;
use state::terminal;

/// Prints the findings: a table on a terminal or with `--text`, else JSON. Exit 1 if something fails.
pub fn run(args: &StatusArgs) -> anyhow::Result<Exit> {
    let printer = super::printer(&args.common);
    let checks = checks::run(Installation::new(&args.common)?);
    let is_healthy = checks::are_healthy(&checks);
    let document = json!({
        "healthy": is_healthy,
        "summary": checks::summary(&checks),
        "checks": checks::as_json(&checks),
    });
    printer.print_painted(&document, || checks::as_table(&checks, terminal::width(false)))?;
    Ok(if is_healthy { Exit::Done } else { Exit::No })
}
