//! The environment that the gateway lives in: its variables and its home, given so that tests need no process of their own.

use crate::{env, file};
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The environment of the gateway, as far as this machine shows it.
#[derive(Clone)]
pub struct Around {
    /// The home directory; `OPENCLAW_HOME` stands in for it.
    home: PathBuf,
    var: Arc<Lookup>,
}

impl Around {
    /// This process's environment. `None` if no home directory is known.
    pub fn here() -> Option<Self> {
        Some(Self::new(env::home()?, env::var))
    }

    /// An environment with this home and these variables.
    pub fn new(
        home: impl Into<PathBuf>,
        var: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let home = var("OPENCLAW_HOME").map_or_else(|| home.into(), PathBuf::from);
        Self { home, var: Arc::new(var) }
    }

    /// The gateway's home directory.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// A variable; blank counts as unset.
    pub fn var(&self, name: &str) -> Option<String> {
        (self.var)(name).filter(|value| !value.trim().is_empty())
    }

    /// A variable, or what the `.env` file of the gateway's state folder, or else of the usual one, says for it.
    pub(super) fn var_or_dotenv(&self, name: &str, state_dir: &Path) -> Option<String> {
        let in_folder = |folder: &Path| {
            let bytes = file::read(&folder.join(".env")).ok().flatten()?;
            env::parse_dotenv(&String::from_utf8_lossy(&bytes)).remove(name)
        };
        let in_files = || in_folder(state_dir).or_else(|| in_folder(&self.home.join(".openclaw")));
        self.var(name).or_else(in_files).filter(|value| !value.is_empty())
    }

    /// A path as the gateway reads it: `~` is the home directory.
    pub(super) fn expand(&self, path: &str) -> PathBuf {
        match path.strip_prefix('~') {
            Some("") => self.home.clone(),
            Some(rest) if rest.starts_with('/') => self.home.join(&rest[1..]),
            _ => PathBuf::from(path),
        }
    }
}
