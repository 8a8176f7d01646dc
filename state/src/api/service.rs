//! The address of the service and the key to it. Checked when they are put together, so that the key is never sent
//! unencrypted to another machine.

use crate::config::Config;
use crate::exit::Fault;
use crate::text::secret::Secret;
use crate::text::url;

/// The address of the service and the API key.
#[derive(Clone, Debug)]
pub struct Service {
    base: String,
    key: Secret,
}

impl Service {
    /// Takes an address without `/v1`, such as [`Config::server`] gives.
    ///
    /// Fails (exit 3) if it is no https address and not on this machine.
    pub fn new(base: &str, key: Secret) -> Result<Self, Fault> {
        let base = base.trim_end_matches('/');
        let stays_here = base.starts_with("http://") && url::is_loopback(base);
        if !base.starts_with("https://") && !stays_here {
            let shown = url::redact(base);
            return Err(Fault::not_configured(format!(
                "the server is `{shown}`; the key is sent in clear only to this machine"
            ))
            .hint("use its https:// address"));
        }
        Ok(Self { base: base.to_owned(), key })
    }

    /// The service of a configuration.
    ///
    /// Fails as [`Config::server`], [`Config::api_key`] and [`new`](Self::new) do.
    pub fn from_config(config: &Config) -> anyhow::Result<Self> {
        Ok(Self::new(&config.server()?, config.api_key()?)?)
    }

    /// The address, such as `https://clawdtalk.com`: without a slash or `/v1` at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The API key.
    pub fn key(&self) -> &Secret {
        &self.key
    }

    /// The address of the service's WebSocket, such as `wss://clawdtalk.com/ws`.
    pub fn socket_url(&self) -> String {
        // http becomes ws and https wss.
        format!("ws{}/ws", self.base.strip_prefix("http").unwrap_or(&self.base))
    }

    /// Whether the service is on this machine, which only a simulator is.
    pub(crate) fn is_on_loopback(&self) -> bool {
        url::is_loopback(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::Service;
    use crate::exit::Exit;
    use crate::text::secret::Secret;

    #[test]
    fn the_key_is_sent_unencrypted_only_to_loopback() {
        let service = |base| Service::new(base, Secret::new("cc_live_0123456789abcdef"));
        for (base, socket) in [
            ("https://clawdtalk.com/", "wss://clawdtalk.com/ws"),
            ("http://127.0.0.1:3000", "ws://127.0.0.1:3000/ws"),
            ("http://[::1]:3000", "ws://[::1]:3000/ws"),
        ] {
            assert_eq!(service(base).unwrap().socket_url(), socket);
        }
        for base in
            ["http://clawdtalk.com", "http://127.0.0.1.evil.com", "ftp://x", "clawdtalk.com"]
        {
            let fault = service(base).unwrap_err();
            assert_eq!(fault.exit(), Exit::NotConfigured, "{base}");
        }
    }
}
