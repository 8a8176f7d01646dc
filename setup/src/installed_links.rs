//! The programs of a skill folder and the links to them, which `uninstall` leaves: how they go.

use state::shell;
use std::fs;
use std::path::{Path, PathBuf};

/// What links to programs are called, up to the program's own name.
const PREFIX: &str = "clawdtalk-";

/// The command that removes the installed programs and the links to them; none for a folder without programs. What else
/// is in the folder goes with it.
pub fn removal(skill: &Path) -> Option<String> {
    if !skill.join("bin/connect").is_file() {
        return None;
    }
    let quoted = |path: &Path| shell::quote(&path.display().to_string());
    let mut commands = Vec::new();
    for (folder, leads_to) in linked_in(skill) {
        // Completions and man pages are linked beside a folder that is called `bin`.
        let share = folder.parent().filter(|_| folder.ends_with("bin"));
        let share = share.map(|parent| parent.join("share")).filter(|share| share.is_dir());
        let folders = [Some(folder), share].into_iter().flatten();
        let folders: Vec<String> = folders.map(|folder| quoted(&folder)).collect();
        let pattern = shell::quote(&format!("{}/*", leads_to.display()));
        commands.push(format!("find {} -type l -lname {pattern} -delete", folders.join(" ")));
    }
    commands.push(format!("rm -r {}", quoted(skill)));
    Some(commands.join(" && "))
}

/// The folders of the PATH that have a link to one of the folder's programs, each with the skill folder as the links name it.
fn linked_in(skill: &Path) -> Vec<(PathBuf, PathBuf)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let skill = skill.canonicalize().unwrap_or_else(|_| skill.to_owned());
    let leads_to = |entry: &fs::DirEntry| {
        let target = fs::read_link(entry.path()).ok()?;
        let named = target.ancestors().nth(2)?.to_owned();
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && named.canonicalize().is_ok_and(|named| named == skill);
        is_ours.then_some(named)
    };
    let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
    for folder in std::env::split_paths(&path).filter(|folder| folder.is_absolute()) {
        let mut entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        if let Some(named) = entries.find_map(|entry| leads_to(&entry))
            && !found.iter().any(|(seen, _)| *seen == folder)
        {
            found.push((folder, named));
        }
    }
    found
}
