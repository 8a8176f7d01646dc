//! The settings of the client (`connect`) beside addresses and keys. `status` checks them by the same rules.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Value;

use super::Config;
use super::approval_policy::ApprovalPolicy;
use crate::exit::Fault;
use crate::storage::paths;
use crate::text::phone::Phone;

/// How many turns may run at once, unless `max_turns` says otherwise.
const MAX_TURNS: u64 = 64;

/// The settings of the client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The owner's name.
    pub owner_name: Option<String>,
    /// The agent's name.
    pub agent_name: Option<String>,
    /// What an inbound caller hears first.
    pub greeting: Option<String>,
    /// What the voice model on the phone knows of the owner and the agent, beside the greeting.
    pub voice_context: Option<String>,
    /// Which requests need the owner's approval.
    pub approval_policy: ApprovalPolicy,
    /// Whose texts are answered; `None` for everyone's.
    pub sms_allow: Option<Vec<Phone>>,
    /// How many turns may run at once.
    pub max_turns: usize,
}

impl Settings {
    /// Reads the settings.
    ///
    /// Fails (exit 3) if one of them has a value that it cannot have.
    pub fn from_config(config: &Config) -> anyhow::Result<Self> {
        let max_turns = config.number("max_turns")?.unwrap_or(MAX_TURNS).clamp(1, 4096);
        Ok(Self {
            owner_name: config.owner_name()?,
            agent_name: config.agent_name()?,
            greeting: config.greeting()?,
            voice_context: config.literal_text("voice_context")?,
            approval_policy: ApprovalPolicy::from_section(&config.section("guard")?)
                .with_context(|| format!("reading `{}`", file(config).display()))?,
            sms_allow: sms_allow(config)?,
            max_turns: usize::try_from(max_turns)?,
        })
    }
}

/// Reads `sms.allow`: a list of numbers; absent it allows everyone.
///
/// Fails (exit 3) if it is anything else: a rule that cannot be read must not count as no rule.
fn sms_allow(config: &Config) -> anyhow::Result<Option<Vec<Phone>>> {
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
