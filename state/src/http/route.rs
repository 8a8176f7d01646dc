//! Where a connection goes: names become addresses within a bound, and a proxy's tunnel comes before TLS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ArrayVec, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, Either, NextTimeout, Transport, TransportAdapter,
};

use super::proxy::Rules;
use super::{CONNECT_WITHIN, Trouble};

/// Looks names up: of the proxy where one is used, else of the host.
///
/// Ours, since ureq's starts a thread even for `127.0.0.1`, and panics when it cannot have one.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) rules: Rules,
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        match self.rules.target(uri)? {
            Some(proxy) => addresses(&proxy.host, proxy.port, timeout),
            None => addresses(bare_host(uri), port(uri), timeout),
        }
    }
}

/// The host of an address without the brackets of IPv6.
pub(super) fn bare_host(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// The port of an address, or its scheme's.
pub(super) fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 })
}

fn addresses(host: &str, port: u16, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
    let mut found = ArrayVec::from_fn(|_| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    if let Ok(address) = host.parse::<IpAddr>() {
        found.push(SocketAddr::new(address, port));
    } else if host.eq_ignore_ascii_case("localhost") {
        // Never asked of anybody: the key goes in clear to this name, so it is this machine by definition.
        found.push(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        found.push(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
    } else {
        for address in looked_up(host, port, timeout)?.into_iter().take(MOST_ADDRESSES) {
            found.push(address);
        }
    }
    Ok(found)
}

/// As many as ureq's list holds.
const MOST_ADDRESSES: usize = 16;

/// Asks the system for a name's addresses, in a thread that is left behind when it takes too long:
/// getaddrinfo has no time limit of its own.
fn looked_up(host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = host.to_owned();
    thread::Builder::new().name("resolve".into()).spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Whoever asked may have given up.
        let _ = sender.send(found);
    })?;
    match receiver.recv_timeout((*timeout.after).min(CONNECT_WITHIN)) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(Ok(_)) => Err(Error::HostNotFound),
        Ok(Err(err)) => {
            let why = err.to_string();
            let why = why.rsplit(": ").next().unwrap_or_default().to_owned();
            Err(Trouble::passing(format!("looking up `{host}`: {why}")).into())
        }
        Err(_) => Err(Error::Timeout(timeout.reason)),
    }
}

/// Asks the proxy, where one is used, for a tunnel to the host.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) rules: Rules,
}

impl<In: Transport> Connector<In> for Tunnel {
    type Out = Either<In, Box<dyn Transport>>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        let Some(proxy) = self.rules.target(details.uri)? else {
            return Ok(Some(Either::A(transport)));
        };
        let mut stream = TransportAdapter::new(
            Box::new(transport) as Box<dyn Transport>,
            details.current_time.clone(),
        );
        stream.set_timeout(time_left(details));
        let host = details.uri.host().unwrap_or_default();
        match proxy.tunnel(&mut stream, host, port(details.uri)) {
            Ok(()) => Ok(Some(Either::B(stream.into_inner()))),
            Err(_) if time_left(details).after.is_zero() => {
                Err(Error::Timeout(details.timeout.reason))
            }
            Err(trouble) => Err(trouble.into()),
        }
    }
}

/// What is left of the time for connecting, of which the steps before have used some.
pub(super) fn time_left(details: &ConnectionDetails) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (Duration::Exact(limit), Instant::Exact(start), Instant::Exact(now)) =
        (timeout.after, details.now, (details.current_time)())
    {
        timeout.after = Duration::Exact(limit.saturating_sub(now.saturating_duration_since(start)));
    }
    timeout
}
