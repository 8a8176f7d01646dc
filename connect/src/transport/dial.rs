//! Opens a connection: DNS, TCP, proxy, TLS and upgrade under one deadline, on a thread of its own.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use state::api::Service;
use state::http::proxy::{self, Proxy};
use state::http::{NetError, retry_after, tls};
use tungstenite::handshake::{HandshakeError, MidHandshake, client::generate_key};
use tungstenite::http::uri::Authority;
use tungstenite::http::{Request, Uri};
use tungstenite::{ClientHandshake, Error};

use super::stream::{DeadlineStream, OpenWebSocket, ServiceStream, limits};

/// The pause after "too many requests" without a word on how long; the service's limits are not known.
const TOO_MANY: Duration = Duration::from_secs(60);

/// Where to connect, worked out once from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    uri: Uri,
    host: String,
    port: u16,
    proxy: Option<Proxy>,
}

/// A connection that did not come about.
#[derive(Debug)]
pub(crate) struct DialError {
    /// One plain line.
    pub(crate) why: String,
    /// How long the service asked us to stay away.
    pub(crate) retry_after: Option<Duration>,
}

impl DialError {
    /// An error after which the service asked for no pause.
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        Self { why: why.to_string(), retry_after: None }
    }
}

impl Endpoint {
    /// The socket of the service: `<server>/ws`, by way of a proxy where the environment says so.
    pub(crate) fn of(service: &Service) -> anyhow::Result<Self> {
        let url = service.socket_url();
        let uri: Uri = url.parse()?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let is_secure = uri.scheme_str() == Some("wss");
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        Ok(Self { proxy: proxy::proxy_for(&url)?, uri, host, port })
    }

    /// Connects, asks for the upgrade and hands over the open WebSocket. It blocks, at most until `until`
    /// (the lookup of the name alone has no limit of its own: the caller keeps a timer for that).
    pub(crate) fn dial(&self, until: Instant) -> Result<OpenWebSocket, DialError> {
        let stream = self.stream(until)?;
        ClientHandshake::start(stream, self.request()?, Some(limits()))
            .map_err(HandshakeError::Failure)
            .and_then(MidHandshake::handshake)
            .map(|(websocket, _)| websocket)
            .map_err(|err| self.handshake_error(err))
    }

    /// The stream to the service, secured where its address says so.
    fn stream(&self, until: Instant) -> Result<ServiceStream, DialError> {
        let tcp = match &self.proxy {
            Some(proxy) => connect(&proxy.host, proxy.port, until)
                .map_err(|why| DialError::new(format!("{proxy}: {why}")))?,
            None => connect(&self.host, self.port, until).map_err(DialError::new)?,
        };
        // Frames are short, and somebody on the phone waits for each.
        let _ = tcp.set_nodelay(true);
        let mut stream = DeadlineStream::new(tcp, until);
        if let Some(proxy) = &self.proxy {
            let host = self.uri.host().unwrap_or_default();
            proxy.tunnel(&mut stream, host, self.port).map_err(|err| explained(&err))?;
        }
        if self.uri.scheme_str() == Some("wss") {
            self.with_tls(stream)
        } else {
            Ok(ServiceStream::Plain(stream))
        }
    }

    fn with_tls(&self, stream: DeadlineStream) -> Result<ServiceStream, DialError> {
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| DialError::new(format!("`{}` is no name for a certificate", self.host)))?;
        let tls = ClientConnection::new(tls::client_config().map_err(|err| explained(&err))?, name)
            .map_err(|err| explained(&tls::handshake_error(&err, &self.host)))?;
        let mut stream = StreamOwned::new(tls, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(|err| {
                let fault = err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                match fault {
                    Some(fault) => explained(&tls::handshake_error(fault, &self.host)),
                    None => {
                        DialError::new(format!("TLS with `{}`: {}", self.host, io_error_text(&err)))
                    }
                }
            })?;
        }
        Ok(ServiceStream::Tls(Box::new(stream)))
    }

    /// The request for the upgrade.
    fn request(&self) -> Result<Request<()>, DialError> {
        let host = self.uri.authority().map(Authority::as_str).unwrap_or_default();
        Request::builder()
            .uri(&self.uri)
            .header("Host", host.rsplit('@').next().unwrap_or_default())
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", generate_key())
            .header("User-Agent", concat!("clawdtalk-tools/", env!("CARGO_PKG_VERSION")))
            .body(())
            .map_err(|err| DialError::new(format!("the service's address cannot be used: {err}")))
    }

    fn handshake_error(&self, err: HandshakeError<ClientHandshake<ServiceStream>>) -> DialError {
        let host = &self.host;
        match err {
            HandshakeError::Failure(Error::Http(response)) => {
                let status = response.status().as_u16();
                let header = response.headers().get("retry-after");
                let header = header.and_then(|value| value.to_str().ok());
                let asked = header.and_then(|value| retry_after(value, Timestamp::now()));
                DialError {
                    why: format!("`{host}` refused the connection (HTTP {status})"),
                    retry_after: asked.or_else(|| (status == 429).then_some(TOO_MANY)),
                }
            }
            HandshakeError::Failure(Error::Io(err)) => DialError::new(format!(
                "`{host}` did not finish the handshake: {}",
                io_error_text(&err)
            )),
            HandshakeError::Failure(Error::AttackAttempt) => DialError::new(format!(
                "the head of the answer of `{host}` is too large or comes in too many pieces"
            )),
            HandshakeError::Failure(other) => {
                DialError::new(format!("`{host}` does not answer as a WebSocket does: {other}"))
            }
            HandshakeError::Interrupted(_) => {
                DialError::new(format!("`{host}` did not finish the handshake"))
            }
        }
    }
}

/// An error and what can be done about it, in one line.
fn explained(error: &NetError) -> DialError {
    DialError::new(match error.hint() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    })
}

/// Connects to one of the addresses of the name; each gets its share of the time that is left.
fn connect(host: &str, port: u16, until: Instant) -> Result<TcpStream, String> {
    let addresses = addresses(host, port).map_err(|err| {
        // "failed to lookup address information: Name or service not known": the end says it all.
        let why = err.to_string();
        format!("looking up `{host}`: {}", why.rsplit(": ").next().unwrap_or_default())
    })?;
    let mut why = format!("`{host}` has no address");
    let n_addresses = addresses.len();
    for (n_tried, address) in addresses.into_iter().enumerate() {
        let left = until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(n_addresses - n_tried).unwrap_or(1);
        if share.is_zero() {
            return Err(format!("`{host}:{port}`: no connection in time"));
        }
        match TcpStream::connect_timeout(&address, share) {
            Ok(tcp) => return Ok(tcp),
            Err(err) => why = format!("`{host}:{port}`: {}", io_error_text(&err)),
        }
    }
    Err(why)
}

fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    // The key goes in clear to this name, so it is this machine by definition and never looked up.
    if host.eq_ignore_ascii_case("localhost") {
        let this = ["127.0.0.1", "::1"].into_iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
        return Ok(this.map(|ip| SocketAddr::new(ip, port)).collect());
    }
    Ok((host, port).to_socket_addrs()?.collect())
}

/// An error of the system in a few plain words.
fn io_error_text(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            "the connection was cut".to_owned()
        }
        _ => err.to_string(),
    }
}
