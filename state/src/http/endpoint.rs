//! Where a connection leads, and how it is opened: name, TCP, a proxy's tunnel and TLS, under one deadline. HTTP and
//! WebSocket are spoken over what this opens.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use ureq::http::Uri;

use super::net_error::{NetError, io_error_text};
use super::pinned::TrustedCertificates;
use super::proxy::{Proxy, ProxyRules, without_brackets};
use super::stream::Stream;
use super::tls::{self, TlsPolicy};
use crate::text::{sanitize, url};

/// A server, and the way to it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    uri: Uri,
    proxy: Option<Proxy>,
    tls: TlsPolicy,
}

impl Endpoint {
    /// The service at an address of http, https, ws or wss: by the proxy of the environment where there is one for it, and
    /// with the system's authorities.
    ///
    /// Fails if it is no address, or if the proxy cannot be used.
    pub fn of_service(url: &str) -> Result<Self, NetError> {
        Self::new(&parse(url)?, &ProxyRules::from_env(), &TlsPolicy::system())
    }

    /// A gateway at an address of http, https, ws or wss: never by a proxy, and with these certificates beside the system's
    /// authorities.
    ///
    /// Fails if it is no address.
    pub fn of_gateway(url: &str, certificates: TrustedCertificates) -> Result<Self, NetError> {
        Self::new(&parse(url)?, &ProxyRules::default(), &certificates.policy())
    }

    pub(super) fn new(uri: &Uri, rules: &ProxyRules, tls: &TlsPolicy) -> Result<Self, NetError> {
        Ok(Self { proxy: rules.proxy_for(uri)?, uri: uri.clone(), tls: tls.clone() })
    }

    /// Its address.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Its host, an IPv6 one without brackets.
    pub fn host(&self) -> &str {
        without_brackets(self.uri.host().unwrap_or_default())
    }

    /// Its port, else that of the scheme.
    fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    fn is_secure(&self) -> bool {
        matches!(self.uri.scheme_str(), Some("https" | "wss"))
    }

    /// Opens a connection. It blocks, at most until `until`, which is the deadline of the stream too.
    pub fn connect(&self, until: Instant) -> Result<Stream, NetError> {
        let mut stream = match &self.proxy {
            Some(proxy) => {
                let mut stream = open(proxy.host(), proxy.port(), until)
                    .map_err(|err| NetError::transient(format!("{proxy}: {err}")))?;
                proxy.tunnel(&mut stream, self.uri.host().unwrap_or_default(), self.port())?;
                stream
            }
            None => open(self.host(), self.port(), until)?,
        };
        if self.is_secure() {
            let host = self.host();
            let name = ServerName::try_from(host.to_owned()).map_err(|_| {
                NetError::permanent(format!("`{host}` is no name for a certificate"))
            })?;
            let failed = |err: &rustls::Error| {
                let error = tls::handshake_error(err, host);
                match (&self.tls.hint, err) {
                    (Some(hint), rustls::Error::InvalidCertificate(_)) => error.with_hint(hint),
                    _ => error,
                }
            };
            let session = ClientConnection::new((self.tls.config)()?, name);
            stream.secure(session.map_err(|err| failed(&err))?).map_err(|err| {
                match err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    Some(err) => failed(err),
                    None => {
                        NetError::transient(format!("TLS with `{host}`: {}", io_error_text(&err)))
                    }
                }
            })?;
        }
        Ok(stream)
    }
}

/// Host and port, as they are told in errors.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}:{}`", self.uri.host().unwrap_or_default(), self.port())
    }
}

fn parse(url: &str) -> Result<Uri, NetError> {
    url.parse().map_err(|_| {
        NetError::permanent(format!("`{}` is no address", sanitize::line(&url::redact(url))))
    })
}

/// Connects to one of the addresses of the name; each gets its share of the time that is left.
fn open(host: &str, port: u16, until: Instant) -> Result<Stream, NetError> {
    let addresses = addresses(host, port, until)?;
    let mut why = NetError::transient(format!("`{host}` has no address"));
    let n_addresses = addresses.len();
    for (n_tried, address) in addresses.into_iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(n_addresses - n_tried).unwrap_or(1);
        if share.is_zero() {
            return Err(NetError::transient("no connection in time"));
        }
        match TcpStream::connect_timeout(&address, share) {
            Ok(tcp) => {
                // Requests and frames are short, and somebody waits for each.
                let _ = tcp.set_nodelay(true);
                return Ok(Stream::new(tcp, until));
            }
            Err(err) => why = NetError::transient(io_error_text(&err)),
        }
    }
    Err(why)
}

fn addresses(host: &str, port: u16, until: Instant) -> Result<Vec<SocketAddr>, NetError> {
    let address = host.parse::<IpAddr>().ok();
    if address == Some(Ipv4Addr::LOCALHOST.into()) || host.eq_ignore_ascii_case("localhost") {
        // Not looked up: the key is sent unencrypted to this name, so it must be this machine. A gateway may listen at
        // either address.
        return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    match address {
        Some(address) => Ok(vec![SocketAddr::new(address, port)]),
        None => look_up(host, port, until),
    }
}

/// Asks the system for the addresses of a name, in a thread of its own: getaddrinfo has no time limit. If it takes too
/// long the thread is left running.
fn look_up(host: &str, port: u16, until: Instant) -> Result<Vec<SocketAddr>, NetError> {
    let failed = |why: &str| NetError::transient(format!("looking up `{host}`: {why}"));
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = host.to_owned();
    let look_up = move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Fails if the caller has given up.
        let _ = sender.send(found);
    };
    let thread = thread::Builder::new().name("resolve".into()).spawn(look_up);
    thread.map_err(|err| failed(&err.to_string()))?;
    match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
        Ok(Ok(found)) => Ok(found),
        // "failed to lookup address information: Name or service not known": the end says it all.
        Ok(Err(err)) => Err(failed(err.to_string().rsplit(": ").next().unwrap_or_default())),
        Err(_) => Err(failed("no answer in time")),
    }
}
