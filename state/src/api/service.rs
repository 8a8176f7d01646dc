//! Where the service is and the key to it: checked once, so that the key never travels in clear.

use crate::config::{self, Config};
use crate::exit::Fault;
use crate::secret::Secret;

/// The service's address and key.
#[derive(Clone, Debug)]
pub struct Service {
    base: String,
    key: Secret,
}

impl Service {
    /// Takes an address without `/v1`, such as [`Config::server`] gives.
    ///
    /// Fails (exit 3) if it is http beyond loopback: the key would be readable on the way (spec 2).
    pub fn new(base: &str, key: Secret) -> Result<Self, Fault> {
        let base = base.trim_end_matches('/');
        let stays_here = base.starts_with("http://") && config::is_loopback(base);
        if !base.starts_with("https://") && !stays_here {
            let shown = config::shown(base);
            return Err(Fault::not_configured(format!(
                "the server is `{shown}`; the key is sent in clear only to this machine"
            ))
            .hint("use its https:// address"));
        }
        Ok(Self { base: base.to_owned(), key })
    }

    /// `https://clawdtalk.com`: no trailing slash, no `/v1`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The API key.
    pub fn key(&self) -> &Secret {
        &self.key
    }

    /// The address of the service's WebSocket: `wss://clawdtalk.com/ws` (facts/server.md 2.1).
    pub fn socket_url(&self) -> String {
        // http becomes ws and https wss: only the first four letters change.
        format!("ws{}/ws", self.base.strip_prefix("http").unwrap_or(&self.base))
    }

    /// Whether the service is on this machine: a simulator or a test.
    pub(crate) fn is_on_loopback(&self) -> bool {
        config::is_loopback(&self.base)
    }
}

impl Config {
    /// The service as configured: [`Config::server`] and [`Config::api_key`].
    pub fn service(&self) -> anyhow::Result<Service> {
        Ok(Service::new(&self.server()?, self.api_key()?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::Service;
    use crate::exit::Exit;
    use crate::secret::Secret;

    #[test]
    fn the_key_goes_in_clear_only_to_loopback() {
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
