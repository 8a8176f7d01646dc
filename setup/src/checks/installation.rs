//! The installation that is checked: its folder, and its configuration or why there is none.

use super::config_fix;
use super::finding::{Finding, Found};
use state::args::Common;
use state::config::Config;
use state::{exit, paths};
use std::path::PathBuf;
use std::time::Duration;

/// The longest that a request of a check may take: shorter than a check itself, so that what fails says why.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

/// What is checked.
#[derive(Debug)]
pub struct Installation {
    pub(super) skill: PathBuf,
    /// The configuration, or what is wrong with it and the fix.
    pub(super) config: Result<Config, Finding>,
}

impl Installation {
    /// The installation that these options mean.
    ///
    /// Fails only if no folder is known. That the configuration is broken is a finding.
    pub fn new(common: &Common) -> anyhow::Result<Self> {
        let skill = paths::skill_dir(common.skill_dir.as_deref())?;
        let config = Config::load(common)
            .map_err(|err| Finding::fail(exit::one_line(&err), config_fix::of_file(&skill)));
        Ok(Self { skill, config })
    }

    /// Takes the part of the configuration that a check needs. Fails with a finding that refers to the check `config`, and
    /// has its fix.
    pub(super) fn require<T>(
        &self,
        take: impl FnOnce(&Config) -> anyhow::Result<T>,
    ) -> Result<T, Found> {
        let blocked = |broken: &Finding| broken.blocks("config", "not checked: see `config`");
        let config = self.config.as_ref().map_err(blocked)?;
        take(config).map_err(|err| blocked(&config_fix::failure(config, &err)))
    }
}
