//! Which connections go through a proxy, and how one is asked for a tunnel (CONNECT).
//!
//! Only https and wss go: plain http is for loopback (the key is never sent in clear beyond it) and for
//! the gateway, and neither ever goes through a proxy. So HTTP_PROXY has no address to apply to.

use std::fmt;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use ureq::http::Uri;

use super::Trouble;
use crate::{config, env, words};

/// Longest head of a proxy's answer that is read, in bytes.
const LONGEST_HEAD: usize = 8 * 1024;

/// A proxy to ask for a tunnel.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyTarget {
    /// Name or address of the proxy, without brackets.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    authorization: Option<String>,
}

/// What the environment says about proxies, read once.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) proxy: Option<String>,
    pub(super) except: String,
}

/// The proxy for a connection to the service at `url` (`https://…` or `wss://…`), by HTTPS_PROXY, else
/// ALL_PROXY, unless NO_PROXY names the host. `None` for loopback, for http and for ws.
///
/// Fails if the variable holds no `http://` proxy: going past it in silence could leak what it hides.
pub fn connect_for(url: &str) -> Result<Option<ProxyTarget>, Trouble> {
    let uri: Uri = url.parse().map_err(|_| {
        Trouble::lasting(format!("`{}` is no address", words::line(&config::shown(url))))
    })?;
    Rules::from_env().target(&uri)
}

impl Rules {
    /// The rules of the environment: lower-case names first, as curl has it.
    pub(super) fn from_env() -> Self {
        let first = |names: [&str; 4]| names.into_iter().find_map(env::var);
        Self {
            proxy: first(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: env::var("no_proxy").or_else(|| env::var("NO_PROXY")).unwrap_or_default(),
        }
    }

    /// The proxy for `uri`, if it has to go through one.
    pub(super) fn target(&self, uri: &Uri) -> Result<Option<ProxyTarget>, Trouble> {
        let (Some(proxy), Some(host)) = (&self.proxy, uri.host()) else { return Ok(None) };
        let is_secure = matches!(uri.scheme_str(), Some("https" | "wss"));
        if !is_secure || config::is_loopback(host) || is_excepted(&self.except, uri) {
            return Ok(None);
        }
        ProxyTarget::parse(proxy).map(Some)
    }
}

/// NO_PROXY: `*`, or names (each stands for its subdomains too) and addresses, with or without a port.
fn is_excepted(except: &str, uri: &Uri) -> bool {
    let host = bare(uri.host().unwrap_or_default()).to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(443).to_string();
    except.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let name = match entry.rsplit_once(':') {
            Some((name, digits)) if digits == port && !name.ends_with(':') => name,
            _ => entry,
        };
        let name = bare(name).trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
        entry == "*"
            || (!name.is_empty()
                && host
                    .strip_suffix(&name)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    })
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

impl ProxyTarget {
    fn parse(proxy: &str) -> Result<Self, Trouble> {
        let wrong = || {
            let shown = words::line(&config::shown(proxy));
            Trouble::lasting(format!("HTTPS_PROXY is `{shown}`, which is no http:// proxy"))
                .with_hint("set HTTPS_PROXY to `http://HOST:PORT`, or unset it")
        };
        let with_scheme =
            if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
        let uri: Uri = with_scheme.parse().map_err(|_| wrong())?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
        let authority = authority.ok_or_else(wrong)?;
        let userinfo = authority.as_str().rsplit_once('@').map(|(userinfo, _)| userinfo);
        Ok(Self {
            host: bare(authority.host()).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            authorization: userinfo.map(|userinfo| {
                let plain: Vec<u8> = percent_decode_str(userinfo).collect();
                format!("Basic {}", BASE64_STANDARD.encode(plain))
            }),
        })
    }

    /// Asks the proxy at the other end of `stream` for a tunnel to `host` (an IPv6 address in brackets)
    /// and `port`; afterwards the stream is the target's. The caller sets the stream's time limits.
    ///
    /// Fails if the proxy says anything but 2xx; nothing of a request has left then.
    pub fn tunnel<S: Read + Write>(
        &self,
        stream: &mut S,
        host: &str,
        port: u16,
    ) -> Result<(), Trouble> {
        let mut ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(authorization) = &self.authorization {
            ask.extend(["Proxy-Authorization: ", authorization, "\r\n"]);
        }
        ask.push_str("\r\n");
        let failed = |err: std::io::Error| Trouble::passing(format!("{self}: {err}"));
        stream.write_all(ask.as_bytes()).and_then(|()| stream.flush()).map_err(failed)?;

        // Byte by byte: what follows the head belongs to the target and stays in the stream.
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= LONGEST_HEAD || stream.read(&mut byte).map_err(failed)? == 0 {
                return Err(Trouble::passing(format!("{self} closed the connection")));
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        match head.split_whitespace().nth(1) {
            Some(status) if status.len() == 3 && status.starts_with('2') => Ok(()),
            Some("407") => Err(Trouble::lasting(format!("{self} wants a user name and password"))
                .with_hint("set HTTPS_PROXY to `http://USER:PASSWORD@HOST:PORT`")),
            _ => {
                let said = words::bounded(head.lines().next().unwrap_or_default(), 80);
                Err(Trouble::passing(format!("{self} refused the connection: {said}")))
            }
        }
    }
}

impl fmt::Display for ProxyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy `{}:{}`", self.host, self.port)
    }
}

impl fmt::Debug for ProxyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{ProxyTarget, Rules};
    use std::io::{Cursor, Read, Write};

    #[track_caller]
    fn case(except: &str, url: &str, goes: bool) {
        let rules = Rules { proxy: Some("http://proxy:3128".into()), except: except.into() };
        let target = rules.target(&url.parse().unwrap()).unwrap();
        assert_eq!(target.is_some(), goes, "{except:?} {url}");
    }

    #[test]
    fn only_the_service_beyond_loopback_goes_through_a_proxy() {
        case("", "https://clawdtalk.com/v1/me", true);
        case("", "wss://clawdtalk.com/ws", true);
        for url in [
            "http://127.0.0.1:18789/tools/invoke",
            "https://127.0.0.1/",
            "https://localhost:8443/",
            "wss://[::1]:9/ws",
            "http://gateway.lan:18789/",
        ] {
            case("", url, false);
        }
    }

    #[test]
    fn no_proxy_names_hosts_and_their_subdomains() {
        for except in
            ["*", "clawdtalk.com", ".clawdtalk.com", "a.b, *.clawdtalk.com", "CLAWDTALK.com:443"]
        {
            case(except, "https://dev.clawdtalk.com/", false);
        }
        case("clawdtalk.com", "https://clawdtalk.com/", false);
        case("10.1.2.3 [fd00::1]", "https://[fd00::1]/", false);
        for except in ["talk.com", "clawdtalk.com:8443", "clawdtalk.com.evil", ","] {
            case(except, "https://clawdtalk.com/", true);
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error() {
        for proxy in ["socks5://p:1080", "https://p:443", "http://", "http://us er@p"] {
            let rules = Rules { proxy: Some(proxy.into()), except: String::new() };
            let err = rules.target(&"https://clawdtalk.com".parse().unwrap()).unwrap_err();
            assert!(err.is_lasting() && err.to_string().starts_with("HTTPS_PROXY is"), "{err}");
        }
        let parsed = ProxyTarget::parse("me:p%40ss@[fd00::1]:8080").unwrap();
        assert_eq!((parsed.host.as_str(), parsed.port), ("fd00::1", 8080));
        assert_eq!(parsed.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert!(!format!("{parsed:?}").contains("ss"), "{parsed:?}");
    }

    struct Peer {
        says: Cursor<&'static [u8]>,
        heard: Vec<u8>,
    }

    impl Read for Peer {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.says.read(buffer)
        }
    }

    impl Write for Peer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.heard.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn asked(says: &'static str) -> (Result<(), super::Trouble>, Peer) {
        let mut peer = Peer { says: Cursor::new(says.as_bytes()), heard: Vec::new() };
        let proxy = ProxyTarget::parse("me:pw@proxy").unwrap();
        (proxy.tunnel(&mut peer, "clawdtalk.com", 443), peer)
    }

    #[test]
    fn a_tunnel_leaves_what_follows_in_the_stream() {
        let (opened, mut peer) = asked("HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\nTLS");
        opened.unwrap();
        assert_eq!(
            String::from_utf8(peer.heard).unwrap(),
            "CONNECT clawdtalk.com:443 HTTP/1.1\r\nHost: clawdtalk.com:443\r\n\
             Proxy-Authorization: Basic bWU6cHc=\r\n\r\n"
        );
        let mut rest = String::new();
        peer.says.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "TLS");
    }

    #[test]
    fn a_refused_tunnel_says_why() {
        let refused = |says| asked(says).0.unwrap_err().to_string();
        assert_eq!(
            refused("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            "the proxy `proxy:80` wants a user name and password"
        );
        assert_eq!(
            refused("HTTP/1.1 503 Down\r\n\r\n"),
            "the proxy `proxy:80` refused the connection: HTTP/1.1 503 Down"
        );
        assert_eq!(refused("HTTP/1.1 200 OK\r\n"), "the proxy `proxy:80` closed the connection");
    }
}
