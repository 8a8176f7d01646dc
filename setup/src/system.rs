//! Which programs of the system are there, so that nothing is recommended that cannot be run here.

use rustix::fs::{Access, access};
use rustix::process::geteuid;
use state::env;
use std::path::Path;

/// The service of a cron daemon, by the name that `service` knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CronService(pub &'static str);

/// Whether a shell finds a program of this name.
pub fn is_there(program: &str) -> bool {
    let path = env::path("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| {
        let file = dir.join(program);
        file.is_file() && access(&file, Access::EXEC_OK).is_ok()
    })
}

/// A command that only root may run, as it is typed by whoever runs this program.
pub fn with_sudo(line: &str) -> String {
    if geteuid().is_root() { line.to_owned() } else { format!("sudo {line}") }
}

/// The cron daemon that is installed here, where a program starts services.
pub fn cron_service() -> Option<CronService> {
    let is_installed = |name: &str| is_there(name) || Path::new("/usr/sbin").join(name).is_file();
    let known = ["cron", "crond", "cronie"].into_iter();
    known.map(CronService).find(|CronService(name)| is_there("service") && is_installed(name))
}
