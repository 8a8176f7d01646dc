//! What the configuration says of a running client beside addresses and keys: `connect` starts only with settings
//! that it can read, and `status` reads them by the same rules.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;

use crate::config::Config;
use crate::exit::Fault;
use crate::guard::Policy;
use crate::paths;
use crate::phone::Phone;

/// Turns at once, unless `max_turns` says otherwise (spec 3).
const MAX_TURNS: u64 = 64;

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The owner's name.
    pub owner: Option<String>,
    /// The agent's name.
    pub agent: Option<String>,
    /// What an inbound caller hears first.
    pub greeting: Option<String>,
    /// What the voice model is told beside that.
    pub voice_context: Option<String>,
    /// What the owner wants to be asked about.
    pub guard: Policy,
    /// Who is answered by text; `None` for everyone.
    pub texts: Option<Vec<Phone>>,
    /// Turns at once.
    pub max_turns: usize,
}

impl Settings {
    /// Reads them. Fails (exit 3) where one is not what it should be.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        let max_turns = config.number("max_turns")?.unwrap_or(MAX_TURNS).clamp(1, 4096);
        Ok(Self {
            owner: config.owner_name()?,
            agent: config.agent_name()?,
            greeting: config.greeting()?,
            voice_context: config.plain("voice_context")?,
            guard: Policy::read(&config.section("guard")?)
                .with_context(|| format!("reading `{}`", file(config).display()))?,
            texts: texts(config)?,
            max_turns: usize::try_from(max_turns)?,
        })
    }
}

/// Reads `sms.allow`: a list of numbers; absent allows everyone.
///
/// Fails (exit 3) if it is anything else: a rule that cannot be read must not count as none.
fn texts(config: &Config) -> anyhow::Result<Option<Vec<Phone>>> {
    let section = config.section("sms")?;
    let wrong = || {
        let wanted = "is no list of numbers such as +15551234567";
        Fault::not_configured(format!("`sms.allow` in `{}` {wanted}", file(config).display()))
            .hint("mend the file")
    };
    match section.get("allow") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(entries)) => {
            let phone = |entry: &Value| entry.as_str()?.parse::<Phone>().ok();
            Ok(Some(entries.iter().map(phone).collect::<Option<_>>().ok_or_else(wrong)?))
        }
        Some(_) => Err(wrong().into()),
    }
}

fn file(config: &Config) -> PathBuf {
    paths::config(config.skill_dir())
}
