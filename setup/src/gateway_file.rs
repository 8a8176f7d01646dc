//! Replaces a file that belongs to the gateway, whole or not at all; its symlink, mode and owner stay.
//!
//! `state::file` is for our own files: it makes them 0600 and leaves a lock beside them.

use anyhow::Context as _;
use state::exit::{Exit, Fault};
use state::file;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// What the backup of a file is called.
const BACKUP: &str = ".before-clawdtalk";
/// What the unfinished file is called; the gateway reads no file of such a name.
const UNFINISHED: &str = ".clawdtalk-unfinished";

/// A file as it was read, to be replaced only if it still is like that.
#[derive(Debug)]
pub struct GatewayFile {
    real: PathBuf,
    /// Its text.
    pub text: String,
}

impl GatewayFile {
    /// Reads the file behind any symlinks.
    ///
    /// Fails if it cannot be read or is not UTF-8.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let reading = || format!("reading `{}`", path.display());
        let real = path.canonicalize().with_context(reading)?;
        let text = fs::read_to_string(&real).with_context(reading)?;
        Ok(Self { real, text })
    }

    /// Writes `text` in its place, and a backup beside it first, unless there is one. Gives the backup's path.
    ///
    /// Fails with exit 5 if the file was changed by somebody else since it was read. On any failure the
    /// file is as it was.
    pub fn replace(&self, text: &str) -> anyhow::Result<PathBuf> {
        file::catch_size_limit_signal();
        let backup = beside(&self.real, BACKUP);
        // An existing backup holds the file before our first edit, and that is the one worth having.
        if backup.exists() {
            self.write(&self.real, text)?;
        } else {
            self.write(&backup, &self.text)?;
            self.write(&self.real, text).inspect_err(|_| remove(&backup))?;
        }
        Ok(backup)
    }

    /// Writes `text` in its place without a backup: for undoing.
    pub fn restore(&self, text: &str) -> anyhow::Result<()> {
        file::catch_size_limit_signal();
        self.write(&self.real, text)
    }

    /// The text before the first edit, if its backup is there.
    pub fn backup(&self) -> Option<String> {
        fs::read_to_string(beside(&self.real, BACKUP)).ok()
    }

    /// Puts `text` at `target`, with the mode and owner of the file that was read.
    fn write(&self, target: &Path, text: &str) -> anyhow::Result<()> {
        let unfinished = beside(target, UNFINISHED);
        let written = self
            .prepare(&unfinished, text)
            .with_context(|| format!("writing `{}`", target.display()))
            .and_then(|()| self.check_unchanged())
            .and_then(|()| {
                fs::rename(&unfinished, target)
                    .with_context(|| format!("replacing `{}`", target.display()))
            });
        if written.is_err() {
            remove(&unfinished);
            return written;
        }
        let folder = target.parent().unwrap_or(Path::new("/"));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("saving the folder `{}`", folder.display()))
    }

    fn prepare(&self, unfinished: &Path, text: &str) -> std::io::Result<()> {
        let like = fs::metadata(&self.real)?;
        // Private until its owner is right. A kill may have left a file of this name with another mode.
        remove(unfinished);
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(unfinished)?;
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            fchown(&file, Some(like.uid()), Some(like.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(like.mode() & 0o7777))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if fs::read_to_string(unfinished)? == text {
            return Ok(());
        }
        Err(std::io::Error::other("what was written reads differently"))
    }

    /// Fails (exit 5) if the file is no longer what was read: the gateway writes it too, and nobody locks it.
    fn check_unchanged(&self) -> anyhow::Result<()> {
        let now = fs::read_to_string(&self.real)
            .with_context(|| format!("reading `{}`", self.real.display()))?;
        if now == self.text {
            return Ok(());
        }
        let what = format!("`{}` was changed by another program just now", self.real.display());
        Err(Fault::new(Exit::Busy, what).hint("run the same command again").into())
    }
}

/// Removes what is left beside the file once no edit of it stands: the backup, and what a kill may have left unfinished.
pub fn remove_leftovers(path: &Path) {
    let Ok(real) = path.canonicalize() else { return };
    let backup = beside(&real, BACKUP);
    for left in [beside(&backup, UNFINISHED), beside(&real, UNFINISHED), backup] {
        remove(&left);
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

fn remove(path: &Path) {
    // Usually there is no such file, and one that cannot be removed does no harm.
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::{GatewayFile, remove_leftovers};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::PathBuf;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("gateway-file-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        state::file::create_dir(&folder).unwrap();
        folder
    }

    fn names(folder: &PathBuf) -> Vec<String> {
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    #[test]
    fn symlink_and_mode_stay_and_the_backup_holds_the_first_text() {
        let folder = folder("stays");
        let (real, link) = (folder.join("real.json"), folder.join("openclaw.json"));
        state::file::replace_unsynced(&real, b"one").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.json", &link).unwrap();
        for text in ["two", "three"] {
            GatewayFile::read(&link).unwrap().replace(text).unwrap();
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "three");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_to_string(folder.join("real.json.before-clawdtalk")).unwrap(), "one");
        let file = GatewayFile::read(&link).unwrap();
        file.restore(&file.backup().unwrap()).unwrap();
        remove_leftovers(&link);
        assert_eq!(fs::read_to_string(&real).unwrap(), "one");
        assert_eq!(names(&folder), ["openclaw.json", "real.json"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let folder = folder("changed");
        let path = folder.join("openclaw.json");
        state::file::replace_unsynced(&path, b"one").unwrap();
        let file = GatewayFile::read(&path).unwrap();
        state::file::replace_unsynced(&path, b"theirs").unwrap();
        let err = file.replace("ours").unwrap_err();
        assert_eq!(state::failure::exit_of(&err), state::exit::Exit::Busy);
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(names(&folder), ["openclaw.json"]);
        fs::remove_dir_all(folder).unwrap();
    }
}
