//! Reads files, replaces them whole or not at all, and changes them under a lock.
//!
//! A kill, a full disk or a read-only folder leaves the old file as it was.

use serde::de::DeserializeOwned;
use std::borrow::Borrow;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::time::Duration;

use anyhow::Context as _;

use crate::exit::{Exit, Fault};
use crate::storage::lock::Lock;
use crate::storage::paths;
use crate::text::shell;

/// How long a change waits for the lock of another program.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// How many symlinks in a row are followed: as many as Linux does.
const MAX_SYMLINKS: usize = 40;

/// The bytes of a file; `None` if there is none.
pub fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
        Err(err) => Err(err).with_context(|| format!("reading `{}`", path.display())),
    }
}

/// Reads the bytes of a file of these tools as JSON; `None` if there are none.
///
/// Fails (exit 3) if it is not in its format. Such a file is never replaced silently, since what it holds may be wanted.
pub fn parse<T: DeserializeOwned>(
    path: &Path,
    bytes: Option<Vec<u8>>,
) -> anyhow::Result<Option<T>> {
    let parsed = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
    Ok(parsed.map_err(|err| corrupt(path, &err))?)
}

fn corrupt(path: &Path, why: &serde_json::Error) -> Fault {
    let name = shell::quote(&path.display().to_string());
    Fault::not_configured(format!("`{}` cannot be read: {why}", path.display()))
        .hint(format!("mend it, or begin a new one with: mv {name} {name}.broken"))
}

/// Whether a file has exactly these contents now; false if it cannot be read.
pub fn contents_equal(path: &Path, bytes: &[u8]) -> bool {
    // Compared in pieces, so that a large file is not in memory twice.
    let mut piece = [0; 16 * 1024];
    let mut rest = bytes;
    let Ok(mut file) = File::open(path) else { return false };
    loop {
        match file.read(&mut piece) {
            Ok(0) => return rest.is_empty(),
            Ok(n) => match rest.strip_prefix(&piece[..n]) {
                Some(after) => rest = after,
                None => return false,
            },
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

/// Replaces a file with `bytes` (mode 0600) under its lock, with fsync: it survives a power cut.
///
/// Fails as [`update`] does.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    update(path, |_| Ok((Some(bytes.to_vec()), ())))
}

/// Changes a file under its lock: `change` gets the present bytes (`None` if there is no file) and gives
/// the new ones (`None` to leave it alone) and a result. The new file is fsynced before this returns.
///
/// Fails with exit 5 if the lock stays held for 10 s. After any failure the old file is still there, unchanged.
pub fn update<T>(
    path: &Path,
    change: impl FnOnce(Option<Vec<u8>>) -> anyhow::Result<(Option<Vec<u8>>, T)>,
) -> anyhow::Result<T> {
    update_borrowing(path, change)
}

/// [`update`] where the new bytes are shared, such as in an `Arc`, since the caller goes on using them.
pub fn update_borrowing<T, B: Borrow<Vec<u8>>>(
    path: &Path,
    change: impl FnOnce(Option<Vec<u8>>) -> anyhow::Result<(Option<B>, T)>,
) -> anyhow::Result<T> {
    let path = follow_symlink(path)?;
    if let Some(dir) = path.parent() {
        create_dir(dir)?;
    }
    let lock_path = paths::lock_of(&path);
    let lock = Lock::acquire(&lock_path, LOCK_WAIT)?;
    let before = version(&path);
    let (bytes, result) = change(read(&path)?)?;
    if let Some(bytes) = bytes {
        let _again = if lock.is_at(&lock_path) {
            None
        } else {
            // Somebody removed the lock's file, so another program may have changed the file meanwhile.
            Some(Lock::acquire(&lock_path, LOCK_WAIT)?)
        };
        if version(&path) != before {
            let text = format!("another program changed `{}` meanwhile", path.display());
            return Err(Fault::new(Exit::Busy, text).hint("run the same command again").into());
        }
        replace_by_rename(&path, bytes.borrow(), true)?;
    }
    Ok(result)
}

/// What tells one version of a file from another: inode, length and time of change.
pub type FileVersion = (u64, u64, i64, i64);

/// The version of a file; `None` if there is none.
pub fn version(path: &Path) -> Option<FileVersion> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
}

/// Replaces a file without lock and fsync: for one that a single process writes, and whose loss in a power cut does no
/// harm.
pub fn replace_unsynced(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace_by_rename(&follow_symlink(path)?, bytes, false)
}

/// [`replace_unsynced`], or, where the disk has no room for a second file, overwrites the file in place: a reader may
/// then find it half written. For a small file that only shows a state.
pub fn replace_or_overwrite_unsynced(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let path = follow_symlink(path)?;
    replace_by_rename(&path, bytes, false).or_else(|err| overwrite(&path, bytes).map_err(|_| err))
}

fn overwrite(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

/// Creates a folder and its parents with mode 0700; no error if it exists.
pub fn create_dir(dir: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("making the folder `{}`", dir.display()))
}

/// Whether anybody but its owner may read or write the file.
pub fn is_accessible_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

/// The file to replace: of a symlink the one that it leads to, so that it stays a symlink, also where that does not exist yet.
///
/// Fails for symlinks that lead in a circle.
fn follow_symlink(path: &Path) -> anyhow::Result<PathBuf> {
    if let Ok(real) = fs::canonicalize(path) {
        return Ok(real);
    }
    let mut place = path.to_owned();
    for _ in 0..MAX_SYMLINKS {
        let Ok(target) = fs::read_link(&place) else { return Ok(place) };
        place = place.parent().unwrap_or(Path::new("/")).join(target);
    }
    anyhow::bail!("`{}` leads through too many symlinks", path.display())
}

fn replace_by_rename(path: &Path, bytes: &[u8], fsync: bool) -> anyhow::Result<()> {
    catch_size_limit_signal();
    // The unfinished file always has the same name: the lock admits one writer, and leftovers of kills do not pile up.
    let temp = paths::temp_of(path);
    let written = write_new(&temp, bytes, fsync)
        .and_then(|()| fs::rename(&temp, path))
        .with_context(|| format!("writing `{}`", path.display()));
    if written.is_err() {
        // If it cannot be removed either, the next writer overwrites it.
        let _ = fs::remove_file(&temp);
        return written;
    }
    if fsync {
        let dir = path.parent().unwrap_or(Path::new("/"));
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .with_context(|| format!("saving the folder `{}`", dir.display()))?;
    }
    Ok(())
}

fn write_new(temp: &Path, bytes: &[u8], fsync: bool) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(temp)?;
    // `mode` applies only to a new file: one that a kill left behind keeps the mode it has.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    if fsync { file.sync_all() } else { Ok(()) }
}

/// Makes a write beyond RLIMIT_FSIZE an error: without a handler for SIGXFSZ it kills the process. The functions here do
/// it themselves; for callers that write to other files.
pub fn catch_size_limit_signal() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // If no handler can be installed such a write kills the process, and the old file survives that too.
        let seen = Arc::new(AtomicBool::new(false));
        let _ = signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), seen);
    });
}

#[cfg(test)]
mod tests {
    use super::{contents_equal, is_accessible_to_others, read, replace, update};
    use std::fs;
    use std::path::PathBuf;

    fn fresh_dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("state-file-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn replaced_whole_and_private() {
        let dir = fresh_dir("replace");
        let path = dir.join("a.json");
        assert_eq!(read(&path).unwrap(), None);
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        assert!(!is_accessible_to_others(&path));
        assert!(!dir.join("a.json.tmp").exists());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn contents_are_compared_whole() {
        let dir = fresh_dir("equal");
        let path = dir.join("a.json");
        assert!(!contents_equal(&path, b""));
        let long = vec![b'a'; 40_000];
        replace(&path, &long).unwrap();
        assert!(contents_equal(&path, &long));
        let mut other = long.clone();
        other[39_999] = b'b';
        for other in [&long[1..], &[&long[..], b"a"].concat(), &other, b""] {
            assert!(!contents_equal(&path, other));
        }
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_change_that_fails_leaves_the_file_alone() {
        let dir = fresh_dir("fails");
        let path = dir.join("a.json");
        replace(&path, b"one").unwrap();
        let result: anyhow::Result<()> = update(&path, |_| anyhow::bail!("no"));
        assert!(result.is_err());
        assert_eq!(read(&path).unwrap().unwrap(), b"one");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_symlink_stays_one() {
        let dir = fresh_dir("link");
        let real = dir.join("real.json");
        replace(&real, b"one").unwrap();
        let link = dir.join("link.json");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(&real).unwrap().unwrap(), b"two");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_a_dangling_symlink_leads_to_is_made() {
        use std::os::unix::fs::symlink;
        let dir = fresh_dir("dangling");
        fs::create_dir_all(dir.join("skill")).unwrap();
        let link = |name: &str, target: &str| {
            let path = dir.join("skill").join(name);
            symlink(target, &path).unwrap();
            path
        };
        for (name, target, real) in [
            ("near", "../data/near.json", "data/near.json"),
            ("far", "near2", "data/far.json"),
            ("near2", "../data/far.json", "data/far.json"),
        ] {
            let path = link(name, target);
            if name == "far" {
                continue;
            }
            replace(&path, b"one").unwrap();
            replace(&path, b"two").unwrap();
            assert!(fs::symlink_metadata(&path).unwrap().is_symlink(), "{name}");
            assert_eq!(read(&dir.join(real)).unwrap().unwrap(), b"two");
        }
        assert_eq!(read(&dir.join("skill/far")).unwrap().unwrap(), b"two", "over two links");
        let circle = link("a", "b");
        link("b", "a");
        assert!(replace(&circle, b"one").is_err());
        assert!(fs::symlink_metadata(&circle).unwrap().is_symlink());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn no_parallel_change_is_lost() {
        let dir = fresh_dir("parallel");
        let path = dir.join("n");
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || {
                    for _ in 0..10 {
                        update(&path, |old| {
                            let n: u32 =
                                old.map_or(0, |b| String::from_utf8(b).unwrap().parse().unwrap());
                            Ok((Some((n + 1).to_string().into_bytes()), ()))
                        })
                        .unwrap();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(read(&path).unwrap().unwrap(), b"80");
        fs::remove_dir_all(dir).unwrap();
    }
}
