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
use crate::install::reference::{EXIT_CODES, VARIABLES};
use crate::tidy;
use crate::workspace::Workspace;
use mentions::CommandLines;

/// What owners read first; every other page is linked from it, directly or around corners.
const FIRST: &str = "README.md";
/// The most lines of it: a longer one is not read.
const FIRST_LINES: usize = 250;
/// Who changes the programs reads this: it lists the chores.
const CONTRIBUTING: &str = ".github/CONTRIBUTING.md";
/// What holds for all programs.
const SHARED: &str = "state/README.md";

/// Makes the pages, and prints where they are.
pub(crate) fn run(workspace: &Workspace, args: &DocsArgs, printer: Printer) -> Result<Exit> {
    let result = if args.check { check(workspace)? } else { made(workspace, "")? };
    let (word, detail) = result.word_and_detail();
    printer.print(&json!({ "result": word, "detail": detail }), || detail.to_owned())?;
    Ok(if matches!(result, CheckResult::Failed(_)) { Exit::No } else { Exit::Done })
}

/// No page, no `--help`, no comment and no link of a doc comment refers to what is not there; the lists of programs, chores,
/// variables and exit codes are complete; every page can be found.
pub(crate) fn check(workspace: &Workspace) -> Result<CheckResult> {
    let command_lines = CommandLines::of(
        PROGRAMS.iter().map(|(name, _)| *name).zip(commands()).collect(),
        Args::command(),
    );
    let mut faults = command_lines.examples();
    let pages = tidy::pages(workspace)?;
    let text = |path: &str| {
        let page = pages.iter().find(|(page, _)| page == path);
        page.map(|(_, text)| text.as_str()).with_context(|| format!("there is no `{path}`"))
    };
    for (page, text) in &pages {
        let found =
            command_lines.faults(text).into_iter().chain(links::dead(page, text, &|path| {
                if links::is_page(path) {
                    return pages
                        .iter()
                        .find(|(page, _)| page == path)
                        .map(|(_, text)| text.clone());
                }
                workspace.root().join(path).exists().then(String::new)
            }));
        faults.extend(found.map(|fault| format!("{page}: {fault}")));
    }
    let orphans = links::orphans(FIRST, &pages).into_iter();
    faults.extend(orphans.map(|page| format!("{page}: no link leads there from {FIRST}")));
    let n_lines = text(FIRST)?.lines().count();
    if n_lines >= FIRST_LINES {
        faults.push(format!("{FIRST}: {n_lines} lines, wanted less than {FIRST_LINES}"));
    }
    let programs = PROGRAMS.iter().map(|(_, installed)| (*installed).to_owned());
    let chores = command_lines.chores().map(|chore| format!("cargo xtask {chore}"));
    let variables = VARIABLES.iter().map(|(name, _)| (*name).to_owned());
    faults.extend(mentions::missing(programs, text(FIRST)?, FIRST));
    faults.extend(mentions::missing(chores, text(CONTRIBUTING)?, CONTRIBUTING));
    faults.extend(mentions::missing(variables, text(SHARED)?, SHARED));
    for page in [FIRST, SHARED] {
        let codes: Vec<String> = EXIT_CODES.iter().map(|(code, _)| code.to_string()).collect();
        if mentions::exit_codes(text(page)?) != codes {
            faults.push(format!("{page}: its table of exit codes is not that of the programs"));
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
