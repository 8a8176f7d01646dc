//! The gateway's own configuration: finding it, reading it as the gateway does, and what it says to a client.
//!
//! Everything that differs between products and versions is in facts/gateway.md 6. Nothing here writes, and
//! no error or `Debug` output holds a value of the file.

mod agents;
mod around;
mod auth;
mod find;
mod include;
pub mod json5;
pub mod names;
mod permissions;
pub mod referred;
mod substitute;
pub mod tokens;

pub use agents::Answering;
pub use around::Around;
pub use auth::Auth;
pub use find::{Found, Product, candidates, find};
pub use include::{Error, Place};
pub use permissions::{CHAT_ENABLED, TOOL, TOOLS_ALLOW};

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The port a gateway listens on when nothing says otherwise.
const DEFAULT_PORT: u16 = 18789;

/// A gateway's configuration with its includes, read and not yet substituted.
pub struct GatewayConfig {
    path: PathBuf,
    product: Product,
    state_dir: PathBuf,
    around: Around,
    sources: include::Sources,
}

impl std::fmt::Debug for GatewayConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GatewayConfig({})", self.path.display())
    }
}

impl GatewayConfig {
    /// Reads the configuration and everything it includes.
    ///
    /// Fails if one of the files cannot be read or is one that the gateway would refuse.
    pub fn read(found: &Found, around: &Around) -> Result<Self, Error> {
        Ok(Self {
            path: found.path.clone(),
            product: found.product,
            state_dir: find::state_dir(around, &found.path),
            around: around.clone(),
            sources: include::Sources::read(&found.path)?,
        })
    }

    /// The main file, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose configuration it is.
    pub fn product(&self) -> Product {
        self.product
    }

    /// The address of the gateway, which is this machine's.
    ///
    /// The error says why it is another's, or that none is known.
    pub fn url(&self) -> Result<String, String> {
        if self.get(&["gateway", "mode"]).and_then(Value::as_str) == Some("remote") {
            return Err(
                "its `gateway.mode` is `remote`: the gateway runs on another machine".to_owned()
            );
        }
        let tls = self.get(&["gateway", "tls", "enabled"]).and_then(Value::as_bool) == Some(true);
        Ok(format!("{}://127.0.0.1:{}", if tls { "https" } else { "http" }, self.port()))
    }

    /// The port: `OPENCLAW_GATEWAY_PORT`, the file, 18789.
    pub fn port(&self) -> u16 {
        let usable = |port: u64| u16::try_from(port).ok().filter(|port| *port > 0);
        let given =
            self.lookup("OPENCLAW_GATEWAY_PORT").and_then(|port| usable(port.trim().parse().ok()?));
        let written = || self.get(&["gateway", "port"]).and_then(Value::as_u64).and_then(usable);
        given.or_else(written).unwrap_or(DEFAULT_PORT)
    }

    /// Which file to edit for the value at `path`.
    pub fn owner(&self, path: &[&str]) -> Place {
        self.sources.owner(path)
    }

    fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.sources.merged, |value, key| value.get(*key))
    }

    fn lookup(&self, name: &str) -> Option<String> {
        self.around.var_or_dotenv(name, &self.state_dir)
    }
}

#[cfg(test)]
mod tests;
