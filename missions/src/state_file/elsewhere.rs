//! Another state file in the current folder, where the reference kept its own: named, once, and not recommended. It may as
//! well have come with somebody's repository.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use state::{file, out, paths};

#[derive(Default, Serialize, Deserialize)]
struct Notes {
    format: u32,
    /// Files that were pointed out already.
    pointed_out: Vec<PathBuf>,
}

/// Names another state file in the current folder. That it was told is kept in the skill folder; where that
/// cannot be written, it is told again next time.
pub(super) fn point_out(ours: &Path, skill: &Path) {
    let Ok(here) = std::env::current_dir() else { return };
    let found = paths::missions_state(&here);
    let Ok(found) = found.canonicalize() else { return };
    if ours.canonicalize().is_ok_and(|ours| ours == found) {
        return;
    }
    let path = paths::missions_notes(skill);
    let told_before = file::update(&path, |bytes| {
        // Notes that cannot be read are begun anew: they only keep a warning from being repeated.
        let notes = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut notes: Notes = notes.unwrap_or_default();
        if notes.pointed_out.contains(&found) {
            return Ok((None, true));
        }
        notes.format = 1;
        notes.pointed_out.push(found.clone());
        Ok((Some(serde_json::to_vec(&notes)?), false))
    });
    if !told_before.unwrap_or(false) {
        let (found, ours) = (found.display(), ours.display());
        out::warning(&format!(
            "`{found}` is a state file as well, and who wrote it is not known; this program uses `{ours}`"
        ));
    }
}
