//! HTTP as all eight tools speak it: one agent, one set of time limits, and the answer to "did it leave?".
//!
//! The only place that knows ureq. `api` (the service) and `gateway` stand on it; `connect` dials its
//! WebSocket with [`tls::client_config`] and [`proxy::connect_for`].

mod phase;
pub mod proxy;
mod reply;
mod route;
pub mod tls;
mod trouble;
pub mod waits;
mod whole;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use ureq::http::Request as UreqRequest;
use ureq::unversioned::transport::{Connector as _, TcpConnector};

pub use reply::{Reply, retry_after};
pub use trouble::Trouble;

/// Longest wait for a name, and after it for TCP, a proxy and TLS together (spec 2).
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Largest answer that is read, in bytes: far above any list of the service's, far below what hurts.
const LARGEST_BODY: u64 = 8 << 20;

/// Buffers of a connection, in bytes: a whole head of an answer, and any line of a head of ours, has room. ureq's own of
/// 128 KiB cost 80 MiB with 256 turns in flight; it has the second one three times.
const INPUT_BUFFER: usize = 4 << 10;
const OUTPUT_BUFFER: usize = 2 << 10;

/// What the programs call themselves.
const USER_AGENT: &str = concat!("clawdtalk-tools/", env!("CARGO_PKG_VERSION"));

/// The methods that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Starts something; twice is not once.
    Post,
    /// Sets values; twice is once.
    Patch,
    /// Removes; twice is once.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether doing it twice is the same as doing it once.
    pub(crate) fn is_repeatable(self) -> bool {
        self != Self::Post
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One request, ready to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is done.
    pub method: Method,
    /// The whole address.
    pub url: &'a str,
    /// Headers beside the agent's own; names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; `None` for none.
    pub body: Option<&'a [u8]>,
}

/// When no whole answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Not one byte of it was handed to a connection: it can safely be sent again.
    NeverLeft(Trouble),
    /// It left, and the answer was lost, cut or late: it may have been carried out.
    Lost(Trouble),
}

/// Whether the environment's proxy is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxied {
    /// For the service: HTTPS_PROXY and NO_PROXY (loopback excepted).
    ByEnvironment,
    /// For the gateway: never.
    Never,
}

/// Sends requests. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Agent {
    kept: ureq::Agent,
    fresh: ureq::Agent,
}

impl Agent {
    /// An agent for the service or for the gateway.
    pub fn new(proxied: Proxied) -> Self {
        let rules = match proxied {
            Proxied::ByEnvironment => proxy::Rules::from_env(),
            Proxied::Never => proxy::Rules::default(),
        };
        Self::built(&rules, tls::client_config)
    }

    fn built(rules: &proxy::Rules, trust: fn() -> Result<Arc<ClientConfig>, Trouble>) -> Self {
        let build = |n_idle| {
            let config = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None)
                .timeout_resolve(Some(CONNECT_WITHIN))
                .timeout_connect(Some(CONNECT_WITHIN))
                .user_agent(USER_AGENT)
                .accept("application/json")
                .input_buffer_size(INPUT_BUFFER)
                .output_buffer_size(OUTPUT_BUFFER)
                .max_idle_connections(n_idle)
                .build();
            let chain =
                ().chain(TcpConnector::default())
                    .chain(route::Tunnel { rules: rules.clone() })
                    .chain(tls::Secure { config: trust })
                    .chain(whole::Whole)
                    .chain(phase::Marker);
            ureq::Agent::with_parts(config, chain, route::Names { rules: rules.clone() })
        };
        Self { kept: build(2), fresh: build(0) }
    }

    /// Sends `request` once and waits for the whole answer, at most `within` from now. A status of any
    /// kind is an answer; redirects are not followed. All but a GET have a connection of their own, since
    /// one that was kept may be stale, and that shows only after they left.
    pub fn send(&self, request: &Request<'_>, within: Duration) -> Result<Reply, Failure> {
        phase::begin();
        self.exchange(request, within).map_err(|err| {
            let trouble = trouble::plain(err, within);
            if phase::left() { Failure::Lost(trouble) } else { Failure::NeverLeft(trouble) }
        })
    }

    fn exchange(&self, request: &Request<'_>, within: Duration) -> Result<Reply, ureq::Error> {
        let mut head = UreqRequest::builder().method(request.method.word()).uri(request.url);
        for (name, value) in request.headers {
            head = head.header(*name, *value);
        }
        let agent = if request.method == Method::Get {
            &self.kept
        } else {
            head = head.header("connection", "close");
            &self.fresh
        };
        let response = if let Some(body) = request.body {
            let request = head.header("content-type", "application/json").body(body)?;
            agent.run(agent.configure_request(request).timeout_global(Some(within)).build())
        } else {
            let request = head.body(())?;
            agent.run(agent.configure_request(request).timeout_global(Some(within)).build())
        };
        let (head, mut body) = response?.into_parts();
        let body = match body.with_config().limit(LARGEST_BODY).read_to_vec() {
            Ok(body) => body,
            // The status of a refusal is worth its words: they may be cut.
            Err(_) if !head.status.is_success() => Vec::new(),
            Err(err) => return Err(err),
        };
        Ok(Reply::new(head, body))
    }
}

#[cfg(test)]
mod agent_tests;
