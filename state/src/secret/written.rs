//! What a configuration and the environment write down as secrets.

use super::Secret;
use crate::config::{Config, is_placeholder};
use crate::env;

impl Config {
    /// Lists what is written down as a secret, so that no command prints it, be it one that has no use for it. What is
    /// referred to is listed when it is resolved.
    pub(crate) fn list_secrets(&self) {
        let variables = ["CLAWDTALK_API_KEY", "OPENCLAW_GATEWAY_TOKEN", "CLAWDBOT_GATEWAY_TOKEN"];
        let written = ["api_key", "gateway_token"].map(|key| self.plain(key).ok().flatten());
        let secrets = variables.map(env::var).into_iter().chain(written).flatten();
        for secret in secrets.filter(|text| !text.contains("${") && !is_placeholder(text)) {
            let _ = Secret::new(secret);
        }
    }
}
