//! The checks that need nothing but this checkout and its toolchain.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use serde_json::Value;
use state::exit::Exit;

use crate::check_result::CheckResult;
use crate::tidy as rules;
use crate::workspace::Workspace;

/// The sources are formatted as rustfmt writes them.
pub(super) fn fmt(workspace: &Workspace) -> Result<CheckResult> {
    check_exit(&mut workspace.cargo(&["fmt", "--all", "--check"]))
}

/// Every lint of the workspace, as an error.
pub(super) fn clippy(workspace: &Workspace) -> Result<CheckResult> {
    let args = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    check_exit(&mut workspace.cargo(&args))
}

/// The rules of this repository that no compiler knows.
pub(super) fn tidy(workspace: &Workspace) -> Result<CheckResult> {
    Ok(match rules::run(workspace)? {
        Exit::Done => CheckResult::Passed(String::new()),
        _ => CheckResult::Failed("see above".to_owned()),
    })
}

/// All tests. Their output is passed on as it comes; the sums of libtest's closing lines stand in the summary.
pub(super) fn test(workspace: &Workspace) -> Result<CheckResult> {
    let args = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let mut command = workspace.cargo(&args);
    let mut tests = command.stdout(Stdio::piped()).spawn().context("starting `cargo test`")?;
    let stdout = tests.stdout.take().context("`cargo test` has no stdout")?;
    let mut counts = TestCounts::default();
    for line in BufReader::new(stdout).lines() {
        let line = line.context("reading the output of `cargo test`")?;
        counts.add(&line);
        // Whoever closed our stdout has seen enough; the tests go on and decide the exit code.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    let status = tests.wait().context("waiting for `cargo test`")?;
    let summary =
        format!("{} passed, {} failed, {} ignored", counts.passed, counts.failed, counts.ignored);
    let is_well =
        status.success() && counts.passed > 0 && counts.failed == 0 && counts.ignored == 0;
    Ok(CheckResult::of(is_well, summary))
}

/// Our copy of the contract is the shared one, but for entries that give their own reason to deviate.
pub(super) fn contract(workspace: &Workspace) -> Result<CheckResult> {
    let theirs = match workspace.shared("contract/commands.json") {
        Ok(path) => path,
        Err(reason) => return Ok(CheckResult::Skipped(reason.to_string())),
    };
    let (ours, theirs) =
        (cases(&workspace.root().join("tests/contract/commands.json"))?, cases(&theirs)?);
    let shared = |case: &Value| theirs.iter().find(|other| other["name"] == case["name"]);
    // How a reason is worded is no difference.
    let differing = |case: &&Value| {
        shared(case).is_none_or(|other| without_reason(other) != without_reason(case))
    };
    let is_explained = |case: &&Value| {
        let reason = case["deviates"].as_str();
        reason.is_some() && reason != shared(case).and_then(|other| other["deviates"].as_str())
    };
    let unexplained = ours.iter().filter(differing).find(|case| !is_explained(case));
    Ok(match unexplained {
        _ if ours.len() != theirs.len() => {
            let counts = format!("{} entries, the shared one has {}", ours.len(), theirs.len());
            CheckResult::Failed(format!("our copy has {counts}"))
        }
        Some(case) => CheckResult::Failed(format!("{} differs from the shared one", case["name"])),
        None => {
            let differing: Vec<_> =
                ours.iter().filter(differing).map(|case| case["name"].to_string()).collect();
            CheckResult::Passed(format!("but for {}, each with its reason", differing.join(", ")))
        }
    })
}

fn without_reason(case: &Value) -> Value {
    let mut case = case.clone();
    case["deviates"] = Value::Null;
    case
}

fn cases(path: &Path) -> Result<Vec<Value>> {
    let reading = || format!("reading `{}`", path.display());
    let bytes = std::fs::read(path).with_context(reading)?;
    let contract: Value = serde_json::from_slice(&bytes).with_context(reading)?;
    contract["cases"].as_array().cloned().with_context(reading)
}

fn check_exit(command: &mut Command) -> Result<CheckResult> {
    let status = command.stdin(Stdio::null()).status().context("starting cargo")?;
    Ok(if status.success() {
        CheckResult::Passed(String::new())
    } else {
        CheckResult::Failed(format!("cargo ended with {status}"))
    })
}

/// The sums of lines such as `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
#[derive(Debug, Default, PartialEq, Eq)]
struct TestCounts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl TestCounts {
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
    use super::TestCounts;

    #[test]
    fn the_closing_lines_of_libtest_are_summed() {
        let mut counts = TestCounts::default();
        counts.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s");
        counts
            .add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        counts.add("test a_result_is_told ... ok");
        assert_eq!(counts, TestCounts { passed: 15, failed: 2, ignored: 1 });
    }
}
