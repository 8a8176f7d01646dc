//! The files in the skill folder that belong to these programs, by what they hold: uninstall removes some of them.

use crate::git_ignore;
use state::paths;
use std::fs;
use std::path::{Path, PathBuf};

/// Logs, pid, journal and locks, of these tools and of the scripts they replace.
pub fn runtime_files(skill: &Path) -> Vec<PathBuf> {
    let names = [".watchdog.log", ".device-status", ".crontab.lock", ".crontab.tmp"];
    let is_ours = |name: &str| {
        name.starts_with(".connect.") || names.contains(&name) || name.starts_with(".status-trial-")
    };
    listed(skill, is_ours)
}

/// What missions, calls and texts store.
pub fn state_files(skill: &Path) -> Vec<PathBuf> {
    let stored = [
        paths::missions_state(skill),
        paths::missions_notes(skill),
        paths::intents(skill),
        paths::do_not_call(skill),
        paths::placed_calls(skill),
        paths::texted_numbers(skill),
        paths::awaited_replies(skill),
        paths::approvals(skill),
        paths::mission_events(skill),
    ];
    let stems: Vec<String> =
        stored.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    // Beside them stand their locks, unfinished files and what was salvaged from them.
    listed(skill, |name| stems.iter().any(|stem| name.starts_with(stem)))
}

/// The configuration, its lock, its unfinished copy, and the `.gitignore` that kept it out of git, unless others wrote to
/// that too.
pub fn config_files(skill: &Path) -> Vec<PathBuf> {
    let config = paths::config(skill);
    let files = [config.clone(), paths::lock_of(&config), paths::temp_of(&config)];
    let git_ignore = git_ignore::is_ours(skill).then(|| git_ignore::path(skill));
    files.into_iter().chain(git_ignore).filter(|path| path.exists()).collect()
}

fn listed(skill: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(skill)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(&is_wanted))
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}
