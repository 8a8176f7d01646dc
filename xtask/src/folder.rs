//! Copying a folder, for material that must not be changed where it is.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Copies all files of `from` into `to`, which is made if it is missing; what `to` holds besides stays.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating `{}`", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading `{}`", from.display()))? {
        let path = entry.with_context(|| format!("reading `{}`", from.display()))?.path();
        let place = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &place)?;
        } else {
            // The copy of a read-only file is read-only: it cannot be written over.
            let _ = fs::remove_file(&place);
            fs::copy(&path, &place).with_context(|| format!("copying `{}`", path.display()))?;
        }
    }
    Ok(())
}
