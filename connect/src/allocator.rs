//! Keeps a client small by settings of glibc's allocator, which it takes from the environment of a program that starts,
//! and from nowhere else.
//!
//! With seven blocks of each size cached for each thread and an arena for most of them, 256 turns in flight took 31 MiB.
//! With two arenas and two blocks they take 22; with no block they took 20, and half as long again, since each allocation
//! had to take the lock of an arena (`cargo xtask bench connect`).

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The variable that glibc reads.
const VARIABLE: &str = "GLIBC_TUNABLES";

/// Two arenas shared by all threads, and a small cache for each.
const SETTINGS: &str = "glibc.malloc.arena_max=2:glibc.malloc.tcache_count=2";

/// Becomes the same program with these settings, unless somebody has chosen some. To be called before anything else is
/// done.
pub(crate) fn configure() {
    if !cfg!(target_env = "gnu") || env::var_os(VARIABLE).is_some() {
        return;
    }
    let mut args = env::args_os();
    let (Ok(program), Some(name)) = (env::current_exe(), args.next()) else { return };
    // It returns only if it fails, and then the client works, and is larger.
    let _ = Command::new(program).arg0(name).args(args).env(VARIABLE, SETTINGS).exec();
}
