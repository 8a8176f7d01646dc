//! Which gateway, which agent and by which of its interfaces: checked once.

use std::fmt;
use std::sync::Arc;

use crate::config::{self, Config};
use crate::exit::Fault;
use crate::out;
use crate::secret::Secret;

/// Which of the gateway's interfaces is used (`gateway_api`, spec 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// `sessions_send` for everything.
    SessionsSend,
    /// The chat endpoint for the owner's turns, `sessions_send` for the rest.
    Chat,
    /// The chat endpoint for the owner's turns where it is switched on, else `sessions_send`.
    #[default]
    Auto,
}

/// Asks again where the token came from; `None` if it is not to be had.
pub type Reread = Arc<dyn Fn() -> Option<Secret> + Send + Sync>;

/// A gateway and the agent behind it.
#[derive(Clone)]
pub struct Target {
    pub(super) base: String,
    pub(super) agent_id: String,
    pub(super) api: Api,
    pub(super) token: Option<Secret>,
    pub(super) reread: Option<Reread>,
}

impl Target {
    /// Takes an address such as `http://127.0.0.1:18789`, the gateway's token if it wants one, and the
    /// agent's id.
    ///
    /// Fails (exit 3) if the address is no http or https one, or the id could change a session key.
    pub fn new(base: &str, token: Option<Secret>, agent_id: &str) -> Result<Self, Fault> {
        let base = config::shown(base.trim()).trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Fault::not_configured(format!("`gateway_url` is `{base}`"))
                .hint("set it to an address such as http://127.0.0.1:18789"));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if agent_id.is_empty() || agent_id.len() > 64 || !agent_id.chars().all(is_plain) {
            return Err(Fault::not_configured("`agent_id` is no agent's id")
                .hint("set it to the id of one of the gateway's agents, such as `main`"));
        }
        Ok(Self { base, agent_id: agent_id.to_owned(), api: Api::Auto, token, reread: None })
    }

    /// The same by another interface.
    #[must_use]
    pub fn with_api(self, api: Api) -> Self {
        Self { api, ..self }
    }

    /// The same with a way to read the token anew: a 401 makes use of it once.
    #[must_use]
    pub(crate) fn with_reread(self, reread: Reread) -> Self {
        Self { reread: Some(reread), ..self }
    }

    /// The gateway's address, without userinfo and query.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The agent's id.
    pub fn agent_id(&self) -> &str {
        &self.agent_id
    }

    /// Whether token and words travel in clear beyond this machine.
    pub(crate) fn is_in_clear(&self) -> bool {
        self.base.starts_with("http://") && !config::is_loopback(&self.base)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}, {}, {:?})", self.base, self.agent_id, self.api)
    }
}

impl Config {
    /// The gateway as configured. Warns of plain http beyond this machine, which is allowed (spec 2).
    pub fn gateway(&self) -> anyhow::Result<Target> {
        let api = match self.plain("gateway_api")?.as_deref() {
            None | Some("auto") => Api::Auto,
            Some("chat") => Api::Chat,
            Some("sessions_send") => Api::SessionsSend,
            Some(other) => {
                let found = crate::words::bounded(other, 40);
                return Err(Fault::not_configured(format!(
                    "`gateway_api` is `{found}`, not `auto`, `chat` or `sessions_send`"
                ))
                .into());
            }
        };
        let again = self.clone();
        let target = Target::new(&self.gateway_url()?, self.gateway_token()?, &self.agent_id()?)?
            .with_api(api)
            .with_reread(Arc::new(move || again.gateway_token().ok().flatten()));
        if target.is_in_clear() {
            out::warning(&format!("the gateway's token goes in clear to `{}`", target.base()));
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::Target;
    use crate::exit::Exit;
    use crate::secret::Secret;

    #[test]
    fn an_address_keeps_its_path_and_loses_its_secrets() {
        let token = Some(Secret::new("gateway-token"));
        let target = Target::new("http://me:pw@gw.lan:18789/oc/?token=x", token, "main").unwrap();
        assert_eq!(target.base(), "http://gw.lan:18789/oc");
        assert!(target.is_in_clear());
        assert!(!format!("{target:?}").contains("token"));
        assert!(!Target::new("http://[::1]:1", None, "main").unwrap().is_in_clear());
    }

    #[test]
    fn what_is_no_gateway_is_not_configured() {
        for (base, agent_id) in [
            ("gw.lan", "main"),
            ("ftp://x", "main"),
            ("http://x", ""),
            ("http://x", "a:b"),
            ("http://x", "a b"),
        ] {
            let fault = Target::new(base, None, agent_id).unwrap_err();
            assert_eq!(fault.exit(), Exit::NotConfigured, "{base} {agent_id}");
        }
    }
}
