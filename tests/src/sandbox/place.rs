//! Where sandboxes are made: in memory where that is possible. The programs sync each file that they write, and a disk
//! takes milliseconds for that; what the tests show holds without a disk too, because they kill programs and no machine.

use rustix::fs::{Access, StatVfsMountFlags, access, statfs, statvfs};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The folder in memory that a Linux machine has for everybody.
const MEMORY: &str = "/dev/shm";
/// The kernel's number for a file system in memory (`TMPFS_MAGIC` of `statfs(2)`).
const TMPFS: i64 = 0x0102_1994;
/// So much has to be free, in bytes: containers often have 64 MiB only.
const MIN_FREE: u64 = 1 << 30;

/// Whether this process wants its sandboxes on a disk.
static ON_DISK: AtomicBool = AtomicBool::new(false);

/// Lets [`parent`] be the temporary folder from now on.
pub(super) fn use_disk() {
    ON_DISK.store(true, Ordering::Relaxed);
}

/// The folder that sandboxes are made in: `TMPDIR` if it is set, so that whoever starts the tests can choose a disk.
pub(super) fn parent() -> PathBuf {
    let is_chosen = std::env::var_os("TMPDIR").is_some_and(|folder| !folder.is_empty());
    let is_on_disk = is_chosen || ON_DISK.load(Ordering::Relaxed);
    let memory = Path::new(MEMORY);
    if !is_on_disk && is_usable(memory) { memory.to_owned() } else { std::env::temp_dir() }
}

/// Whether a folder is in memory, has room, and takes files that may be run: sandboxes hold scripts.
fn is_usable(folder: &Path) -> bool {
    let (Ok(kind), Ok(mount)) = (statfs(folder), statvfs(folder)) else { return false };
    kind.f_type == TMPFS
        && !mount.f_flag.intersects(StatVfsMountFlags::NOEXEC | StatVfsMountFlags::RDONLY)
        && mount.f_bavail.saturating_mul(mount.f_frsize) >= MIN_FREE
        && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_usable;
    use std::path::Path;

    #[test]
    fn what_is_not_in_memory_is_not_used() {
        for folder in ["/proc", "/nowhere", env!("CARGO_MANIFEST_DIR")] {
            assert!(!is_usable(Path::new(folder)), "{folder}");
        }
    }
}
