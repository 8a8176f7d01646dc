//! What the configuration says of a client, checked before anything is opened.

use state::approval_policy::ApprovalPolicy;
use state::config::Config;
use state::gate_policy::GatePolicy;
use state::gateway::GatewayEndpoint;
use state::settings::Settings;

use crate::prompts::context::DisplayNames;
use crate::sms::policy::SmsPolicy;

/// The settings of a client.
pub(crate) struct ClientSettings {
    /// The gateway.
    pub(crate) gateway: GatewayEndpoint,
    /// The names, greeting and context of calls.
    pub(crate) voice: VoiceSettings,
    /// Which requests need the owner's approval.
    pub(crate) guard: ApprovalPolicy,
    /// Whether deeds are held at the gateway.
    pub(crate) gate: GatePolicy,
    /// Who is answered by text.
    pub(crate) sms_policy: SmsPolicy,
    /// Texts an hour that become turns, of all numbers together that we never wrote to.
    pub(crate) sms_per_hour: usize,
    /// Turns at once.
    pub(crate) max_turns: usize,
}

/// The names, greeting and context of calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct VoiceSettings {
    /// The owner's name.
    pub(crate) owner: Option<String>,
    /// The agent's name.
    pub(crate) agent: Option<String>,
    /// What an inbound caller hears first.
    pub(crate) greeting: Option<String>,
    /// The voice model's prompt, in place of ours.
    pub(crate) context: Option<String>,
}

impl ClientSettings {
    /// Reads them. Fails (exit 3) where one is not what it should be.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let settings = Settings::from_config(config)?;
        Ok(Self {
            gateway: GatewayEndpoint::from_config(config)?,
            voice: VoiceSettings {
                owner: settings.owner_name,
                agent: settings.agent_name,
                greeting: settings.greeting,
                context: settings.voice_context,
            },
            guard: settings.approval_policy,
            gate: settings.gate_policy,
            sms_policy: SmsPolicy::new(settings.sms_allow, settings.allowed_numbers),
            sms_per_hour: settings.sms_per_hour,
            max_turns: settings.max_turns,
        })
    }
}

impl VoiceSettings {
    /// Both names.
    pub(crate) fn names(&self) -> DisplayNames<'_> {
        DisplayNames { owner: self.owner.as_deref(), agent: self.agent.as_deref() }
    }
}
