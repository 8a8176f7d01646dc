//! What setup finds on this machine: the gateway's configuration, who answers there, and how the running gateway behaves.

use state::exit::Fault;
use state::gateway::{Client, Probe, Target};
use state::gateway_config::{Answering, Around, Auth, Found, GatewayConfig, find, names};
use state::out;
use state::secret::Secret;
use state::words;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A running gateway answers within milliseconds; one that is just starting may take a few seconds.
const PROBE_WITHIN: Duration = Duration::from_secs(5);

/// A change of the configuration is in force after 1.2 to 1.8 s (facts/gateway.md 6).
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(15);
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);

/// What was found.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// The gateway's configuration in force, if there is one that can be read.
    pub own: Option<GatewayConfig>,
    /// Why there is none, or what else deserves a word.
    pub remarks: Vec<String>,
}

impl Surroundings {
    /// Looks for the gateway's configuration where today's OpenClaw does.
    pub fn look() -> Self {
        let Some(around) = Around::here() else {
            return Self { own: None, remarks: vec!["no home directory is known".to_owned()] };
        };
        let found = find(&around);
        let Some(first) = found.first() else {
            let remark = "no configuration of an OpenClaw or Clawdbot gateway was found".to_owned();
            return Self { own: None, remarks: vec![remark] };
        };
        let also = |other: &Found| {
            format!(
                "`{}` ({}) is there too, and is not the one in force",
                other.path.display(),
                other.product
            )
        };
        let mut remarks: Vec<String> = found[1..].iter().map(also).collect();
        let own =
            GatewayConfig::read(first, &around).map_err(|err| remarks.push(err.to_string())).ok();
        Self { own, remarks }
    }

    /// The agent that answers: the one asked for, the one configured already if the gateway has it, else the
    /// gateway's own choice.
    ///
    /// Fails (exit 2) if the one asked for is none of the gateway's; gives the choice if there are several.
    pub fn agent(&self, asked: Option<&str>, configured: Option<&str>) -> Result<Answering, Fault> {
        let Some(own) = &self.own else {
            let id = asked.or(configured).unwrap_or("main");
            return Ok(Answering::Agent(id.to_owned()));
        };
        let mut known = own.agents();
        if known.is_empty() {
            known.push("main".to_owned());
        }
        if let Some(asked) = asked {
            if known.iter().any(|id| id == asked) {
                return Ok(Answering::Agent(asked.to_owned()));
            }
            let text = format!("the gateway has no agent `{asked}`");
            let known: Vec<String> = known.iter().map(|id| words::for_shell(id)).collect();
            return Err(Fault::usage(text).hint(format!("it has: {}", known.join(", "))));
        }
        match configured.filter(|id| known.iter().any(|known| known == id)) {
            Some(id) => Ok(Answering::Agent(id.to_owned())),
            None => Ok(own.answering()),
        }
    }

    /// The folder that the agent works in.
    pub fn workspace(&self, agent_id: &str) -> Option<PathBuf> {
        self.own.as_ref().map(|own| own.workspace(agent_id))
    }

    /// The names in the agent's pages: the owner's, and the agent's.
    pub fn names(&self, agent_id: &str) -> (Option<String>, Option<String>) {
        let Some((own, workspace)) = self.own.as_ref().zip(self.workspace(agent_id)) else {
            return (None, None);
        };
        let agent = own.agent_name(agent_id).or_else(|| names::agent(&workspace));
        (names::owner(&workspace), agent)
    }

    /// How the running gateway behaves; `None` if its address is not known.
    pub fn probe(&self, agent_id: &str) -> Option<Probe> {
        Some(self.client(agent_id)?.probe(PROBE_WITHIN))
    }

    /// Waits until the running gateway is as `wanted`. Whether it is.
    pub fn await_gateway(&self, agent_id: &str, wanted: impl Fn(&Probe) -> bool) -> bool {
        let Some(client) = self.client(agent_id) else { return false };
        let until = Instant::now() + TAKEN_UP_WITHIN;
        out::progress("waiting for the gateway to take up its configuration");
        loop {
            if wanted(&client.probe(PROBE_WITHIN)) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    fn client(&self, agent_id: &str) -> Option<Client> {
        let own = self.own.as_ref()?;
        let token: Option<Secret> = match own.auth() {
            Auth::Bearer(secret) => Some(secret),
            Auth::Open | Auth::Absent | Auth::OutOfReach { .. } => None,
        };
        Some(Client::new(Target::new(&own.url().ok()?, token, agent_id).ok()?))
    }
}
