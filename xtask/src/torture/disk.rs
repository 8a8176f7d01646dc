//! A disk that can be made to fail: too small for a file, full, out of files, or read-only.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::Rng;

use super::tally::Tally;

/// What a tmpfs gives out at once.
const PAGE: u64 = 4_096;
/// The length of a list of one or two.
const SHORT: u64 = 120;
/// Its size while it is healthy: `status` calls less than this little. It is only a limit, and takes no memory.
pub(super) const SIZE: &str = "size=256m,nr_inodes=4000";

/// A way for a disk to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskFault {
    /// No file of the program's may become longer than this (`RLIMIT_FSIZE`).
    SizeLimit(u64),
    /// So many pages are free, and no more.
    Full(u64),
    /// So many files can be made, and no more.
    NoInodes(u64),
    /// Nothing can be written.
    ReadOnly,
}

/// What a command noticed of a fault, by its stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noticed {
    /// Nothing: it wrote nothing, or what it wrote had room.
    Nothing,
    /// It reported it.
    Something,
    /// It reported it, and its request had reached the service before.
    AfterTheRequest,
}

impl DiskFault {
    /// Counts that it was injected into a command, and whether the command was affected.
    pub(super) fn count(self, noticed: Noticed, command: &str, tally: &mut Tally) {
        let (injected, affected) = match self {
            Self::SizeLimit(_) => ("size_limits", "affected_by_size_limit"),
            Self::Full(_) => ("full_disks", "affected_by_full_disk"),
            Self::NoInodes(_) => ("no_inodes", "affected_by_no_inodes"),
            Self::ReadOnly => ("read_only_disks", "affected_by_read_only_disk"),
        };
        tally.count(injected);
        if noticed == Noticed::Nothing {
            return;
        }
        tally.count("affected");
        tally.count(affected);
        tally.count_command(command);
        tally.add_up("affected_after_the_request", (noticed == Noticed::AfterTheRequest).into());
    }
}

/// The disk that everything of a sandbox is on.
#[derive(Clone)]
pub(super) struct Disk {
    /// Where the small tmpfs is mounted. Without one there is only the limit on the size of files.
    mount: Option<PathBuf>,
}

impl Disk {
    /// The disk that is mounted there, healthy.
    pub(super) fn new(mount: Option<PathBuf>) -> Self {
        Self { mount }
    }

    /// Whether it can be more than too small for a file.
    pub(super) fn is_mounted(&self) -> bool {
        self.mount.is_some()
    }

    /// A fault by chance. Files that are to be written have about `length` bytes.
    pub(super) fn disk_fault(&self, rng: &mut Rng, length: u64) -> DiskFault {
        // Half of the time too little for the shortest file that is stored, so that each command meets the fault.
        let length = if rng.chance(50) { SHORT } else { length };
        let limit = |rng: &mut Rng| DiskFault::SizeLimit(rng.below(length + length / 4 + 1));
        if self.mount.is_none() {
            return limit(rng);
        }
        match rng.below(10) {
            0..4 => limit(rng),
            // A temporary file stands beside the old one: what is free has to hold the new one whole.
            4..7 => DiskFault::Full(rng.below(length.div_ceil(PAGE) + 1)),
            7 => DiskFault::NoInodes(rng.below(2)),
            _ => DiskFault::ReadOnly,
        }
    }

    /// Lets the disk fail from now on, for every program or, with a limit, for the one with this process id. False if
    /// that cannot be had now: a disk with a file that is being written does not become read-only.
    pub(super) fn fail(&self, disk_fault: DiskFault, pid: u32) -> bool {
        match (disk_fault, &self.mount) {
            (DiskFault::SizeLimit(bytes), _) => limit(pid, &bytes.to_string()),
            (DiskFault::Full(pages), Some(mount)) => fill(mount, pages),
            (DiskFault::NoInodes(files), Some(mount)) => use_up(mount, files),
            (DiskFault::ReadOnly, Some(mount)) => remount(mount, "ro"),
            (_, None) => false,
        }
    }

    /// Lets the disk be healthy again, for the program with this process id too. False if it stays as it is.
    pub(super) fn repair(&self, disk_fault: DiskFault, pid: u32) -> bool {
        match (disk_fault, &self.mount) {
            (DiskFault::SizeLimit(_), _) => limit(pid, "unlimited"),
            (DiskFault::Full(_) | DiskFault::NoInodes(_), Some(mount)) => remount(mount, SIZE),
            (DiskFault::ReadOnly, Some(mount)) => remount(mount, "rw"),
            (_, None) => true,
        }
    }
}

/// The system's words for the four.
pub(super) fn mentions_the_disk(stderr: &str) -> bool {
    ["No space left on device", "File too large", "Read-only file system"]
        .iter()
        .any(|words| stderr.contains(words))
}

/// Leaves so many pages free.
fn fill(mount: &Path, pages: u64) -> bool {
    // No limit at all is written as 0.
    used(mount, "used")
        .is_some_and(|used| remount(mount, &format!("size={}", (used + pages * PAGE).max(PAGE))))
}

/// Leaves room for so many files.
fn use_up(mount: &Path, files: u64) -> bool {
    used(mount, "iused")
        .is_some_and(|used| remount(mount, &format!("nr_inodes={}", (used + files).max(1))))
}

/// What is used of the disk: bytes, or files.
fn used(mount: &Path, what: &str) -> Option<u64> {
    let mut command = Command::new("df");
    command.args(["-B1", &format!("--output={what}")]).arg(mount).stderr(Stdio::null());
    let table = String::from_utf8(command.output().ok()?.stdout).ok()?;
    table.lines().last()?.trim().parse().ok()
}

fn remount(mount: &Path, how: &str) -> bool {
    let mut command = Command::new("mount");
    command.args(["-o", &format!("remount,{how}")]).arg(mount).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Sets the soft limit, which a program of the same user may raise again.
fn limit(pid: u32, bytes: &str) -> bool {
    let mut command = Command::new("prlimit");
    command.args(["--pid", &pid.to_string(), &format!("--fsize={bytes}:")]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
