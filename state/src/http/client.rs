//! The HTTP client: sends one request, waits for the whole response, and tells whether a request that failed was sent.

use std::time::Duration;

use ureq::http::Request as UreqRequest;

use super::net_error::{self, CONNECT_WITHIN, NetError};
use super::pinned::TrustedCertificates;
use super::proxy::ProxyRules;
use super::request::{HttpRequest, Method};
use super::response::Response;
use super::tls::TlsPolicy;
use super::transport::{self, HttpConnector, NoLookup};

/// The largest response body that is read, in bytes: more than any list of the service has, and little enough to be held.
const MAX_BODY: u64 = 8 << 20;

/// The longest head of a response, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// The `User-Agent` of these programs.
const USER_AGENT: &str = concat!("clawdtalk-tools/", env!("CARGO_PKG_VERSION"));

/// Why there is no whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Not one byte of the request was given to a connection: it can safely be sent again.
    NotSent(NetError),
    /// It was sent, and the response was lost, cut off or late: the request may have been carried out.
    ResponseLost(NetError),
}

/// Sends requests. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    /// Keeps connections open, for GET.
    pooled: ureq::Agent,
    /// Opens a connection for each request.
    unpooled: ureq::Agent,
}

impl HttpClient {
    /// A client for the service: by the proxy of the environment (HTTPS_PROXY, NO_PROXY), never for loopback.
    pub fn for_service() -> Self {
        Self::with(&ProxyRules::from_env(), &TlsPolicy::system())
    }

    /// A client for a gateway, which never uses a proxy, and trusts these certificates beside the system's authorities.
    pub fn for_gateway(certificates: TrustedCertificates) -> Self {
        Self::with(&ProxyRules::default(), &certificates.policy())
    }

    /// A client with these proxy rules and this policy.
    pub(super) fn with(rules: &ProxyRules, tls: &TlsPolicy) -> Self {
        let build = |n_idle| {
            let config = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None)
                .timeout_connect(Some(CONNECT_WITHIN))
                .user_agent(USER_AGENT)
                .accept("application/json")
                .max_response_header_size(MAX_HEAD)
                .max_idle_connections(n_idle)
                .build();
            let connector = HttpConnector { rules: rules.clone(), tls: tls.clone() };
            ureq::Agent::with_parts(config, connector, NoLookup)
        };
        Self { pooled: build(2), unpooled: build(0) }
    }

    /// Sends `request` once and waits for the whole response, at most `within` from now. A response of any status is
    /// `Ok`; redirects are not followed.
    ///
    /// All but a GET get a connection of their own: one from the pool may have been closed by the server, and that shows
    /// only after the request was sent.
    pub fn send(&self, request: &HttpRequest<'_>, within: Duration) -> Result<Response, SendError> {
        transport::reset();
        self.exchange(request, within).map_err(|err| {
            let error = net_error::from_ureq(err, within);
            if transport::was_sent() {
                SendError::ResponseLost(error)
            } else {
                SendError::NotSent(error)
            }
        })
    }

    fn exchange(
        &self,
        request: &HttpRequest<'_>,
        within: Duration,
    ) -> Result<Response, ureq::Error> {
        let mut head = UreqRequest::builder().method(request.method.as_str()).uri(request.url);
        for (name, value) in request.headers {
            head = head.header(*name, *value);
        }
        let agent = if request.method == Method::Get {
            &self.pooled
        } else {
            head = head.header("connection", "close");
            &self.unpooled
        };
        let response = if let Some(body) = request.body {
            let request = head.header("content-type", "application/json").body(body)?;
            agent.run(agent.configure_request(request).timeout_global(Some(within)).build())
        } else {
            let request = head.body(())?;
            agent.run(agent.configure_request(request).timeout_global(Some(within)).build())
        };
        let (head, mut body) = response?.into_parts();
        let read = body.with_config().limit(MAX_BODY).read_to_vec();
        // With it goes a connection that has more to read.
        drop(body);
        let body = match read {
            Ok(body) => body,
            // The status of a refusal says enough, even if its body is cut off.
            Err(_) if !head.status.is_success() => Vec::new(),
            Err(err) => return Err(err),
        };
        Ok(Response::new(head, body, transport::had_excess()))
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "client_tls_tests.rs"]
mod tls_tests;
