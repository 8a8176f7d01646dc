//! The checks that need nothing but this checkout and its toolchain.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;
use state::exit::Exit;

use crate::tidy as rules;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// The sources look as rustfmt would write them.
pub(super) fn fmt(workspace: &Workspace) -> Result<Verdict> {
    ended_well(&mut workspace.cargo(&["fmt", "--all", "--check"]))
}

/// Every lint of the workspace, as an error.
pub(super) fn clippy(workspace: &Workspace) -> Result<Verdict> {
    let args = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    ended_well(&mut workspace.cargo(&args))
}

/// The house rules.
pub(super) fn tidy(workspace: &Workspace) -> Result<Verdict> {
    Ok(match rules::run(workspace)? {
        Exit::Done => Verdict::Passed(String::new()),
        _ => Verdict::Failed("see above".to_owned()),
    })
}

/// All tests. Their output is passed on as it comes; the sums of libtest's closing lines stand in the summary.
pub(super) fn test(workspace: &Workspace) -> Result<Verdict> {
    let args = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let mut command = workspace.cargo(&args);
    let mut tests = command.stdout(Stdio::piped()).spawn().context("starting `cargo test`")?;
    let stdout = tests.stdout.take().context("`cargo test` has no stdout")?;
    let mut sum = Sum::default();
    for line in BufReader::new(stdout).lines() {
        let line = line.context("reading what `cargo test` says")?;
        sum.add(&line);
        // Whoever closed our stdout has seen enough; the tests go on and decide the exit code.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    let status = tests.wait().context("waiting for `cargo test`")?;
    let told = format!("{} passed, {} failed, {} ignored", sum.passed, sum.failed, sum.ignored);
    let well = status.success() && sum.passed > 0 && sum.failed == 0 && sum.ignored == 0;
    Ok(Verdict::of(well, told))
}

/// Our copy of the contract is the shared one, but for entries that say by which page of the spec they differ.
pub(super) fn contract(workspace: &Workspace) -> Result<Verdict> {
    let theirs = match workspace.shared("contract/commands.json") {
        Ok(path) => path,
        Err(reason) => return Ok(Verdict::Skipped(reason.to_string())),
    };
    let (ours, theirs) =
        (cases(&workspace.root().join("tests/contract/commands.json"))?, cases(&theirs)?);
    let differing = |case: &&Value| !theirs.contains(case);
    let explained =
        |case: &&Value| case["deviates"].as_str().is_some_and(|reason| reason.starts_with("spec "));
    let unexplained = ours.iter().filter(differing).find(|case| !explained(case));
    Ok(match unexplained {
        _ if ours.len() != theirs.len() => {
            let counts = format!("{} entries, the shared one has {}", ours.len(), theirs.len());
            Verdict::Failed(format!("our copy has {counts}"))
        }
        Some(case) => Verdict::Failed(format!("{} differs from the shared one", case["name"])),
        None => {
            let differing: Vec<_> =
                ours.iter().filter(differing).map(|case| case["name"].to_string()).collect();
            Verdict::Passed(format!("but for {}, by the spec", differing.join(", ")))
        }
    })
}

fn cases(path: &Path) -> Result<Vec<Value>> {
    let reading = || format!("reading `{}`", path.display());
    let bytes = std::fs::read(path).with_context(reading)?;
    let contract: Value = serde_json::from_slice(&bytes).with_context(reading)?;
    contract["cases"].as_array().cloned().with_context(reading)
}

fn ended_well(command: &mut Command) -> Result<Verdict> {
    let status = command.stdin(Stdio::null()).status().context("starting cargo")?;
    Ok(if status.success() {
        Verdict::Passed(String::new())
    } else {
        Verdict::Failed(format!("cargo ended with {status}"))
    })
}

/// The sums of lines such as `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Sum {
    fn add(&mut self, line: &str) {
        let Some((_, counts)) =
            line.split_once("test result: ").and_then(|(_, rest)| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else { continue };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn the_closing_lines_of_libtest_are_summed() {
        let mut sum = Sum::default();
        sum.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s");
        sum.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        sum.add("test a_result_is_told ... ok");
        assert_eq!(sum, Sum { passed: 15, failed: 2, ignored: 1 });
    }
}
