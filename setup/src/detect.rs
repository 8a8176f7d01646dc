//! What setup detects on this machine: the gateway's configuration, its agents, and how the running gateway behaves.

use state::exit::Fault;
use state::gateway::{GatewayClient, GatewayEndpoint, Probe};
use state::gateway_config::{
    Auth, ConfigFile, DefaultAgent, GatewayConfig, GatewayEnv, find, identity_files,
};
use state::http::TrustedCertificates;
use state::secret::Secret;
use state::{out, shell};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A running gateway answers within milliseconds; one that is just starting may take a few seconds.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait until the gateway takes up an edit. OpenClaw 2026.9.6 watches its configuration file, and an edit was
/// in force after 1.2 to 1.8 s, measured.
const TAKEN_UP_TIMEOUT: Duration = Duration::from_secs(15);
const PROBE_INTERVAL: Duration = Duration::from_millis(300);

/// What was detected.
#[derive(Debug, Default)]
pub struct Detected {
    /// The gateway's configuration in force, if there is one that can be read.
    pub gateway: Option<GatewayConfig>,
    /// Why there is none, and what else the owner should know.
    pub remarks: Vec<String>,
}

impl Detected {
    /// Looks for the gateway's configuration where today's OpenClaw does, first in a profile's folder around the skill folder.
    pub fn here(skill: &Path) -> Self {
        let Some(env) = GatewayEnv::of_process() else {
            return Self { gateway: None, remarks: vec!["no home directory is known".to_owned()] };
        };
        let found = find(&env, Some(skill));
        let Some(first) = found.first() else {
            let remark = "no configuration of an OpenClaw or Clawdbot gateway was found".to_owned();
            return Self { gateway: None, remarks: vec![remark] };
        };
        let also = |other: &ConfigFile| {
            format!(
                "`{}` ({}) is there too, and is not the one in force",
                other.path.display(),
                other.product
            )
        };
        let mut remarks: Vec<String> = found[1..].iter().map(also).collect();
        let gateway =
            GatewayConfig::read(first, &env).map_err(|err| remarks.push(err.to_string())).ok();
        Self { gateway, remarks }
    }

    /// The agent that answers: the requested one, the one configured already if the gateway has it, else the gateway's
    /// own choice, which may be one of several.
    ///
    /// Fails (exit 2) if the gateway does not have the requested one.
    pub fn answering_agent(
        &self,
        requested: Option<&str>,
        configured: Option<&str>,
    ) -> Result<DefaultAgent, Fault> {
        let Some(gateway) = &self.gateway else {
            let id = requested.or(configured).unwrap_or("main");
            return Ok(DefaultAgent::Agent(id.to_owned()));
        };
        let mut agents = gateway.agents();
        if agents.is_empty() {
            agents.push("main".to_owned());
        }
        if let Some(requested) = requested {
            if agents.iter().any(|id| id == requested) {
                return Ok(DefaultAgent::Agent(requested.to_owned()));
            }
            let text = format!("the gateway has no agent `{requested}`");
            let agents: Vec<String> = agents.iter().map(|id| shell::quote(id)).collect();
            return Err(Fault::usage(text).hint(format!("it has: {}", agents.join(", "))));
        }
        match configured.filter(|id| agents.iter().any(|agent| agent == id)) {
            Some(id) => Ok(DefaultAgent::Agent(id.to_owned())),
            None => Ok(gateway.default_agent()),
        }
    }

    /// The folder that the agent works in.
    pub fn workspace(&self, agent_id: &str) -> Option<PathBuf> {
        self.gateway.as_ref().map(|gateway| gateway.workspace(agent_id))
    }

    /// The owner's name and the agent's, from the pages in the agent's workspace (USER.md and IDENTITY.md).
    pub fn names(&self, agent_id: &str) -> (Option<String>, Option<String>) {
        let Some((gateway, workspace)) = self.gateway.as_ref().zip(self.workspace(agent_id)) else {
            return (None, None);
        };
        let agent = gateway.agent_name(agent_id).or_else(|| identity_files::agent_name(&workspace));
        (identity_files::owner_name(&workspace), agent)
    }

    /// How the running gateway behaves; `None` if its address is not known.
    pub fn probe(&self, agent_id: &str) -> Option<Probe> {
        Some(self.client(agent_id)?.probe(PROBE_TIMEOUT))
    }

    /// Whether anything answers at another address on this machine.
    pub fn answers(&self, url: &str) -> bool {
        let endpoint = GatewayEndpoint::new(url, None, "main");
        endpoint.is_ok_and(|endpoint| {
            GatewayClient::new(endpoint).probe(PROBE_TIMEOUT).reachable.is_ok()
        })
    }

    /// Waits until the running gateway has taken up its configuration, which `is_taken_up` sees from a probe. Whether it
    /// has, in time.
    pub fn wait_until_taken_up(
        &self,
        agent_id: &str,
        is_taken_up: impl Fn(&Probe) -> bool,
    ) -> bool {
        let Some(client) = self.client(agent_id) else { return false };
        let until = Instant::now() + TAKEN_UP_TIMEOUT;
        out::progress("waiting for the gateway to take up its configuration");
        loop {
            if is_taken_up(&client.probe(PROBE_TIMEOUT)) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(PROBE_INTERVAL);
        }
    }

    fn client(&self, agent_id: &str) -> Option<GatewayClient> {
        let gateway = self.gateway.as_ref()?;
        let token: Option<Secret> = match gateway.auth() {
            Auth::Bearer(secret) => Some(secret),
            Auth::Open | Auth::Absent | Auth::OutOfReach { .. } => None,
        };
        let certificates = TrustedCertificates { own: gateway.certificate(), named: None };
        let endpoint = GatewayEndpoint::new(&gateway.url().ok()?, token, agent_id).ok()?;
        Some(GatewayClient::new(endpoint.with_certificates(certificates)))
    }
}
