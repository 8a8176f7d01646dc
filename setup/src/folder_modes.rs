//! Who else may write to the skill folder, and read what is private in it: `status` tells, setup closes it.

use state::{file, paths};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The bits that let others write.
const OTHERS_WRITE: u32 = 0o022;

/// Whether others may write to the folder.
pub fn is_writable_to_others(skill: &Path) -> bool {
    mode(skill).is_some_and(|mode| mode & OTHERS_WRITE != 0)
}

/// The private files that others may read.
pub fn readable_to_others(skill: &Path) -> Vec<PathBuf> {
    let private = [
        paths::config(skill),
        paths::dotenv(skill),
        paths::missions_state(skill),
        paths::connect_log(skill),
    ];
    private.into_iter().filter(|path| file::is_accessible_to_others(path)).collect()
}

/// What others may do too much with, and the mode that it should have.
pub fn too_open(skill: &Path) -> Vec<(PathBuf, u32)> {
    let folder = mode(skill).filter(|_| is_writable_to_others(skill));
    let folder = folder.map(|mode| (skill.to_owned(), mode & 0o7777 & !OTHERS_WRITE));
    let files = readable_to_others(skill).into_iter().map(|path| (path, 0o600));
    folder.into_iter().chain(files).collect()
}

fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode())
}
