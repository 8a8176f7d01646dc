//! A warning, once, of another state file in the current folder, where `telnyx_api.py` kept its own. It is not offered for
//! import: it may as well have come with somebody's repository.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use state::{file, out, paths};

#[derive(Default, Serialize, Deserialize)]
struct NoticeLog {
    format: u32,
    /// The files that were warned of.
    pointed_out: Vec<PathBuf>,
}

/// Warns of another state file in the current folder. That this was done is stored in the skill folder; where that cannot
/// be written, the warning comes again next time.
pub(super) fn warn_once(ours: &Path, skill: &Path) {
    let Ok(here) = std::env::current_dir() else { return };
    let found = paths::missions_state(&here);
    let Ok(found) = found.canonicalize() else { return };
    if ours.canonicalize().is_ok_and(|ours| ours == found) {
        return;
    }
    let path = paths::missions_notes(skill);
    let was_warned_of = file::update(&path, |bytes| {
        // A log that cannot be read is started anew: it only keeps a warning from being repeated.
        let log = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut log: NoticeLog = log.unwrap_or_default();
        if log.pointed_out.contains(&found) {
            return Ok((None, true));
        }
        log.format = 1;
        log.pointed_out.push(found.clone());
        Ok((Some(serde_json::to_vec(&log)?), false))
    });
    if !was_warned_of.unwrap_or(false) {
        let (found, ours) = (found.display(), ours.display());
        out::warning(&format!(
            "`{found}` is a state file as well, and who wrote it is not known; this program uses `{ours}`"
        ));
    }
}
