//! The two crontab lines: one starts the client at boot, one runs its watchdog each minute.

use crate::programs::connect_of;
use state::crontab::{self, CrontabLine};
use state::exit::Fault;
use std::path::Path;

/// The comment at the end of our lines. It names the folder, so that two installations do not take each other's.
pub fn mark(skill: &Path) -> String {
    format!("clawdtalk connect {}", skill.display())
}

/// The two lines. They name the folder as an option, since cron gives no environment of ours.
fn lines(skill: &Path, connect: &Path) -> Result<[CrontabLine; 2], Fault> {
    let (skill_text, connect) = (skill.display().to_string(), connect.display().to_string());
    let line = |schedule, verb| {
        CrontabLine::new(
            schedule,
            &[&connect, verb, "--quiet", "--skill-dir", &skill_text],
            &mark(skill),
        )
    };
    Ok([line("@reboot", "start")?, line("* * * * *", "watchdog")?])
}

pub(super) fn install(skill: &Path, connect: &Path) -> anyhow::Result<Vec<String>> {
    let lines = lines(skill, connect)?;
    let changed = crontab::set_lines(skill, &mark(skill), &lines)?;
    Ok(if changed { lines.iter().map(|line| line.text().to_owned()).collect() } else { Vec::new() })
}

pub(super) fn remove(skill: &Path) -> anyhow::Result<Vec<String>> {
    let removed: Vec<_> = crontab::lines_with_mark(&crontab::read()?, &mark(skill))
        .into_iter()
        .map(str::to_owned)
        .collect();
    crontab::set_lines(skill, &mark(skill), &[])?;
    Ok(removed)
}

pub(super) fn check(skill: &Path) -> Result<(), String> {
    let text = |err: anyhow::Error| state::exit::one_line(&err);
    let connect = connect_of(skill).map_err(text)?;
    let wanted = lines(skill, &connect).map_err(|fault| fault.to_string())?;
    let crontab = crontab::read().map_err(text)?;
    if crontab::lines_with_mark(&crontab, &mark(skill)) == wanted.each_ref().map(CrontabLine::text)
    {
        return Ok(());
    }
    Err("its lines are missing from the crontab, or were changed".to_owned())
}
