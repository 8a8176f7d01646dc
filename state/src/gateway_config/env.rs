//! The environment of the gateway: its variables and its home directory. A value and not the process's own, so that tests
//! can have several.

use crate::process::env;
use crate::storage::file;
use crate::text::dotenv;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The environment of the gateway, as far as this process can know it.
#[derive(Clone)]
pub struct GatewayEnv {
    /// The home directory; `OPENCLAW_HOME` stands in for it.
    home: PathBuf,
    var: Arc<Lookup>,
}

impl GatewayEnv {
    /// This process's environment; `None` if no home directory is known.
    pub fn of_process() -> Option<Self> {
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

    /// A variable; a blank one counts as unset.
    pub fn var(&self, name: &str) -> Option<String> {
        (self.var)(name).filter(|value| !value.trim().is_empty())
    }

    /// A variable, else what the `.env` file of the state folder says for it, else that of `~/.openclaw`.
    pub(super) fn var_or_dotenv(&self, name: &str, state_dir: &Path) -> Option<String> {
        let in_folder = |folder: &Path| {
            let bytes = file::read(&folder.join(".env")).ok().flatten()?;
            dotenv::parse(&String::from_utf8_lossy(&bytes)).remove(name)
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
