//! `cargo xtask ci`: every check there is. What could not be run is listed with its reason, never passed in silence.

mod checks;
mod completions;
mod fuzz;
mod peer;
mod systemd;

use std::time::{Duration, Instant};

use anyhow::Result;
use state::args::Common;
use state::exit::{self, Exit, Fault};
use state::out::{self, Printer};

use crate::args::CiArgs;
use crate::check_result::CheckResult;
use crate::classifier;
use crate::cron_check;
use crate::demo;
use crate::docs;
use crate::outreach_check;
use crate::picture;
use crate::torture;
use crate::workspace::Workspace;

type CiCheck = fn(&Workspace) -> Result<CheckResult>;

/// The cheap ones first: a simple mistake shows within seconds.
const CHECKS: &[(&str, CiCheck)] = &[
    ("fmt", checks::fmt),
    ("tidy", checks::tidy),
    ("clippy", checks::clippy),
    ("docs", docs::check),
    ("fuzz", fuzz::build),
    ("classifier", classifier::check),
    ("test", checks::test),
    ("contract", checks::contract),
    ("demo", demo::check),
    ("picture", picture::check),
    ("completions", completions::run),
    ("outreach-check", outreach_check::check),
    ("torture", torture::shortly),
    ("systemd", systemd::run),
    ("cron-check", cron_check::check),
    ("peer", peer::run),
];

/// Runs the named checks, or all where none is named, also after one has failed, and prints the summary. [`Exit::No`] if one
/// failed; fails (exit 2) for a name that there is not.
pub(crate) fn run(workspace: &Workspace, args: &CiArgs) -> Result<Exit> {
    if let Some(unknown) =
        args.checks.iter().find(|one| !CHECKS.iter().any(|(name, _)| name == *one))
    {
        let names: Vec<_> = CHECKS.iter().map(|(name, _)| *name).collect();
        return Err(
            Fault::usage(format!("no check `{unknown}`; there are {}", names.join(", "))).into()
        );
    }
    let mut ended = Vec::new();
    let is_wanted =
        |name: &str| args.checks.is_empty() || args.checks.iter().any(|one| one == name);
    for &(name, check) in CHECKS.iter().filter(|(name, _)| is_wanted(name)) {
        out::progress(&format!("\n== {name}"));
        let began = Instant::now();
        let result =
            check(workspace).unwrap_or_else(|err| CheckResult::Failed(exit::one_line(&err)));
        ended.push((name, result, began.elapsed()));
    }
    let failed = ended.iter().any(|(_, result, _)| matches!(result, CheckResult::Failed(_)));
    // Always words: a ci log is read by people, and libtest's lines stand on the same stdout.
    let printer = Printer::new(&Common { text_mode: true, ..Common::default() });
    printer.print_in_text_mode(&table(&ended))?;
    Ok(if failed { Exit::No } else { Exit::Done })
}

fn table(ended: &[(&str, CheckResult, Duration)]) -> String {
    let mut text = String::from("\n== summary\n");
    for (name, result, took) in ended {
        let (word, detail) = result.word_and_detail();
        let line = format!("{word:<8} {name:<16} {:>4} s  {detail}", took.as_secs());
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
