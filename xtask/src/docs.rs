//! `cargo xtask docs`: makes the pages from the sources; with `--check`, checks that the pages agree with the programs, and
//! that no link and no citation leads nowhere.

mod links;
mod mentions;

use std::process::Stdio;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use serde_json::json;
use state::exit::Exit;
use state::out::{self, Printer};

use crate::args::{Args, DocsArgs};
use crate::check_result::CheckResult;
use crate::install::programs::{PROGRAMS, commands};
use crate::tidy;
use crate::workspace::Workspace;
use mentions::CommandLines;

/// What people and agents read.
const PAGES: [&str; 5] = [
    "README.md",
    ".github/CONTRIBUTING.md",
    "setup/src/skill/SKILL.md",
    "setup/src/skill/SETUP.md",
    "setup/src/skill/MISSIONS.md",
];

/// Makes the pages, and prints where they are.
pub(crate) fn run(workspace: &Workspace, args: &DocsArgs, printer: Printer) -> Result<Exit> {
    let result = if args.check { check(workspace)? } else { made(workspace, "")? };
    let (word, detail) = result.word_and_detail();
    printer.print(&json!({ "result": word, "detail": detail }), || detail.to_owned())?;
    Ok(if matches!(result, CheckResult::Failed(_)) { Exit::No } else { Exit::Done })
}

/// No page, no `--help`, no comment and no link of a doc comment refers to what is not there, and the README's lists are
/// complete.
pub(crate) fn check(workspace: &Workspace) -> Result<CheckResult> {
    let command_lines = CommandLines::of(
        PROGRAMS.iter().map(|(name, _)| *name).zip(commands()).collect(),
        Args::command(),
    );
    let mut faults = command_lines.examples();
    for page in PAGES {
        let path = workspace.root().join(page);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading `{}`", path.display()))?;
        faults.extend(
            command_lines.faults(&text).into_iter().map(|fault| format!("{page}: {fault}")),
        );
        let folder = path.parent().unwrap_or(workspace.root());
        faults.extend(links::dead(&text, folder).iter().map(|fault| format!("{page}: {fault}")));
        if page == PAGES[0] {
            faults.extend(
                command_lines.missing(&text).into_iter().map(|fault| format!("{page}: {fault}")),
            );
        }
    }
    faults.extend(tidy::dangling_citations(workspace)?);
    for fault in &faults {
        out::error(fault);
    }
    if !faults.is_empty() {
        return Ok(CheckResult::Failed(format!(
            "{} faults in pages, helps and comments",
            faults.len()
        )));
    }
    made(workspace, "-D warnings -D rustdoc::broken_intra_doc_links")
}

/// The pages of the sources' own comments, private ones too: there are no other readers.
fn made(workspace: &Workspace, flags: &str) -> Result<CheckResult> {
    let args = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"];
    let mut command = workspace.cargo(&args);
    command.env("RUSTDOCFLAGS", flags).stdin(Stdio::null());
    let status = command.status().context("starting `cargo doc`")?;
    let place = workspace.scratch("doc")?.join("state/index.html");
    Ok(CheckResult::of(
        status.success(),
        if status.success() { place.display().to_string() } else { format!("cargo doc: {status}") },
    ))
}
