//! The state file on the disk: where it is, and how it is read and changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use state::config::Config;
use state::exit::Fault;
use state::{env, file, paths};

use super::cache::ParseCache;
use super::mission::MissionMut;
use super::missions::{Missions, parse};
use super::{errors, legacy_notice};

/// The state file of one installation.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    cache: ParseCache,
}

impl StateFile {
    /// `--state`, else `CLAWDTALK_STATE_FILE`, else the skill folder's `.missions_state.json`. Warns, once, of another one
    /// in the current folder.
    ///
    /// Fails (exit 2) if a folder is there.
    pub(crate) fn find(flag: Option<&Path>, config: &Config) -> anyhow::Result<Self> {
        let path = match flag.map(Path::to_owned).or_else(|| env::path("CLAWDTALK_STATE_FILE")) {
            Some(given) => std::path::absolute(given)?,
            None => paths::missions_state(config.skill_dir()),
        };
        if path.is_dir() {
            return Err(errors::is_a_folder(&path, "list-state --state").into());
        }
        legacy_notice::warn_once(&path, config.skill_dir());
        Ok(Self { path, cache: ParseCache::default() })
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the lock that is called `what`, beside the file, whose folder is made if it is not there.
    pub(crate) fn lock_beside(&self, what: &str) -> anyhow::Result<PathBuf> {
        if let Some(folder) = self.path.parent() {
            file::create_dir(folder)?;
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        Ok(self.path.with_file_name(format!("{name}.{what}.lock")))
    }

    /// The missions as they stand now; none if there is no file.
    ///
    /// Fails (exit 2) if the file is broken: the error names it and shows where.
    pub(crate) fn read(&self) -> anyhow::Result<Arc<Missions>> {
        if let Some(missions) = self.cache.if_unchanged(&self.path) {
            return Ok(missions);
        }
        let Some(bytes) = file::read(&self.path)? else { return Ok(Arc::default()) };
        let missions = self.cache.take(&self.path, &bytes)?;
        self.cache.store(Arc::new(bytes), Arc::clone(&missions));
        Ok(missions)
    }

    /// Changes the missions under the lock, durably; an unchanged file is not written.
    ///
    /// Whoever still holds what [`read`](Self::read) returned makes this copy the whole file first: drop it before.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Missions) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        file::update_borrowing(&self.path, |old| {
            let mut missions = match &old {
                Some(bytes) => self.cache.take(&self.path, bytes)?,
                None => Arc::default(),
            };
            let result = change(Arc::make_mut(&mut missions))?;
            let new = Arc::new(missions.to_bytes()?);
            let is_changed =
                old.as_deref() != Some(&new[..]) && !(old.is_none() && missions.is_empty());
            self.cache.store(Arc::clone(&new), missions);
            Ok((is_changed.then_some(new), result))
        })
    }

    /// Changes one mission that must exist; see [`Missions::require`] and [`StateFile::change`].
    pub(crate) fn change_mission<T>(
        &self,
        slug: &str,
        change: impl FnOnce(&mut MissionMut) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.change(|missions| change(&mut missions.require_mut(slug)?))
    }
}

/// Reads another state file, to import it. Fails (exit 2) if there is none, or if it is broken.
pub(crate) fn read_import(path: &Path) -> anyhow::Result<Missions> {
    if path.is_dir() {
        return Err(errors::is_a_folder(path, "import").into());
    }
    let Some(bytes) = file::read(path)? else {
        return Err(Fault::usage(format!("`{}` does not exist", path.display())).into());
    };
    parse(path, Some(&bytes))
}
