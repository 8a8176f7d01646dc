//! The configuration: for each value the flag, else the environment, else `skill-config.json`, else a default.

pub mod approval_policy;
pub mod gate_policy;
mod phone_lists;
mod references;
pub mod settings;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::exit::{Exit, Fault};
use crate::gateway_config::from_skill_config;
use crate::process::args::Common;
use crate::process::clock::Clock;
use crate::process::{env, out};
use crate::storage::{file, paths};
use crate::text::secret::Secret;
use crate::text::{json, shell, url};

/// The address of the service, unless another one is configured.
pub const DEFAULT_SERVER: &str = "https://clawdtalk.com";
/// The address of the gateway, unless another one is configured: OpenClaw's port on this machine.
pub const DEFAULT_GATEWAY: &str = "http://127.0.0.1:18789";
const SETUP: &str = "run `setup`, or set CLAWDTALK_API_KEY";

/// The configuration of one skill folder. The file may be missing: the environment can be enough.
#[derive(Clone, Debug)]
pub struct Config {
    skill: PathBuf,
    server_flag: Option<String>,
    file: Map<String, Value>,
}

impl Config {
    /// Finds the skill folder and reads its `skill-config.json`, if there is one. Warns if others may read that.
    ///
    /// Fails (exit 3) if the file is no JSON object. Its values are checked only when they are used.
    pub fn load(common: &Common) -> anyhow::Result<Self> {
        let skill = paths::skill_dir(common.skill_dir.as_deref())?;
        let path = paths::config(&skill);
        let file = match file::read(&path)? {
            None => Map::new(),
            Some(bytes) => {
                if file::is_accessible_to_others(&path) {
                    let text = path.display().to_string();
                    let name = shell::quote(&text);
                    out::warning(&format!(
                        "`{text}` can be read by others; run `chmod 600 {name}`"
                    ));
                }
                object(&path, &bytes)?
            }
        };
        let config = Self { skill, server_flag: common.server.clone(), file };
        config.register_secrets();
        Ok(config)
    }

    /// The same with other contents of the file, to check them before they are written.
    #[must_use]
    pub fn with_values(self, file: Map<String, Value>) -> Self {
        let config = Self { file, ..self };
        config.register_secrets();
        config
    }

    /// The skill folder.
    pub fn skill_dir(&self) -> &Path {
        &self.skill
    }

    /// The keys and values of the file as they are, in their order and with unknown ones.
    pub fn values(&self) -> &Map<String, Value> {
        &self.file
    }

    /// The service's address without a slash or `/v1` at its end.
    ///
    /// Fails (exit 3, for `--server` exit 2) if it is no http or https address, or refers to a variable that is not set.
    pub fn server(&self) -> anyhow::Result<String> {
        if let Some(flag) = &self.server_flag {
            let base = url::parse_base(Exit::Usage, "--server", flag, DEFAULT_SERVER)?;
            return Ok(url::without_version(&base).to_owned());
        }
        let (key, given) = match env::var("CLAWDTALK_API_URL") {
            Some(given) => ("CLAWDTALK_API_URL", given),
            None => (
                "server",
                self.resolved_text("server")?.unwrap_or_else(|| DEFAULT_SERVER.to_owned()),
            ),
        };
        let base = url::parse_base(Exit::NotConfigured, key, &given, DEFAULT_SERVER)?;
        Ok(url::without_version(&base).to_owned())
    }

    /// The API key: from the environment, else the file, else what the gateway's configuration gives this skill
    /// ([`skill_variable`](Self::skill_variable)).
    ///
    /// Fails (exit 3) if there is none, only a placeholder, or one that cannot be sent in a header.
    pub fn api_key(&self) -> anyhow::Result<Secret> {
        let key = match env::var("CLAWDTALK_API_KEY") {
            Some(key) => Some(key),
            None => self.resolved_text("api_key")?.filter(|key| !is_placeholder(key.trim())),
        };
        let of_skill = || Some(self.skill_variable("CLAWDTALK_API_KEY")?.expose().to_owned());
        match key
            .or_else(of_skill)
            .map(|key| key.trim().to_owned())
            .filter(|key| !is_placeholder(key))
        {
            Some(key) if key.chars().all(|c| c.is_ascii_graphic()) => Ok(Secret::new(key)),
            Some(_) => {
                Err(Fault::not_configured("the API key holds a blank or a control character")
                    .hint(SETUP)
                    .into())
            }
            None => {
                let path = paths::config(&self.skill);
                Err(Fault::not_configured(format!("no API key in `{}`", path.display()))
                    .hint(SETUP)
                    .into())
            }
        }
    }

    /// The gateway's address: from the environment, else the file, else the gateway's own configuration if
    /// `gateway_config` names that, else OpenClaw's default port on this machine.
    ///
    /// Fails (exit 3) if it is no http or https address, or a file that it comes from cannot be read.
    pub fn gateway_url(&self) -> anyhow::Result<String> {
        let given = match Self::gateway_url_variable() {
            Some(given) => given,
            None => match (self.resolved_text("gateway_url")?, self.gateway_config()?) {
                (Some(given), _) => given,
                (None, Some(path)) => from_skill_config::url(&path)?,
                (None, None) => DEFAULT_GATEWAY.to_owned(),
            },
        };
        Ok(url::parse_base(Exit::NotConfigured, "gateway_url", &given, DEFAULT_GATEWAY)?)
    }

    /// The gateway's token, if one is configured: from the environment, else the file, else the gateway's own
    /// configuration, which is read anew at each call. A variable that is the gateway's own, and not set beside an address,
    /// counts only where the gateway's configuration has no secret: so it does for the gateway.
    ///
    /// Fails (exit 3) if it is configured and cannot be had.
    pub fn gateway_token(&self) -> anyhow::Result<Option<Secret>> {
        let variable =
            env::var("OPENCLAW_GATEWAY_TOKEN").or_else(|| env::var("CLAWDBOT_GATEWAY_TOKEN"));
        let of_file = self.resolved_text("gateway_token")?;
        let Some(path) = self.gateway_config()? else {
            return Ok(variable.or(of_file).map(Secret::new));
        };
        let is_elsewhere = Self::gateway_url_variable().is_some();
        match (variable, of_file) {
            (Some(token), of_file) if is_elsewhere || of_file.is_some() => {
                Ok(Some(Secret::new(token)))
            }
            (None, Some(token)) => Ok(Some(Secret::new(token))),
            (variable, _) => match from_skill_config::token(&path) {
                Ok(None) | Err(_) if variable.is_some() => Ok(variable.map(Secret::new)),
                token => Ok(token?),
            },
        }
    }

    /// A variable that the gateway gives the agent's runs of this skill, by `skills.entries` of its configuration: `apiKey` is
    /// `CLAWDTALK_API_KEY`. The gateway starts neither the owner's commands nor the client, so they have it from here.
    pub fn skill_variable(&self, name: &str) -> Option<Secret> {
        let path = self.literal_text("gateway_config").ok().flatten().map(PathBuf::from);
        from_skill_config::skill_variable(path, &self.skill, name)
    }

    /// Whether the environment says where the gateway is, which beats every file.
    pub fn has_gateway_variable() -> bool {
        Self::gateway_url_variable().is_some()
    }

    fn gateway_url_variable() -> Option<String> {
        env::var("OPENCLAW_GATEWAY_URL").or_else(|| env::var("CLAWDBOT_GATEWAY_URL"))
    }

    /// The path of the gateway's own configuration, if `setup` found one and put a reference to it.
    pub fn gateway_config(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.resolved_text("gateway_config")?.map(PathBuf::from))
    }

    /// The certificate that the gateway made for itself, if its configuration says that it speaks TLS.
    pub fn gateway_certificate(&self) -> Option<PathBuf> {
        from_skill_config::certificate(&self.gateway_config().ok().flatten()?)
    }

    /// A file (PEM) with the gateway's certificate or its authority's, if the owner named one as `gateway_ca`; a relative path
    /// is one of the skill folder.
    pub fn gateway_ca(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.resolved_text("gateway_ca")?.map(|path| self.skill.join(path)))
    }

    /// The agent that requests go to; `main` if none is configured.
    pub fn agent_id(&self) -> anyhow::Result<String> {
        Ok(self.literal_text("agent_id")?.unwrap_or_else(|| "main".to_owned()))
    }

    /// The owner's name, if configured.
    pub fn owner_name(&self) -> anyhow::Result<Option<String>> {
        self.literal_text("owner_name")
    }

    /// The agent's name, if configured.
    pub fn agent_name(&self) -> anyhow::Result<Option<String>> {
        self.literal_text("agent_name")
    }

    /// What an inbound caller hears first, if configured.
    pub fn greeting(&self) -> anyhow::Result<Option<String>> {
        self.literal_text("greeting")
    }

    /// A text of the file, without replacing `${NAME}`. `None` if it is absent, `null` or blank.
    ///
    /// Fails (exit 3) if the value is no text.
    pub fn literal_text(&self, key: &str) -> anyhow::Result<Option<String>> {
        match self.file.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                Ok(Some(text.clone()).filter(|text| !text.trim().is_empty()))
            }
            Some(other) => Err(self.wrong_type(key, "a text", other).into()),
        }
    }

    /// A whole number of the file; `None` if it is absent or `null`.
    ///
    /// Fails (exit 3) if the value is anything else.
    pub fn number(&self, key: &str) -> anyhow::Result<Option<u64>> {
        match self.file.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong_type(key, "a whole number", value).into()),
            },
        }
    }

    /// An object of the file, such as `guard` or `sms`; empty if it is absent or `null`.
    ///
    /// Fails (exit 3) if the value is anything else.
    pub fn section(&self, key: &str) -> anyhow::Result<Map<String, Value>> {
        match self.file.get(key) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(section)) => Ok(section.clone()),
            Some(other) => Err(self.wrong_type(key, "an object", other).into()),
        }
    }

    /// The machine's clock, or one that the environment moves if the service is on this machine.
    pub fn clock(&self) -> Clock {
        Clock::for_service(self.server().is_ok_and(|server| url::is_loopback(&server)))
    }

    /// A text of the file, with each `${NAME}` replaced.
    fn resolved_text(&self, key: &str) -> anyhow::Result<Option<String>> {
        match self.literal_text(key)? {
            Some(text) => {
                let of_skill = |name: &str| Some(self.skill_variable(name)?.expose().to_owned());
                // The path of that configuration cannot stand in it.
                let of_skill = |name: &str| of_skill(name).filter(|_| key != "gateway_config");
                Ok(Some(references::resolve(key, &text, &self.skill, of_skill)?))
            }
            None => Ok(None),
        }
    }

    /// Registers the secrets of environment and file, so that no command prints them, also one that does not use them.
    /// What a `${NAME}` stands for is registered when it is resolved.
    fn register_secrets(&self) {
        let variables = ["CLAWDTALK_API_KEY", "OPENCLAW_GATEWAY_TOKEN", "CLAWDBOT_GATEWAY_TOKEN"];
        let of_file = ["api_key", "gateway_token"].map(|key| self.literal_text(key).ok().flatten());
        let secrets = variables.map(env::var).into_iter().chain(of_file).flatten();
        for secret in secrets.filter(|text| !text.contains("${") && !is_placeholder(text)) {
            let _ = Secret::new(secret);
        }
    }

    fn wrong_type(&self, key: &str, wanted: &str, found: &Value) -> Fault {
        // The value itself is not printed: it may be a secret at the wrong key.
        let kind = json::type_name(found);
        let path = paths::config(&self.skill);
        Fault::not_configured(format!("`{key}` in `{}` is {kind}, not {wanted}", path.display()))
            .hint("mend the file, or run `setup`")
    }
}

fn object(path: &Path, bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let why = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => return Ok(object),
        Ok(_) => "it is no JSON object".to_owned(),
        Err(err) => err.to_string(),
    };
    Err(Fault::not_configured(format!("`{}` cannot be read: {why}", path.display()))
        .hint("mend the file, or move it away and run `setup`"))
}

/// Whether a key is one of those that sample configurations and documents show.
fn is_placeholder(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.is_empty()
        || ["your_", "your-", "xxxx", "placeholder", "changeme", "change_me", "<", "..."]
            .iter()
            .any(|mark| key.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn a_placeholder_is_no_key() {
        for text in ["YOUR_API_KEY_HERE", "cc_live_xxxxxxxx", "", "<key>", "cc_live_..."] {
            assert!(is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder("cc_live_0123456789abcdef"));
    }
}
