//! The gateway to use: its address and token, the agent behind it, and which of its interfaces.

use std::fmt;
use std::sync::Arc;

use crate::config::Config;
use crate::exit::Fault;
use crate::http::TrustedCertificates;
use crate::process::out;
use crate::text::sanitize;
use crate::text::secret::Secret;
use crate::text::url;

/// Which of the gateway's interfaces is used (`gateway_api` in the configuration).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interface {
    /// `sessions_send` for everything.
    SessionsSend,
    /// The chat endpoint for the owner's turns, `sessions_send` for the rest.
    Chat,
    /// The chat endpoint for the owner's turns where it is switched on, else `sessions_send`.
    #[default]
    Auto,
}

/// Reads the token again from where it is configured; `None` if it cannot be had.
pub type TokenSource = Arc<dyn Fn() -> Option<Secret> + Send + Sync>;

/// Reads the address again from where it is configured; `None` if it cannot be had.
pub(super) type AddressSource = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// A gateway and the agent behind it.
#[derive(Clone)]
pub struct GatewayEndpoint {
    pub(super) base: String,
    pub(super) address_source: Option<AddressSource>,
    pub(super) certificates: TrustedCertificates,
    pub(super) agent_id: String,
    pub(super) interface: Interface,
    pub(super) token: Option<Secret>,
    pub(super) token_source: Option<TokenSource>,
}

impl GatewayEndpoint {
    /// Takes an address such as `http://127.0.0.1:18789`, the gateway's token if it wants one, and the
    /// agent's id.
    ///
    /// Fails (exit 3) if it is no http or https address, or if the id has characters that mean something in a session key.
    pub fn new(base: &str, token: Option<Secret>, agent_id: &str) -> Result<Self, Fault> {
        let base = plain_base(base);
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Fault::not_configured(format!("`gateway_url` is `{base}`"))
                .hint("set it to an address such as http://127.0.0.1:18789"));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if agent_id.is_empty() || agent_id.len() > 64 || !agent_id.chars().all(is_plain) {
            return Err(Fault::not_configured("`agent_id` is no agent's id")
                .hint("set it to the id of one of the gateway's agents, such as `main`"));
        }
        Ok(Self {
            base,
            address_source: None,
            certificates: TrustedCertificates::default(),
            agent_id: agent_id.to_owned(),
            interface: Interface::Auto,
            token,
            token_source: None,
        })
    }

    /// The gateway of a configuration. Warns of plain http to another machine, which is allowed.
    ///
    /// Fails (exit 3) if a value of the configuration cannot be used or read.
    pub fn from_config(config: &Config) -> anyhow::Result<Self> {
        let interface = match config.literal_text("gateway_api")?.as_deref() {
            None | Some("auto") => Interface::Auto,
            Some("chat") => Interface::Chat,
            Some("sessions_send") => Interface::SessionsSend,
            Some(other) => {
                let found = sanitize::line_up_to(other, 40);
                return Err(Fault::not_configured(format!(
                    "`gateway_api` is `{found}`, not `auto`, `chat` or `sessions_send`"
                ))
                .into());
            }
        };
        let (url, token) = (config.gateway_url()?, config.gateway_token()?);
        let (of_token, of_address) = (config.clone(), config.clone());
        let certificates = TrustedCertificates {
            own: (url.starts_with("https://") && url::is_loopback(&url))
                .then(|| config.gateway_certificate())
                .flatten(),
            named: config.gateway_ca()?,
        };
        let endpoint = Self::new(&url, token, &config.agent_id()?)?
            .with_interface(interface)
            .with_certificates(certificates)
            .with_token_source(Arc::new(move || of_token.gateway_token().ok().flatten()))
            .with_address_source(Arc::new(move || {
                of_address.gateway_url().ok().map(|url| plain_base(&url))
            }));
        if endpoint.is_unencrypted() {
            out::warning(&format!("the gateway's token goes in clear to `{}`", endpoint.base()));
        }
        Ok(endpoint)
    }

    /// The same with another interface.
    #[must_use]
    pub fn with_interface(self, interface: Interface) -> Self {
        Self { interface, ..self }
    }

    /// The same with a way to read the token again, which is used once after a 401.
    #[must_use]
    pub(super) fn with_token_source(self, source: TokenSource) -> Self {
        Self { token_source: Some(source), ..self }
    }

    /// The same with a way to read the address again, which is used when the gateway cannot be reached at this one.
    #[must_use]
    pub(super) fn with_address_source(self, source: AddressSource) -> Self {
        Self { address_source: Some(source), ..self }
    }

    /// The same with certificates that are trusted beside the system's authorities.
    #[must_use]
    pub fn with_certificates(self, certificates: TrustedCertificates) -> Self {
        Self { certificates, ..self }
    }

    /// The gateway's address when it was configured, without user name, password and query.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The certificates that are trusted beside the system's authorities.
    pub fn certificates(&self) -> &TrustedCertificates {
        &self.certificates
    }

    /// The agent's id.
    pub fn agent_id(&self) -> &str {
        &self.agent_id
    }

    /// Whether token and messages are sent unencrypted to another machine.
    fn is_unencrypted(&self) -> bool {
        self.base.starts_with("http://") && !url::is_loopback(&self.base)
    }
}

/// An address in the form in which it is stored: without user name, password and query.
fn plain_base(given: &str) -> String {
    url::redact(given.trim()).trim_end_matches('/').to_owned()
}

impl fmt::Debug for GatewayEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatewayEndpoint({}, {}, {:?})", self.base, self.agent_id, self.interface)
    }
}

#[cfg(test)]
mod tests {
    use super::{GatewayEndpoint, plain_base};
    use crate::exit::Exit;
    use crate::text::secret::Secret;

    #[test]
    fn an_address_keeps_its_path_and_loses_its_secrets() {
        let token = Some(Secret::new("gateway-token"));
        let endpoint =
            GatewayEndpoint::new("http://me:pw@gw.lan:18789/oc/?token=x", token, "main").unwrap();
        assert_eq!(endpoint.base(), "http://gw.lan:18789/oc");
        // One that is read again has the same form: else it would count as another.
        assert_eq!(plain_base("http://me:pw@gw.lan:18789/oc/?token=x"), endpoint.base());
        assert!(endpoint.is_unencrypted());
        assert!(!format!("{endpoint:?}").contains("token"));
        let here = GatewayEndpoint::new("http://[::1]:1", None, "main").unwrap();
        assert!(!here.is_unencrypted());
    }

    #[test]
    fn a_wrong_address_or_agent_is_not_configured() {
        for (base, agent_id) in [
            ("gw.lan", "main"),
            ("ftp://x", "main"),
            ("http://x", ""),
            ("http://x", "a:b"),
            ("http://x", "a b"),
        ] {
            let fault = GatewayEndpoint::new(base, None, agent_id).unwrap_err();
            assert_eq!(fault.exit(), Exit::NotConfigured, "{base} {agent_id}");
        }
    }
}
