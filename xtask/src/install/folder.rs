//! The folder that is installed into: empty, one of these programs, or one of the scripts that they replace. Any other is
//! left alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use setup::git_ignore;
use state::exit::Fault;
use state::{env, file, paths};

/// Held while files are laid out. It stays there, and marks a folder as ours from the first moment on.
const LOCK: &str = ".install.lock";

/// A file that every version of the scripts has and these programs do not; it is moved away last.
pub(super) const MARK_OF_SCRIPTS: &str = "scripts/ws-client.js";

/// Files of the scripts (versions 1.0.0 to 2.0.6) that these programs have no use for.
const OBSOLETE: [&str; 14] = [
    "node_modules",
    "package.json",
    "package-lock.json",
    "README.md",
    "CHANGELOG.md",
    "LOCAL_DEV.md",
    "Makefile",
    "dist",
    "skill-config-sample.md",
    "skill-config.json.sample",
    "skill-config.local.example.json",
    "scripts/missions.sh",
    "scripts/__pycache__",
    MARK_OF_SCRIPTS,
];

/// What a folder was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FolderOrigin {
    /// Nothing: it is missing or empty.
    Nothing,
    /// These programs, whole or half laid out.
    Programs,
    /// The scripts that these programs replace.
    Scripts,
}

/// Where the skill goes unless `--to` says otherwise: the default workspace of OpenClaw.
///
/// Fails (exit 3) if no home directory is known.
pub(super) fn default() -> Result<PathBuf> {
    let home = env::home().ok_or_else(|| {
        Fault::not_configured("HOME is not set").hint("say where with `--to DIR`")
    })?;
    Ok(home.join(".openclaw/workspace/skills/clawdtalk-client"))
}

/// Finds out what a folder was made by. Fails (exit 2) if it holds other things: those are never mixed with ours.
pub(super) fn origin(skill: &Path) -> Result<FolderOrigin> {
    if skill.join(MARK_OF_SCRIPTS).is_file() {
        return Ok(FolderOrigin::Scripts);
    }
    let marks = [lock(skill), paths::config(skill), skill.join("bin/connect")];
    if marks.iter().any(|mark| mark.exists()) || is_our_page(&skill.join("SKILL.md")) {
        return Ok(FolderOrigin::Programs);
    }
    let is_empty = match fs::read_dir(skill) {
        Ok(mut entries) => entries.next().is_none(),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => true,
        Err(err) => return Err(err).with_context(|| format!("reading `{}`", skill.display())),
    };
    if is_empty {
        return Ok(FolderOrigin::Nothing);
    }
    let found = format!(
        "`{}` holds other things; wanted an empty folder or one of the ClawdTalk skill",
        skill.display()
    );
    let hint = "name a folder of its own with `--to`, such as `…/skills/clawdtalk-client`";
    Err(Fault::usage(found).hint(hint).into())
}

fn is_our_page(page: &Path) -> bool {
    let text = fs::read_to_string(page).unwrap_or_default().to_lowercase();
    // The name stands in the page's head, before its first heading.
    text.lines().take(20).any(|line| line.starts_with("name:") && line.contains("clawdtalk"))
}

/// The lock that keeps two installations of one folder apart.
pub(super) fn lock(skill: &Path) -> PathBuf {
    skill.join(LOCK)
}

/// What is moved away of a folder of the scripts, in this order.
pub(super) fn obsolete(skill: &Path) -> Vec<&'static str> {
    let is_there = |name: &&&str| skill.join(name).symlink_metadata().is_ok();
    OBSOLETE.iter().filter(is_there).copied().collect()
}

/// The files made at run time that others may read or write: they hold keys, numbers and people's words.
///
/// What is behind a link is somebody else's and is not among them.
pub(super) fn exposed(skill: &Path) -> Result<Vec<PathBuf>> {
    let reading = || format!("reading `{}`", skill.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(skill).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name();
        if is_file
            && git_ignore::is_private(&name.to_string_lossy())
            && file::is_accessible_to_others(&entry.path())
        {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
