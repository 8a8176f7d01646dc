//! The gateway's own configuration, as several checks look at it.

use state::config::Config;
use state::gateway_config::{ConfigFile, GatewayConfig, GatewayEnv};

/// The gateway's own configuration, if the skill's refers to it and it can be read.
pub(super) fn gateway_config(config: &Config) -> Option<GatewayConfig> {
    let path = config.gateway_config().ok().flatten()?;
    GatewayConfig::read(&ConfigFile::at(&path), &GatewayEnv::of_process()?).ok()
}
