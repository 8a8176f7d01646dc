//! Links to the programs in a folder that is on the PATH, under names that belong to nobody else.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use state::exit::Fault;
use state::paths;

use super::lay;
use super::programs::PROGRAMS;

/// The links of one folder, checked before anything is written.
pub(super) struct Links {
    folder: PathBuf,
}

impl Links {
    /// Fails (exit 2) if something that is no link stands where one is to go: it is not ours to replace.
    pub(super) fn plan(folder: &Path) -> Result<Self> {
        for (_, linked) in PROGRAMS {
            let place = folder.join(linked);
            if place.symlink_metadata().is_ok_and(|meta| !meta.is_symlink()) {
                let found = format!("`{}` is there and is no link", place.display());
                return Err(Fault::usage(found)
                    .hint("move it away, or name another folder with `--bin-dir`")
                    .into());
            }
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Makes those that are missing or lead elsewhere, and names them.
    pub(super) fn make(&self, skill: &Path) -> Result<Vec<PathBuf>> {
        lay::make(&self.folder, 0o755)?;
        let mut made = Vec::new();
        for (name, linked) in PROGRAMS {
            let (place, program) = (self.folder.join(linked), skill.join("bin").join(name));
            if fs::read_link(&place).is_ok_and(|leads_to| leads_to == program) {
                continue;
            }
            let temp = paths::temp_of(&place);
            let linking = || format!("linking `{}`", place.display());
            match fs::remove_file(&temp) {
                Err(err) if err.kind() != ErrorKind::NotFound => {
                    return Err(err).with_context(linking);
                }
                _ => {}
            }
            symlink(&program, &temp)
                .and_then(|()| fs::rename(&temp, &place))
                .with_context(linking)?;
            made.push(place);
        }
        Ok(made)
    }

    /// Where they are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a shell finds what is linked there.
    pub(super) fn are_on_path(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder == self.folder)
    }
}
