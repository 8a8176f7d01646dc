//! The settings of the client (`connect`) beside addresses and keys. `status` checks them by the same rules.

use std::path::PathBuf;

use super::Config;
use super::approval_policy::ApprovalPolicy;
use super::phone_lists;
use crate::storage::paths;
use crate::text::phone::{AllowedNumbers, Phone};
use anyhow::Context as _;

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
    /// Numbers that may be called and texted whatever our tables say.
    pub allowed_numbers: AllowedNumbers,
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
            sms_allow: phone_lists::phones(config, "sms")?,
            allowed_numbers: config.allowed_numbers()?,
            max_turns: usize::try_from(max_turns)?,
        })
    }
}

fn file(config: &Config) -> PathBuf {
    paths::config(config.skill_dir())
}
