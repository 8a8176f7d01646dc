//! Whether git has, or would take, the private files of the skill folder: a key that is committed is everybody's who reads
//! the repository.

use super::finding::Finding;
use super::fix::Fix;
use crate::git_ignore;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What git says; `None` if there is nothing to say.
pub(super) fn check(skill: &Path) -> Option<Finding> {
    // Only then is git asked, which is not everywhere.
    let tree = skill.ancestors().find(|folder| folder.join(".git").exists())?;
    let (shown, tree) = (skill.display(), tree.display());
    let private = private_files(skill);
    let Some(tracked) = listed(skill, &["ls-files", "-z", "--", "."], "") else {
        if private.is_empty() || git_ignore::path(skill).exists() {
            return None;
        }
        let detail = format!(
            "`{shown}` lies in the git work tree `{tree}`, and git cannot be asked what it takes"
        );
        return Some(Finding::warn(detail, Fix::IgnoreInGit(skill.to_owned())));
    };
    let in_git: Vec<&String> = tracked.iter().filter(|name| git_ignore::is_private(name)).collect();
    if let Some(first) = in_git.iter().find(|name| git_ignore::is_key_file(name)).or(in_git.first())
    {
        let fix = Fix::TakeOutOfGit(skill.to_owned(), in_git.iter().copied().cloned().collect());
        if git_ignore::is_key_file(first) {
            let detail = format!(
                "`{first}`, which holds a key, is in git, in the work tree `{tree}`: take it out, and make a new key"
            );
            return Some(Finding::fail(detail, fix));
        }
        let detail =
            format!("`{first}` and what people said in it is in git, in the work tree `{tree}`");
        return Some(Finding::warn(detail, fix));
    }
    let names = private.join("\0");
    let ignored = listed(skill, &["check-ignore", "-z", "--stdin"], &names)?;
    let taken = private.iter().find(|name| !ignored.contains(name))?;
    let detail = format!("git would take `{taken}` into the work tree `{tree}`");
    Some(Finding::warn(detail, Fix::IgnoreInGit(skill.to_owned())))
}

/// The private files that are there, by name, those with a key first.
fn private_files(skill: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(skill).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    // An empty folder is nothing to git.
    let mut private: Vec<String> = names
        .filter(|name| git_ignore::is_private(name) && name != ".install.lock")
        .filter(|name| !skill.join(name).is_dir())
        .collect();
    private.sort_by_key(|name| (!git_ignore::is_key_file(name), name.clone()));
    private
}

/// What git lists, each name up to a NUL; `None` if there is no git, or it will not say. It runs nothing that the work
/// tree names, such as a hook.
fn listed(skill: &Path, line: &[&str], input: &str) -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C"]).arg(skill);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CEILING_DIRECTORIES"] {
        git.env_remove(variable);
    }
    git.args(line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut git = git.spawn().ok()?;
    // A few names, which the pipe takes at once; git that is gone tells by its exit code.
    let _ = git.stdin.take()?.write_all(input.as_bytes());
    let out = git.wait_with_output().ok()?;
    // 1: none of them is ignored.
    matches!(out.status.code(), Some(0 | 1)).then(|| {
        let names = out.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    })
}
