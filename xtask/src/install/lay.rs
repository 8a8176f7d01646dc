//! Lays files out so that a kill at any moment leaves a folder that works, or that can be installed again.
//!
//! Everything is written beside its place first, so that a full disk is found before anything is replaced. Then each
//! file is renamed into its place: it is the old one or the new one, and a running program keeps what it was started
//! from. What stood there is in the backup by then.
//!
//! Nothing waits for the disk: what people had is only renamed, and what a power cut tears can be installed again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use state::paths;

use super::package::{Content, Item};

/// What was done to the folder. Paths are relative to it.
#[derive(Debug, Default)]
pub(super) struct LayoutChanges {
    /// Files that are new or different from before.
    pub(super) written: Vec<String>,
    /// Files that were right already.
    pub(super) n_unchanged: usize,
    /// What went into the backup: replaced by ours, or of no more use.
    pub(super) moved: Vec<String>,
}

/// A skill folder and where its old files go. The lock on it is held by the caller.
pub(super) struct Layout<'a> {
    pub(super) skill: &'a Path,
    /// Below `skill`, not there yet, and only made if something goes there.
    pub(super) backup: &'a Path,
}

impl Layout<'_> {
    /// Puts every item in its place that is not there already, in this order.
    ///
    /// Fails if the disk is full or a place cannot be written; every file is an old or a new one then.
    pub(super) fn put(&self, items: &[Item]) -> Result<LayoutChanges> {
        let mut laid = LayoutChanges::default();
        let mut staged = Vec::new();
        let result = self.stage(items, &mut staged).and_then(|()| self.swap(&staged, &mut laid));
        if result.is_err() {
            // Those that were renamed are gone already; the next installation overwrites what cannot be removed.
            for item in &staged {
                let _ = fs::remove_file(paths::temp_of(&self.skill.join(&item.path)));
            }
        }
        laid.n_unchanged = items.len() - staged.len();
        result.map(|()| laid)
    }

    /// Writes what is new or different beside its place.
    fn stage<'i>(&self, items: &'i [Item], staged: &mut Vec<&'i Item>) -> Result<()> {
        for item in items {
            let place = self.skill.join(&item.path);
            if !is_there(item, &place)? {
                make(place.parent().unwrap_or(self.skill), 0o755)?;
                staged.push(item);
                write(item, &paths::temp_of(&place))
                    .with_context(|| format!("writing `{}`", place.display()))?;
            }
        }
        Ok(())
    }

    fn swap(&self, staged: &[&Item], laid: &mut LayoutChanges) -> Result<()> {
        for item in staged {
            let place = self.skill.join(&item.path);
            if self.keep(item, &place)? {
                laid.moved.push(item.path.clone());
            }
            fs::rename(paths::temp_of(&place), &place)
                .with_context(|| format!("writing `{}`", place.display()))?;
            laid.written.push(item.path.clone());
        }
        Ok(())
    }

    /// Gives what stands in a file's place a second name in the backup; whether something stood there. `bin/` and
    /// `share/` are ours alone: an older program is built again, and a copy of each would fill the disk.
    fn keep(&self, item: &Item, place: &Path) -> Result<bool> {
        if item.is_ours_alone() || place.symlink_metadata().is_err() {
            return Ok(false);
        }
        let backup_path = self.backup_path(&item.path)?;
        // The rename that follows takes the first name away.
        fs::hard_link(place, &backup_path)
            .or_else(|_| fs::copy(place, &backup_path).map(drop))
            .with_context(|| {
                format!("copying `{}` to `{}`", place.display(), backup_path.display())
            })?;
        Ok(true)
    }

    /// Moves something of the scripts into the backup, a folder with all that is in it.
    pub(super) fn retire(&self, path: &str, laid: &mut LayoutChanges) -> Result<()> {
        let (place, backup_path) = (self.skill.join(path), self.backup_path(path)?);
        fs::rename(&place, &backup_path).with_context(|| {
            format!("moving `{}` to `{}`", place.display(), backup_path.display())
        })?;
        laid.moved.push(path.to_owned());
        Ok(())
    }

    /// The place of a file in the backup, with the folders above it.
    fn backup_path(&self, path: &str) -> Result<PathBuf> {
        let backup_path = self.backup.join(path);
        // What was replaced may hold a key that somebody wrote into a script.
        make(backup_path.parent().unwrap_or(self.backup), 0o700)?;
        Ok(backup_path)
    }
}

/// Whether the file stands there with these bytes and this mode.
fn is_there(item: &Item, place: &Path) -> Result<bool> {
    let meta = match place.symlink_metadata() {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(false),
        other => other.with_context(|| format!("looking at `{}`", place.display()))?,
    };
    if !meta.is_file() || meta.permissions().mode() & 0o777 != item.mode() {
        return Ok(false);
    }
    let bytes = fs::read(place).with_context(|| format!("reading `{}`", place.display()))?;
    Ok(bytes == item.bytes()?)
}

fn write(item: &Item, temp: &Path) -> io::Result<()> {
    // One that a kill left behind may have any mode, or be a link to somewhere.
    match fs::remove_file(temp) {
        Err(err) if err.kind() != ErrorKind::NotFound => return Err(err),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(item.mode()).open(temp)?;
    match &item.content {
        Content::Bytes(bytes) => file.write_all(bytes)?,
        Content::Built(program) => drop(io::copy(&mut File::open(program)?, &mut file)?),
    }
    // The umask has taken its part of the mode above.
    file.set_permissions(fs::Permissions::from_mode(item.mode()))
}

/// Makes a folder and those above it, as far as they are missing.
pub(super) fn make(folder: &Path, mode: u32) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(folder)
        .with_context(|| format!("making the folder `{}`", folder.display()))
}
