//! The settings of the client (`connect`) beside addresses and keys. `status` checks them by the same rules.

use std::path::PathBuf;

use super::Config;
use super::approval_policy::ApprovalPolicy;
use super::gate_policy::GatePolicy;
use super::phone_lists;
use crate::exit::Fault;
use crate::storage::paths;
use crate::text::phone::{AllowedNumbers, Phone};
use anyhow::Context as _;
use serde_json::Value;

/// How many turns may run at once, unless `max_turns` says otherwise.
const MAX_TURNS: u64 = 64;

/// How many texts an hour of people who write first become turns, unless `sms.per_hour` says otherwise.
const TEXTS_PER_HOUR: u64 = 60;

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
    /// Whether deeds are held at the gateway.
    pub gate_policy: GatePolicy,
    /// Whose texts are answered; `None` for everyone's.
    pub sms_allow: Option<Vec<Phone>>,
    /// Numbers that may be called and texted whatever our tables say.
    pub allowed_numbers: AllowedNumbers,
    /// How many texts an hour become turns, of all the numbers together that we never wrote to.
    pub sms_per_hour: usize,
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
            gate_policy: GatePolicy::from_config(config)?,
            sms_allow: phone_lists::phones(config, "sms")?,
            allowed_numbers: config.allowed_numbers()?,
            sms_per_hour: sms_per_hour(config)?,
            max_turns: usize::try_from(max_turns)?,
        })
    }
}

/// Reads `sms.per_hour`: a whole number, 0 for none at all.
///
/// Fails (exit 3) if it is anything else.
fn sms_per_hour(config: &Config) -> anyhow::Result<usize> {
    let section = config.section("sms")?;
    let number = match section.get("per_hour") {
        None | Some(Value::Null) => TEXTS_PER_HOUR,
        Some(value) => value.as_u64().filter(|number| *number <= 1_000_000).ok_or_else(|| {
            let wanted = "is no whole number from 0 to 1000000";
            Fault::not_configured(format!(
                "`sms.per_hour` in `{}` {wanted}: {value}",
                file(config).display()
            ))
            .hint("mend the file")
        })?,
    };
    Ok(usize::try_from(number)?)
}

fn file(config: &Config) -> PathBuf {
    paths::config(config.skill_dir())
}
