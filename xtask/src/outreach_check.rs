//! `cargo xtask outreach-check`: the jobs that owners give, played from the lines of the skill's own page against the
//! simulated service: how many commands an agent needs, how many bytes it reads, and whether every total that it is told is
//! the service's own.

mod jobs;
mod page;
mod stage;

use anyhow::Result;
use serde_json::{Value, json};
use state::out::Printer;

use crate::check_result::CheckResult;
use crate::workspace::{Profile, Workspace};
use stage::Job;

/// Runs it by itself, and prints the figures.
pub(crate) fn run(workspace: &Workspace, printer: Printer) -> Result<CheckResult> {
    let jobs = play(workspace)?;
    let result = judge(&jobs);
    let (word, detail) = result.word_and_detail();
    let figures: Vec<Value> = jobs.iter().map(Job::json).collect();
    printer.print(&json!({ "result": word, "jobs": figures, "detail": detail }), || {
        let lines = jobs.iter().map(|job| format!("{job}\n"));
        lines.chain(std::iter::once(format!("{word}: {detail}"))).collect()
    })?;
    Ok(result)
}

/// Runs it as one of all checks.
pub(crate) fn check(workspace: &Workspace) -> Result<CheckResult> {
    play(workspace).map(|jobs| judge(&jobs))
}

fn play(workspace: &Workspace) -> Result<Vec<Job>> {
    let programs = workspace.build(Profile::Dev)?;
    let page = page::SkillPage::read(workspace)?;
    jobs::ALL.iter().map(|job| job(&programs, &page)).collect()
}

fn judge(jobs: &[Job]) -> CheckResult {
    let detail: Vec<String> = jobs.iter().map(ToString::to_string).collect();
    CheckResult::of(jobs.iter().all(Job::is_within), detail.join("; "))
}
