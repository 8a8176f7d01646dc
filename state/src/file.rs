//! Files that survive: read, replaced whole or not at all, changed under a lock.
//!
//! A kill, a full disk or a read-only folder leaves the old file as it was (spec 4, "The state file").

use std::borrow::Borrow;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::time::Duration;

use anyhow::Context as _;

use crate::exit::Fault;
use crate::lock::Lock;
use crate::{paths, words};

/// How long a change waits for others (spec 4).
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// The bytes of a file; `None` if there is none.
pub fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
        Err(err) => Err(err).with_context(|| format!("reading `{}`", path.display())),
    }
}

/// The fault of a file of ours whose text makes no sense: exit 3, since no second try mends it. It is never replaced in
/// silence, for what it remembers may be wanted.
pub fn broken(path: &Path, why: &serde_json::Error) -> Fault {
    let name = words::for_shell(&path.display().to_string());
    Fault::not_configured(format!("`{}` cannot be read: {why}", path.display()))
        .hint(format!("mend it, or begin a new one with: mv {name} {name}.broken"))
}

/// Whether a file holds just these bytes now. What cannot be read does not.
pub fn holds(path: &Path, bytes: &[u8]) -> bool {
    // Piece by piece: a large file is asked this often, and is not to be had in memory a second time.
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

/// Replaces a file with `bytes`, 0600, durably, under its lock.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    update(path, |_| Ok((Some(bytes.to_vec()), ())))
}

/// Changes a file under its lock: `change` gets the present bytes (`None` if there is no file) and gives
/// the new ones (`None` to leave it alone) and a result. The new file is durable before this returns.
///
/// Fails with exit 5 if the lock stays held for 10 s; on any failure the old file is whole.
pub fn update<T>(
    path: &Path,
    change: impl FnOnce(Option<Vec<u8>>) -> anyhow::Result<(Option<Vec<u8>>, T)>,
) -> anyhow::Result<T> {
    update_with(path, change)
}

/// The same for one who gives the new bytes as something else, such as to go on using them.
pub fn update_with<T, B: Borrow<Vec<u8>>>(
    path: &Path,
    change: impl FnOnce(Option<Vec<u8>>) -> anyhow::Result<(Option<B>, T)>,
) -> anyhow::Result<T> {
    let path = target(path);
    if let Some(dir) = path.parent() {
        make_dir(dir)?;
    }
    let _lock = Lock::hold(&paths::lock_of(&path), LOCK_WAIT)?;
    let (bytes, result) = change(read(&path)?)?;
    if let Some(bytes) = bytes {
        swap(&path, bytes.borrow(), true)?;
    }
    Ok(result)
}

/// Replaces a file that one process alone writes and whose loss in a power cut does no harm: no lock, no fsync.
pub fn publish(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    swap(&target(path), bytes, false)
}

/// Replaces a small file that is only looked at and that one process alone writes: as [`publish`] does or, where there
/// is no room for a second file, in its place. A reader may find it half written then.
pub fn show(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let path = target(path);
    swap(&path, bytes, false).or_else(|err| overwrite(&path, bytes).map_err(|_| err))
}

fn overwrite(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

/// Makes a folder and its parents, 0700.
pub fn make_dir(dir: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("making the folder `{}`", dir.display()))
}

/// Whether others than the owner may read or write the file.
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

/// A symlink stays a symlink: the file that it names is the one replaced.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn swap(path: &Path, bytes: &[u8], durable: bool) -> anyhow::Result<()> {
    survive_size_limit();
    // One name for the unfinished file: the lock admits one writer, and a kill leaves nothing to pile up.
    let temp = paths::temp_of(path);
    let written = write_new(&temp, bytes, durable)
        .and_then(|()| fs::rename(&temp, path))
        .with_context(|| format!("writing `{}`", path.display()));
    if written.is_err() {
        // What cannot be removed is overwritten by the next writer.
        let _ = fs::remove_file(&temp);
        return written;
    }
    if durable {
        let dir = path.parent().unwrap_or(Path::new("/"));
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .with_context(|| format!("saving the folder `{}`", dir.display()))?;
    }
    Ok(())
}

fn write_new(temp: &Path, bytes: &[u8], durable: bool) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(temp)?;
    // `mode` counts only for a new file: one left by a kill under another umask keeps its own.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    if durable { file.sync_all() } else { Ok(()) }
}

/// A write beyond RLIMIT_FSIZE kills the process by SIGXFSZ unless that is handled; handled, it is an error.
/// For the writer of a file that is not ours and keeps its own mode and owner.
pub fn survive_size_limit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without the handler such a write kills us, which the old file survives as well.
        let seen = Arc::new(AtomicBool::new(false));
        let _ = signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), seen);
    });
}

#[cfg(test)]
mod tests {
    use super::{holds, is_open_to_others, read, replace, update};
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
        assert!(!is_open_to_others(&path));
        assert!(!dir.join("a.json.tmp").exists());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_file_holds_its_bytes_and_no_others() {
        let dir = fresh_dir("holds");
        let path = dir.join("a.json");
        assert!(!holds(&path, b""));
        let long = vec![b'a'; 40_000];
        replace(&path, &long).unwrap();
        assert!(holds(&path, &long));
        let mut other = long.clone();
        other[39_999] = b'b';
        for other in [&long[1..], &[&long[..], b"a"].concat(), &other, b""] {
            assert!(!holds(&path, other));
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
    fn parallel_changes_are_all_kept() {
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
