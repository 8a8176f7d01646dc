//! The HTTP client: sends one request, waits for the whole response, and tells whether a request that failed was sent.

use std::sync::Arc;
use std::time::Duration;

use ureq::http::Request as UreqRequest;
use ureq::unversioned::transport::{Connector as _, TcpConnector};

use super::limits::{CONNECT_WITHIN, INPUT_BUFFER, MAX_BODY, MAX_HEAD, OUTPUT_BUFFER};
use super::net_error::{self, NetError};
use super::pinned::TrustedCertificates;
use super::proxy::ProxyRules;
use super::request::{HttpRequest, Method};
use super::resolver::DnsResolver;
use super::response::Response;
use super::tls::TlsConfigSource;
use super::{coalesce, growing_input, sent_marker, tls, tunnel};

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

/// Whether the proxy of the environment is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyUse {
    /// For the service: HTTPS_PROXY and NO_PROXY, never for loopback.
    ByEnvironment,
    /// For the gateway: never.
    Never,
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
    /// A client for the service or for the gateway.
    pub fn new(proxy_use: ProxyUse) -> Self {
        let rules = match proxy_use {
            ProxyUse::ByEnvironment => ProxyRules::from_env(),
            ProxyUse::Never => ProxyRules::default(),
        };
        Self::with(&rules, &(Arc::new(tls::client_config) as TlsConfigSource), None)
    }

    /// A client for a gateway, which never uses a proxy, and trusts these certificates beside the system's authorities.
    pub fn trusting(certificates: TrustedCertificates) -> Self {
        if certificates.is_empty() {
            return Self::new(ProxyUse::Never);
        }
        let hint = certificates.hint();
        let config: TlsConfigSource = Arc::new(move || certificates.client_config());
        Self::with(&ProxyRules::default(), &config, hint.as_deref())
    }

    /// A client with these proxy rules, this TLS configuration and this hint for a certificate that is not accepted.
    pub(super) fn with(
        rules: &ProxyRules,
        tls_config: &TlsConfigSource,
        hint: Option<&str>,
    ) -> Self {
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
                .max_response_header_size(MAX_HEAD)
                .max_idle_connections(n_idle)
                .build();
            let chain = ()
                .chain(TcpConnector::default())
                .chain(tunnel::TunnelConnector { rules: rules.clone() })
                .chain(tls::TlsConnector {
                    config: Arc::clone(tls_config),
                    hint: hint.map(str::to_owned),
                })
                .chain(coalesce::CoalesceConnector)
                .chain(growing_input::GrowingInput)
                .chain(sent_marker::SentMarker);
            ureq::Agent::with_parts(config, chain, DnsResolver { rules: rules.clone() })
        };
        Self { pooled: build(2), unpooled: build(0) }
    }

    /// Sends `request` once and waits for the whole response, at most `within` from now. A response of any status is
    /// `Ok`; redirects are not followed.
    ///
    /// All but a GET get a connection of their own: one from the pool may have been closed by the server, and that shows
    /// only after the request was sent.
    pub fn send(&self, request: &HttpRequest<'_>, within: Duration) -> Result<Response, SendError> {
        sent_marker::reset();
        self.exchange(request, within).map_err(|err| {
            let error = net_error::from_ureq(err, within);
            if sent_marker::was_sent() {
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
        Ok(Response::new(head, body, sent_marker::had_excess()))
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "client_tls_tests.rs"]
mod tls_tests;
