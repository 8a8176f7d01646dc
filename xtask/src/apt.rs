//! Debian packages that a check needs: installed for it where this machine lets it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use state::out;

/// Installs the packages of the programs, or files with a whole path, that are missing. Fails with the reason if that cannot be done here.
pub(crate) fn provide(programs: &[(&str, &str)]) -> Result<()> {
    let missing = || programs.iter().filter(|(program, _)| !is_there(program));
    let mut packages: Vec<&str> = missing().map(|(_, package)| *package).collect();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    ensure!(is_root(), "{names} is not installed, and only root can install it");
    install(&packages).with_context(|| format!("installing {names}"))?;
    let still: Vec<&str> = missing().map(|(program, _)| *program).collect();
    ensure!(still.is_empty(), "`apt-get install {names}` brought no `{}`", still.join("`, no `"));
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    out::progress(&format!("installing {} by apt-get", packages.join(" ")));
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    for args in [&["update"][..], &install] {
        let mut command = Command::new("apt-get");
        // Without a network it would try for minutes.
        command.args(["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20"]);
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        let output = command.output().context("starting `apt-get`")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        ensure!(output.status.success(), "`apt-get {}`: {last}", args.join(" "));
    }
    Ok(())
}

/// Whether a program is in one of the usual folders.
pub(crate) fn is_there(program: &str) -> bool {
    let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];
    folders.iter().any(|folder| Path::new(folder).join(program).is_file())
}

/// Whether this is root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
