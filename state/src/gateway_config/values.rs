//! What a gateway's configuration says at a path, and what its environment says for a variable.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::env::GatewayEnv;
use super::include::{GatewayConfigError, Sources, ValueLocation};
use super::locate::{self, ConfigFile};

/// The values of a configuration with its includes, `${NAME}` not yet replaced.
pub(super) struct Values {
    sources: Sources,
    /// The environment of the gateway.
    pub(super) env: GatewayEnv,
    /// The folder with the gateway's `.env` and default workspace.
    pub(super) state_dir: PathBuf,
}

impl Values {
    pub(super) fn read(file: &ConfigFile, env: &GatewayEnv) -> Result<Self, GatewayConfigError> {
        Ok(Self {
            sources: Sources::read(&file.path)?,
            env: env.clone(),
            state_dir: locate::state_dir(env, &file.path),
        })
    }

    /// The value at a path of keys.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.sources.merged, |value, key| value.get(*key))
    }

    /// The text at a path of keys.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// A variable of the gateway's environment or of its `.env` files.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.env.var_or_dotenv(name, &self.state_dir)
    }

    /// Which file to edit for the value at `path`.
    pub(super) fn location(&self, path: &[&str]) -> ValueLocation {
        self.sources.location(path)
    }

    /// A path as the gateway reads it: `~` is the home directory.
    pub(super) fn expand(&self, path: &str) -> PathBuf {
        self.env.expand(path)
    }

    /// The gateway's home directory.
    pub(super) fn home(&self) -> &Path {
        self.env.home()
    }
}
