//! Where the checkout, its programs and the shared material are.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

/// How programs are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build: for checks.
    Dev,
    /// What users get: for figures and for installing.
    Release,
}

impl Profile {
    /// What `--debug` asks for.
    pub(crate) fn of_debug(is_debug: bool) -> Self {
        if is_debug { Self::Dev } else { Self::Release }
    }
}

/// This program, to be started again. Where cargo has built it anew meanwhile, the system calls the one that runs
/// deleted, and the new one is taken: it was built from the same sources.
pub(crate) fn this_program() -> std::io::Result<PathBuf> {
    let program = env::current_exe()?.into_os_string().into_vec();
    let program = program.strip_suffix(b" (deleted)").unwrap_or(&program);
    Ok(OsStr::from_bytes(program).into())
}

/// One checkout and the folder that cargo builds into.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The checkout this program was built from. Fails when it is run from anywhere but cargo's target folder.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().context("the package `xtask` has no folder above it")?;
        let program = this_program().context("asking where this program is")?;
        let target =
            program.ancestors().nth(2).context("this program is not in a target folder")?;
        Ok(Self { root: root.to_owned(), target: target.to_owned() })
    }

    /// The top folder of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that cargo builds into.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A folder of our own below cargo's target folder, made if it is missing.
    pub(crate) fn scratch(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.target.join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("creating `{}`", folder.display()))?;
        Ok(folder)
    }

    /// A command of cargo in this checkout.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args).current_dir(&self.root);
        // What `cargo run` sets for this program about its package; ring's build script takes it for a change
        // and would be built anew each time.
        for (name, _) in env::vars_os() {
            let inherited = name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            });
            if inherited {
                command.env_remove(name);
            }
        }
        command
    }

    /// Builds the eight programs and returns the folder they are in. Cargo's own words go to stderr.
    pub(crate) fn build(&self, profile: Profile) -> anyhow::Result<PathBuf> {
        let mut command =
            self.cargo(&["build", "--workspace", "--exclude", "xtask", "--bins", "--locked"]);
        if profile == Profile::Release {
            command.arg("--release");
        }
        let status = command.stdin(Stdio::null()).status().context("starting cargo")?;
        ensure!(status.success(), "`cargo build` failed ({status})");
        Ok(self.programs(profile))
    }

    /// Where [`Workspace::build`] puts the programs.
    pub(crate) fn programs(&self, profile: Profile) -> PathBuf {
        self.target.join(match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        })
    }

    /// A part of the material that is shared beside the checkout: below `CLAWDTALK_SHARED`, else `../shared`.
    /// Fails with the reason for which a check that needs it is skipped.
    pub(crate) fn shared(&self, part: &str) -> anyhow::Result<PathBuf> {
        let folder = match env::var_os("CLAWDTALK_SHARED") {
            Some(folder) => PathBuf::from(folder),
            None => self.root.join("../shared"),
        };
        let path = folder.join(part);
        if !path.exists() {
            bail!("`{part}` is neither below CLAWDTALK_SHARED nor below `../shared`");
        }
        path.canonicalize().with_context(|| format!("finding `{}`", path.display()))
    }
}
