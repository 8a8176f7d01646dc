//! Looks up the addresses of host names, with a time limit.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ArrayVec, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::NetError;
use super::host::{host, port};
use super::limits::CONNECT_WITHIN;
use super::proxy::ProxyRules;

/// As many addresses as ureq's list has room for.
const MAX_ADDRESSES: usize = 16;

/// Looks up the proxy where one is used, else the host.
///
/// Used instead of ureq's own resolver, which starts a thread even for `127.0.0.1`, and panics if it cannot.
#[derive(Debug)]
pub(super) struct DnsResolver {
    pub(super) rules: ProxyRules,
}

impl Resolver for DnsResolver {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        match self.rules.proxy_for(uri)? {
            Some(proxy) => addresses(&proxy.host, proxy.port, timeout),
            None => addresses(host(uri), port(uri), timeout),
        }
    }
}

fn addresses(host: &str, port: u16, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
    let mut found = ArrayVec::from_fn(|_| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    let address = host.parse::<IpAddr>().ok();
    if address == Some(Ipv4Addr::LOCALHOST.into()) || host.eq_ignore_ascii_case("localhost") {
        // Not looked up: the key is sent unencrypted to this name, so it must be this machine. A gateway may listen at
        // either address.
        found.push(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        found.push(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
    } else if let Some(address) = address {
        found.push(SocketAddr::new(address, port));
    } else {
        for address in look_up(host, port, timeout)?.into_iter().take(MAX_ADDRESSES) {
            found.push(address);
        }
    }
    Ok(found)
}

/// Asks the system for the addresses of a name, in a thread of its own: getaddrinfo has no time limit. If it takes too
/// long the thread is left running.
fn look_up(host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Error> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = host.to_owned();
    thread::Builder::new().name("resolve".into()).spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Fails if the caller has given up.
        let _ = sender.send(found);
    })?;
    match receiver.recv_timeout((*timeout.after).min(CONNECT_WITHIN)) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(Ok(_)) => Err(Error::HostNotFound),
        Ok(Err(err)) => {
            let why = err.to_string();
            let why = why.rsplit(": ").next().unwrap_or_default().to_owned();
            Err(NetError::transient(format!("looking up `{host}`: {why}")).into())
        }
        Err(_) => Err(Error::Timeout(timeout.reason)),
    }
}
