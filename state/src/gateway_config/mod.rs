//! The configuration of the gateway itself (`openclaw.json` or `clawdbot.json`, JSON5): finds it, reads it as the gateway
//! does, and answers what a client needs to know. Nothing here writes, and no error or `Debug` output contains a value of
//! the file.
//!
//! What differs between versions (see also [`crate::gateway`]):
//!
//! - Place: `~/.openclaw/openclaw.json`, and where that does not exist `~/.openclaw/clawdbot.json`,
//!   `~/.clawdbot/openclaw.json`, `~/.clawdbot/clawdbot.json`. `OPENCLAW_CONFIG_PATH` replaces all of them,
//!   `OPENCLAW_STATE_DIR` and `OPENCLAW_HOME` move the folder, `OPENCLAW_GATEWAY_PORT` overrides the port.
//!   `CLAWDBOT_CONFIG_PATH` is ignored by the gateway too.
//! - The gateway refuses a configuration with an unknown key, and a running one then keeps the old one. So a key may only
//!   be added for a version that knows it: `gateway.tools` came with 2026.2.13.
//! - `$include` puts other files of the same folder in, at most 10 deep; `${NAME}` (capitals only) stands for a variable,
//!   `$${NAME}` for itself.
//! - The token may be a text, `${NAME}`, a reference to a secret (`source` env, file, exec or store), a password, or
//!   missing: then the gateway makes one up at each start and keeps it to itself.
//! - Agents are the keyed map `agents.entries`, in earlier versions the list `agents.list` with `default: true` on one of
//!   them; without either there is one agent, `main`. The default agent of several is `agents.defaults.systemAgent`.
//! - An agent's workspace is its own `workspace`, else `agents.defaults.workspace` (with several agents a folder of the
//!   agent's id in it), else `OPENCLAW_WORKSPACE_DIR`, else `workspace` in the state folder (`workspace-<id>` for others
//!   than `main`). Clawdbot has `~/clawd`.

mod agents;
mod auth;
mod env;
pub mod from_skill_config;
pub mod identity_files;
mod include;
pub mod json5;
mod locate;
mod permissions;
mod skill_entry;
mod substitute;
mod values;

pub use agents::DefaultAgent;
pub use auth::Auth;
pub use env::GatewayEnv;
pub use include::{GatewayConfigError, ValueLocation};
pub use locate::{ConfigFile, Product, find, profile_config};
pub use permissions::{CHAT_ENABLED, SESSIONS_SEND, TOOLS_ALLOW};

use crate::text::secret::Secret;
use serde_json::Value;
use std::path::{Path, PathBuf};
use values::Values;

/// The port a gateway listens on when nothing says otherwise.
const DEFAULT_PORT: u16 = 18789;

/// A gateway's configuration, read with its includes.
pub struct GatewayConfig {
    path: PathBuf,
    product: Product,
    values: Values,
}

impl std::fmt::Debug for GatewayConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GatewayConfig({})", self.path.display())
    }
}

impl GatewayConfig {
    /// Reads the configuration and everything it includes.
    ///
    /// Fails if one of the files cannot be read, or is one that the gateway would refuse.
    pub fn read(file: &ConfigFile, env: &GatewayEnv) -> Result<Self, GatewayConfigError> {
        let values = Values::read(file, env)?;
        Ok(Self { path: file.path.clone(), product: file.product, values })
    }

    /// The main file, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose configuration it is.
    pub fn product(&self) -> Product {
        self.product
    }

    /// The address of the gateway, which is on this machine.
    ///
    /// The error says why it is not.
    pub fn url(&self) -> Result<String, String> {
        if self.values.text(&["gateway", "mode"]) == Some("remote") {
            return Err(
                "its `gateway.mode` is `remote`: the gateway runs on another machine".to_owned()
            );
        }
        let scheme = if self.speaks_tls() { "https" } else { "http" };
        Ok(format!("{scheme}://127.0.0.1:{}", self.port()))
    }

    fn speaks_tls(&self) -> bool {
        self.values.get(&["gateway", "tls", "enabled"]).and_then(Value::as_bool) == Some(true)
    }

    /// The file with the certificate of a gateway that speaks TLS: the one that it was given, else the one that it made for
    /// itself, self-signed and without a name in it that a client could check.
    pub fn certificate(&self) -> Option<PathBuf> {
        let given = self.values.text(&["gateway", "tls", "certPath"]);
        self.speaks_tls().then(|| match given {
            Some(path) => self.values.expand(path),
            None => self.values.state_dir.join("gateway/tls/gateway-cert.pem"),
        })
    }

    /// The port: `OPENCLAW_GATEWAY_PORT`, else the file's, else 18789.
    pub fn port(&self) -> u16 {
        let usable = |port: u64| u16::try_from(port).ok().filter(|port| *port > 0);
        let of_env = self.values.variable("OPENCLAW_GATEWAY_PORT");
        let of_env = of_env.and_then(|port| usable(port.trim().parse().ok()?));
        let of_file =
            || self.values.get(&["gateway", "port"]).and_then(Value::as_u64).and_then(usable);
        of_env.or_else(of_file).unwrap_or(DEFAULT_PORT)
    }

    /// The value at `path`.
    pub fn value(&self, path: &[&str]) -> Option<&Value> {
        self.values.get(path)
    }

    /// Which file to edit for the value at `path`.
    pub fn location(&self, path: &[&str]) -> ValueLocation {
        self.values.location(path)
    }

    /// How a client authenticates. Read anew at each call: a token may come from a variable or a file.
    pub fn auth(&self) -> Auth {
        auth::read(&self.values)
    }

    /// The ids of the agents in the file's order, in lower case as the gateway has them; empty if it names none.
    pub fn agents(&self) -> Vec<String> {
        agents::ids(&self.values)
    }

    /// The agent that requests go to if none is named: the one under `systemAgent`, the one marked as default in a list,
    /// the only one, or `main` where there are none.
    pub fn default_agent(&self) -> DefaultAgent {
        agents::default_agent(&self.values)
    }

    /// The name that an agent goes by, if its entry has one.
    pub fn agent_name(&self, id: &str) -> Option<String> {
        agents::name(&self.values, id)
    }

    /// The folder that an agent works in, which holds USER.md and IDENTITY.md.
    pub fn workspace(&self, id: &str) -> PathBuf {
        agents::workspace(&self.values, self.product, id)
    }

    /// The agent that the setup script of ClawdTalk added up to its version 2.0.2, if it is still there as it was made:
    /// the item of `agents.list`, or `Some(None)` for an entry of `agents.entries` that the gateway made of it.
    pub fn early_voice_agent(&self) -> Option<Option<&Value>> {
        // Only an item of the list has its id in it.
        agents::early_voice_agent(&self.values).map(|agent| agent.get("id").and(Some(agent)))
    }

    /// Whether `gateway.tools.allow` names `sessions_send`.
    pub fn allows_sessions_send(&self) -> bool {
        permissions::names_sessions_send(&self.values, &TOOLS_ALLOW)
    }

    /// Whether `gateway.tools.deny` names `sessions_send`, which wins over `allow`.
    pub fn denies_sessions_send(&self) -> bool {
        permissions::names_sessions_send(&self.values, &["gateway", "tools", "deny"])
    }

    /// Whether `sessions_send` stands in the top-level `tools.allow`. That is a mistake which an early page of ClawdTalk
    /// led to: it takes every other tool from the agent.
    pub fn confines_agent(&self) -> bool {
        permissions::names_sessions_send(&self.values, &["tools", "allow"])
    }

    /// Whether `/v1/chat/completions` is switched on.
    pub fn chat_enabled(&self) -> bool {
        self.values.get(&CHAT_ENABLED).and_then(Value::as_bool) == Some(true)
    }

    /// What `gateway.bind` says, where other machines can reach the gateway by that.
    pub fn open_bind(&self) -> Option<&str> {
        permissions::open_bind(&self.values)
    }

    /// Whether a running gateway takes up changes of this configuration by itself.
    pub fn reloads(&self) -> bool {
        permissions::reloads(&self.values)
    }

    /// A variable that the gateway gives the agent's runs of the skill in this folder, from `skills.entries`: the API key as
    /// `CLAWDTALK_API_KEY`, and what stands under `env`.
    pub fn skill_variable(&self, skill: &Path, name: &str) -> Option<Secret> {
        let folder = skill.file_name().unwrap_or_default().to_string_lossy();
        skill_entry::variable(&self.values, &folder, name)
    }

    /// Whether the gateway of this configuration knows the key `gateway.tools`; the error says why not. Judged by the
    /// version that last wrote the file, else by the file's name: a running gateway can tell better.
    pub fn knows_tools(&self) -> Result<(), String> {
        permissions::knows_tools(&self.values, self.product)
    }
}

#[cfg(test)]
mod tests;
