//! The one configuration resolver (spec 2): flag, then environment, then `skill-config.json`, then default.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::args::Common;
use crate::clock::Clock;
use crate::exit::{Exit, Fault};
use crate::secret::Secret;
use crate::{env, file, gateway_config, json, out, paths, words};

/// The service, where nothing else is said.
pub const DEFAULT_SERVER: &str = "https://clawdtalk.com";
/// The gateway, where nothing else is said: OpenClaw's own port on this machine.
pub const DEFAULT_GATEWAY: &str = "http://127.0.0.1:18789";
const SETUP: &str = "run `setup`, or set CLAWDTALK_API_KEY";

/// The configuration of one skill folder. It works without a file when the environment says enough.
#[derive(Clone, Debug)]
pub struct Config {
    skill: PathBuf,
    server_flag: Option<String>,
    file: Map<String, Value>,
}

impl Config {
    /// Finds the skill folder and reads its `skill-config.json`, if there is one. A file that others may
    /// read is warned of.
    ///
    /// Fails (exit 3) if the file is there and is not a JSON object; its values are read when they are used.
    pub fn load(common: &Common) -> anyhow::Result<Self> {
        let skill = paths::skill_dir(common.skill_dir.as_deref())?;
        let path = paths::config(&skill);
        let file = match file::read(&path)? {
            None => Map::new(),
            Some(bytes) => {
                if file::is_open_to_others(&path) {
                    let shown = path.display().to_string();
                    let name = words::for_shell(&shown);
                    out::warning(&format!(
                        "`{shown}` can be read by others; run `chmod 600 {name}`"
                    ));
                }
                object(&path, &bytes)?
            }
        };
        let config = Self { skill, server_flag: common.server.clone(), file };
        config.list_secrets();
        Ok(config)
    }

    /// The same folder and options with these keys and values in place of the file's: to try what is not written
    /// yet.
    #[must_use]
    pub fn with(self, file: Map<String, Value>) -> Self {
        let config = Self { file, ..self };
        config.list_secrets();
        config
    }

    /// The folder that everything is kept in.
    pub fn skill_dir(&self) -> &Path {
        &self.skill
    }

    /// The file's keys and values as they stand there, unknown ones and order kept.
    pub fn raw(&self) -> &Map<String, Value> {
        &self.file
    }

    /// The service's address without a trailing slash or `/v1`.
    ///
    /// Fails (exit 3, of `--server` 2) if it is no http or https address or refers to a name that is not set.
    pub fn server(&self) -> anyhow::Result<String> {
        if let Some(flag) = &self.server_flag {
            let address = address(Exit::Usage, "--server", flag, DEFAULT_SERVER)?;
            return Ok(without_version(&address).to_owned());
        }
        let (key, given) = match env::var("CLAWDTALK_API_URL") {
            Some(given) => ("CLAWDTALK_API_URL", given),
            None => ("server", self.text("server")?.unwrap_or_else(|| DEFAULT_SERVER.to_owned())),
        };
        let address = address(Exit::NotConfigured, key, &given, DEFAULT_SERVER)?;
        Ok(without_version(&address).to_owned())
    }

    /// The API key. A placeholder is not a key.
    ///
    /// Fails (exit 3) with the command that helps.
    pub fn api_key(&self) -> anyhow::Result<Secret> {
        let key = match env::var("CLAWDTALK_API_KEY") {
            Some(key) => Some(key),
            None => self.text("api_key")?,
        };
        match key.map(|key| key.trim().to_owned()).filter(|key| !is_placeholder(key)) {
            Some(key) if key.chars().all(|c| c.is_ascii_graphic()) => Ok(Secret::new(key)),
            Some(_) => {
                Err(Fault::not_configured("the API key holds a blank or a control character")
                    .hint(SETUP)
                    .into())
            }
            None => {
                let place = paths::config(&self.skill);
                Err(Fault::not_configured(format!("no API key in `{}`", place.display()))
                    .hint(SETUP)
                    .into())
            }
        }
    }

    /// The gateway's address: environment, then file, then the gateway's own config if `gateway_config` names
    /// it, then OpenClaw's default port on this machine.
    pub fn gateway_url(&self) -> anyhow::Result<String> {
        let given =
            match env::var("OPENCLAW_GATEWAY_URL").or_else(|| env::var("CLAWDBOT_GATEWAY_URL")) {
                Some(given) => given,
                None => match (self.text("gateway_url")?, self.gateway_config()?) {
                    (Some(given), _) => given,
                    (None, Some(path)) => gateway_config::referred::url(&path)?,
                    (None, None) => DEFAULT_GATEWAY.to_owned(),
                },
            };
        Ok(address(Exit::NotConfigured, "gateway_url", &given, DEFAULT_GATEWAY)?)
    }

    /// The gateway's token, if one is configured: environment, then file, then the gateway's own config, read
    /// anew at each call.
    pub fn gateway_token(&self) -> anyhow::Result<Option<Secret>> {
        let token = match env::var("OPENCLAW_GATEWAY_TOKEN")
            .or_else(|| env::var("CLAWDBOT_GATEWAY_TOKEN"))
        {
            Some(token) => Some(token),
            None => self.text("gateway_token")?,
        };
        match (token, self.gateway_config()?) {
            (Some(token), _) => Ok(Some(Secret::new(token))),
            (None, Some(path)) => Ok(gateway_config::referred::token(&path)?),
            (None, None) => Ok(None),
        }
    }

    /// The gateway's own config, if `setup` found one and refers to it (spec 2).
    pub fn gateway_config(&self) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.text("gateway_config")?.map(PathBuf::from))
    }

    /// The agent that requests go to; `main` if none is configured.
    pub fn agent_id(&self) -> anyhow::Result<String> {
        Ok(self.plain("agent_id")?.unwrap_or_else(|| "main".to_owned()))
    }

    /// The owner's name, if configured.
    pub fn owner_name(&self) -> anyhow::Result<Option<String>> {
        self.plain("owner_name")
    }

    /// The agent's name, if configured.
    pub fn agent_name(&self) -> anyhow::Result<Option<String>> {
        self.plain("agent_name")
    }

    /// What an inbound caller hears first, if configured.
    pub fn greeting(&self) -> anyhow::Result<Option<String>> {
        self.plain("greeting")
    }

    /// A text of the file with `${NAME}` left as it is. `null`, absent and blank are `None`.
    ///
    /// Fails (exit 3) if the value is no text.
    pub fn plain(&self, key: &str) -> anyhow::Result<Option<String>> {
        match self.file.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                Ok(Some(text.clone()).filter(|text| !text.trim().is_empty()))
            }
            Some(other) => Err(self.wrong(key, "a text", other).into()),
        }
    }

    /// A whole number of the file.
    pub fn number(&self, key: &str) -> anyhow::Result<Option<u64>> {
        match self.file.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(key, "a whole number", value).into()),
            },
        }
    }

    /// An object of the file, such as `guard` or `sms`; empty if absent.
    pub fn section(&self, key: &str) -> anyhow::Result<Map<String, Value>> {
        match self.file.get(key) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(section)) => Ok(section.clone()),
            Some(other) => Err(self.wrong(key, "an object", other).into()),
        }
    }

    /// The clock: the machine's, or a moved one if the service is on loopback.
    pub fn clock(&self) -> Clock {
        Clock::for_service(self.server().is_ok_and(|server| is_loopback(&server)))
    }

    fn text(&self, key: &str) -> anyhow::Result<Option<String>> {
        match self.plain(key)? {
            Some(text) => Ok(Some(env::resolve(key, &text, &self.skill)?)),
            None => Ok(None),
        }
    }

    fn wrong(&self, key: &str, wanted: &str, found: &Value) -> Fault {
        // The value itself may be a secret in the wrong place: its kind says enough.
        let kind = json::kind(found);
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

/// An http or https address without a trailing slash, checked far enough to be told plainly: what is wrong with it would
/// show as a service out of reach. `key` is its name in the error, and `right` what one looks like.
///
/// Fails (with `exit`) if it is none; `setup` asks before it stores one.
pub fn address(exit: Exit, key: &str, given: &str, right: &str) -> Result<String, Fault> {
    let base = given.trim().trim_end_matches('/');
    let what = match base.strip_prefix("https://").or_else(|| base.strip_prefix("http://")) {
        Some(rest) => match wrong_host(rest) {
            None => return Ok(base.to_owned()),
            Some(what) => what,
        },
        None => "is no http:// or https:// address",
    };
    // A key put into the wrong line is not to be told.
    let text = if given.contains(['.', ':', '/']) {
        format!("`{key}` is `{}`, which {what}", shown(given))
    } else {
        format!("`{key}` {what}; what it is may be a secret and is not shown")
    };
    Err(Fault::new(exit, text).hint(format!("write it as {right}")))
}

/// What is wrong with the host and the port of an address, given without its scheme.
fn wrong_host(rest: &str) -> Option<&'static str> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    // An IPv6 address has colons of its own, and brackets around them.
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let is_of_a_name = |c: char| c.is_alphanumeric() || "-._~%[]:".contains(c);
    if host.is_empty() || !host.chars().all(is_of_a_name) || rest.contains(char::is_whitespace) {
        return Some("is no http:// or https:// address");
    }
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    (!port.is_none_or(is_port)).then_some("has no port from 1 to 65535")
}

/// An address without the `/v1` at its end; a host of that name stays.
fn without_version(address: &str) -> &str {
    let base = address.strip_suffix("/v1").map(|base| base.trim_end_matches('/'));
    base.filter(|base| base.contains("://")).unwrap_or(address)
}

/// An address as it may be printed: without userinfo and query.
pub fn shown(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let scheme = address.split_once("://").filter(|(scheme, _)| !scheme.contains('@'));
    let (scheme, rest) = scheme.unwrap_or(("", address));
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit('@').next().unwrap_or_default();
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    path.map_or_else(|| format!("{scheme}{host}"), |path| format!("{scheme}{host}/{path}"))
}

/// Whether an address names this machine: 127.0.0.0/8, `[::1]` or `localhost`.
pub fn is_loopback(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What the sample config and documents show instead of a key.
pub(crate) fn is_placeholder(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.is_empty()
        || ["your_", "your-", "xxxx", "placeholder", "changeme", "change_me", "<", "..."]
            .iter()
            .any(|mark| key.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::{Exit, address, is_loopback, is_placeholder, shown, without_version};

    #[test]
    fn loopback_is_an_address_not_a_prefix() {
        for here in
            ["http://127.0.0.1:80", "http://localhost/x", "http://[::1]:9", "http://127.9.9.9"]
        {
            assert!(is_loopback(here), "{here}");
        }
        for there in [
            "http://127.0.0.1.evil.com",
            "http://localhost.evil.com",
            "https://clawdtalk.com",
            "http://localhost@evil.com",
            "http://10.0.0.1",
        ] {
            assert!(!is_loopback(there), "{there}");
        }
    }

    #[test]
    fn addresses_are_shown_without_secrets() {
        assert_eq!(shown("https://me:pw@host/a?token=1#x"), "https://host/a");
        assert_eq!(shown("https://host:1"), "https://host:1");
        assert_eq!(shown("host:1?token=1&next=http://x"), "host:1");
        assert_eq!(shown("me:pw@ws://host"), "ws://host");
    }

    #[test]
    fn an_address_has_a_host() {
        let address =
            |key: &str, given: &str| address(Exit::NotConfigured, key, given, "https://x");
        for right in ["https://host/v1", "http://[::1]:9", "http://[::1]", "https://me:pw@h:1/a:b"]
        {
            assert_eq!(address("server", &format!(" {right}/ ")).unwrap(), right);
        }
        for text in [
            "http://",
            "http:///v1",
            "https://?x",
            "http://#",
            "ftp://host",
            "http://a b",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:0",
            "http://127.0.0.1:abc",
            "http://127.0.0.1:80,",
            "https://host,",
            "https://host:",
            "https://:80",
        ] {
            let told = address("server", text).unwrap_err().to_string();
            assert!(told.contains(&shown(text)), "{told}");
        }
        let told = address("server", "cc_live_0123456789abcdef").unwrap_err().to_string();
        assert!(told.contains("`server`") && !told.contains("0123"), "{told}");
    }

    #[test]
    fn the_version_is_no_part_of_the_address() {
        for (given, base) in [
            ("https://host", "https://host"),
            ("https://host/v1", "https://host"),
            ("https://host/a//v1", "https://host/a"),
            ("https://host/v2", "https://host/v2"),
            ("http://v1", "http://v1"),
            ("http://v1/v1", "http://v1"),
        ] {
            assert_eq!(without_version(given), base);
        }
    }

    #[test]
    fn a_placeholder_is_no_key() {
        for text in ["YOUR_API_KEY_HERE", "cc_live_xxxxxxxx", "", "<key>", "cc_live_..."] {
            assert!(is_placeholder(text), "{text}");
        }
        assert!(!is_placeholder("cc_live_0123456789abcdef"));
    }
}
