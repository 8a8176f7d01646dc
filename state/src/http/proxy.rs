//! Which connections go through a proxy, and how a proxy is asked for a tunnel (CONNECT).
//!
//! Only https and wss connections do. Plain http is used for this machine, since the key is not sent unencrypted to any
//! other, and for the gateway; neither goes through a proxy. So HTTP_PROXY has nothing to apply to.

use std::fmt;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::ProxyProtocol;
use ureq::http::Uri;

use super::net_error::{NetError, io_error_text};
use crate::process::env;
use crate::text::{sanitize, url};

/// How much of a proxy's response is read, in bytes.
const MAX_HEAD: usize = 8 * 1024;

/// A proxy, whose address ureq reads.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy(ureq::Proxy);

/// What the environment says about proxies.
#[derive(Clone, Debug, Default)]
pub(super) struct ProxyRules {
    /// The proxy, as it is given.
    pub(super) proxy: Option<String>,
    /// The hosts that are reached without it, as NO_PROXY gives them.
    pub(super) except: String,
}

/// An IPv6 address without its brackets; any other host as it is.
pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

impl ProxyRules {
    /// The rules of the environment; lower-case names win, as in curl. ureq's own would pass over a proxy that cannot be used,
    /// and NO_PROXY would not include subdomains, blanks and ports.
    pub(super) fn from_env() -> Self {
        let first = |names: [&str; 4]| names.into_iter().find_map(env::var);
        Self {
            proxy: first(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: env::var("no_proxy").or_else(|| env::var("NO_PROXY")).unwrap_or_default(),
        }
    }

    /// The proxy for `uri`: that of HTTPS_PROXY, else of ALL_PROXY, unless NO_PROXY names the host. `None` for loopback, for
    /// http and for ws.
    ///
    /// Fails if the variable has anything but an `http://` proxy: connecting without it could reveal what it is to hide.
    pub(super) fn proxy_for(&self, uri: &Uri) -> Result<Option<Proxy>, NetError> {
        let (Some(proxy), Some(host)) = (&self.proxy, uri.host()) else { return Ok(None) };
        let is_secure = matches!(uri.scheme_str(), Some("https" | "wss"));
        if !is_secure || url::is_loopback(host) || is_excepted(&self.except, uri) {
            return Ok(None);
        }
        Proxy::parse(proxy).map(Some)
    }
}

/// Whether NO_PROXY names the host of `uri`: by `*`, by a name (which includes its subdomains) or an address, with or
/// without a port.
fn is_excepted(except: &str, uri: &Uri) -> bool {
    let host = without_brackets(uri.host().unwrap_or_default()).to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(443).to_string();
    except.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let name = match entry.rsplit_once(':') {
            Some((name, digits)) if digits == port && !name.ends_with(':') => name,
            _ => entry,
        };
        let name = without_brackets(name).trim_start_matches('*').trim_start_matches('.');
        let name = name.to_ascii_lowercase();
        entry == "*"
            || (!name.is_empty()
                && host
                    .strip_suffix(&name)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    })
}

impl Proxy {
    fn parse(proxy: &str) -> Result<Self, NetError> {
        let wrong = || {
            let shown = sanitize::line(&url::redact(proxy));
            NetError::permanent(format!("HTTPS_PROXY is `{shown}`, which is no http:// proxy"))
                .with_hint("set HTTPS_PROXY to `http://HOST:PORT`, or unset it")
        };
        let parsed = ureq::Proxy::new(proxy).map_err(|_| wrong())?;
        if parsed.protocol() == ProxyProtocol::Http { Ok(Self(parsed)) } else { Err(wrong()) }
    }

    /// Its name or address, without brackets.
    pub(super) fn host(&self) -> &str {
        without_brackets(self.0.host())
    }

    /// Its TCP port.
    pub(super) fn port(&self) -> u16 {
        self.0.port()
    }

    /// Asks the proxy at the other end of `stream` for a tunnel to `host` (an IPv6 address in brackets)
    /// and `port`; afterwards the stream leads to that host. The caller sets the time limits of the stream.
    ///
    /// Fails if the proxy answers anything but 2xx; nothing of a request was sent then.
    pub(super) fn tunnel<S: Read + Write>(
        &self,
        stream: &mut S,
        host: &str,
        port: u16,
    ) -> Result<(), NetError> {
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(name) = self.0.username() {
            let plain = format!("{name}:{}", self.0.password().unwrap_or_default());
            let encoded = BASE64_STANDARD.encode(plain);
            request.extend(["Proxy-Authorization: Basic ", &encoded, "\r\n"]);
        }
        request.push_str("\r\n");
        let failed =
            |err: std::io::Error| NetError::transient(format!("{self}: {}", io_error_text(&err)));
        stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).map_err(failed)?;

        // Read byte by byte: what follows the head comes from the host and has to stay in the stream.
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= MAX_HEAD || stream.read(&mut byte).map_err(failed)? == 0 {
                return Err(NetError::transient(format!("{self} closed the connection")));
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        match head.split_whitespace().nth(1) {
            Some(status) if status.len() == 3 && status.starts_with('2') => Ok(()),
            Some("407") => {
                Err(NetError::permanent(format!("{self} wants a user name and password"))
                    .with_hint("set HTTPS_PROXY to `http://USER:PASSWORD@HOST:PORT`"))
            }
            _ => {
                let status_line = sanitize::line_up_to(head.lines().next().unwrap_or_default(), 80);
                Err(NetError::transient(format!("{self} refused the connection: {status_line}")))
            }
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy `{}:{}`", self.host(), self.port())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Proxy, ProxyRules};
    use std::io::{Cursor, Read, Write};

    #[track_caller]
    fn case(except: &str, url: &str, is_used: bool) {
        let rules = ProxyRules { proxy: Some("http://proxy:3128".into()), except: except.into() };
        let proxy = rules.proxy_for(&url.parse().unwrap()).unwrap();
        assert_eq!(proxy.is_some(), is_used, "{except:?} {url}");
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
            let rules = ProxyRules { proxy: Some(proxy.into()), except: String::new() };
            let err = rules.proxy_for(&"https://clawdtalk.com".parse().unwrap()).unwrap_err();
            assert!(err.is_permanent() && err.to_string().starts_with("HTTPS_PROXY is"), "{err}");
        }
        let parsed = Proxy::parse("me:p%40ss@[fd00::1]:8080").unwrap();
        assert_eq!((parsed.host(), parsed.port()), ("fd00::1", 8080));
        assert_eq!((parsed.0.username(), parsed.0.password()), (Some("me"), Some("p@ss")));
        assert!(!format!("{parsed:?}").contains("ss"), "{parsed:?}");
    }

    /// The proxy's end of a stream.
    struct ProxyEnd {
        response: Cursor<&'static [u8]>,
        received: Vec<u8>,
    }

    impl Read for ProxyEnd {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.response.read(buffer)
        }
    }

    impl Write for ProxyEnd {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.received.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn tunnel(response: &'static str) -> (Result<(), super::NetError>, ProxyEnd) {
        let response = Cursor::new(response.as_bytes());
        let mut end = ProxyEnd { response, received: Vec::new() };
        let proxy = Proxy::parse("me:pw@proxy").unwrap();
        (proxy.tunnel(&mut end, "clawdtalk.com", 443), end)
    }

    #[test]
    fn a_tunnel_leaves_what_follows_in_the_stream() {
        let (opened, mut end) = tunnel("HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\nTLS");
        opened.unwrap();
        assert_eq!(
            String::from_utf8(end.received).unwrap(),
            "CONNECT clawdtalk.com:443 HTTP/1.1\r\nHost: clawdtalk.com:443\r\n\
             Proxy-Authorization: Basic bWU6cHc=\r\n\r\n"
        );
        let mut rest = String::new();
        end.response.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "TLS");
    }

    #[test]
    fn a_refused_tunnel_says_why() {
        let refused = |response| tunnel(response).0.unwrap_err().to_string();
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
