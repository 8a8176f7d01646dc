//! Addresses of servers: whether one is usable, names this machine, and how it may be printed.

use std::net::IpAddr;

use crate::exit::{Exit, Fault};

/// The http or https address in `given`, without white space around it and slashes at its end. Only as much is checked
/// as would otherwise show up as a server that cannot be reached. `key` is the name of the setting for the error,
/// `example` what a right one looks like.
///
/// Fails with `exit` if it is no such address.
pub fn parse_base(exit: Exit, key: &str, given: &str, example: &str) -> Result<String, Fault> {
    let base = given.trim().trim_end_matches('/');
    let wrong = match base.strip_prefix("https://").or_else(|| base.strip_prefix("http://")) {
        Some(rest) => match wrong_host(rest) {
            None => return Ok(base.to_owned()),
            Some(wrong) => wrong,
        },
        None => "is no http:// or https:// address",
    };
    // Somebody may have put the API key into this setting: what does not look like an address is not printed.
    let text = if given.contains(['.', ':', '/']) {
        format!("`{key}` is `{}`, which {wrong}", redact(given))
    } else {
        format!("`{key}` {wrong}; what it is may be a secret and is not shown")
    };
    Err(Fault::new(exit, text).hint(format!("write it as {example}")))
}

/// What is wrong with the host and the port of an address, given without its scheme.
fn wrong_host(rest: &str) -> Option<&'static str> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    // An IPv6 address has colons of its own, and brackets around them.
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (host_and_port, None),
    };
    if host_and_port.matches(':').count() > 1 && !host_and_port.starts_with('[') {
        return Some("has an IPv6 address without [ and ] around it");
    }
    let is_of_a_name = |c: char| c.is_alphanumeric() || "-._~%[]:".contains(c);
    if host.is_empty() || !host.chars().all(is_of_a_name) || rest.contains(char::is_whitespace) {
        return Some("is no http:// or https:// address");
    }
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    (!port.is_none_or(is_port)).then_some("has no port from 1 to 65535")
}

/// An address without the `/v1` at its end; a host of that name stays.
pub(crate) fn without_version(address: &str) -> &str {
    let base = address.strip_suffix("/v1").map(|base| base.trim_end_matches('/'));
    base.filter(|base| base.contains("://")).unwrap_or(address)
}

/// An address as it may be printed: without user name, password and query.
pub fn redact(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let scheme = address.split_once("://").filter(|(scheme, _)| !scheme.contains('@'));
    let (scheme, rest) = scheme.unwrap_or(("", address));
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit('@').next().unwrap_or_default();
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    path.map_or_else(|| format!("{scheme}{host}"), |path| format!("{scheme}{host}/{path}"))
}

/// Whether an address names this machine: 127.0.0.0/8, `[::1]` or `localhost`.
pub fn is_loopback(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Exit, is_loopback, parse_base, redact, without_version};

    #[test]
    fn loopback_is_an_address_not_a_prefix() {
        for here in
            ["http://127.0.0.1:80", "http://localhost/x", "http://[::1]:9", "http://127.9.9.9"]
        {
            assert!(is_loopback(here), "{here}");
        }
        for there in [
            "http://127.0.0.1.evil.com",
            "http://localhost.evil.com",
            "https://clawdtalk.com",
            "http://localhost@evil.com",
            "http://10.0.0.1",
        ] {
            assert!(!is_loopback(there), "{there}");
        }
    }

    #[test]
    fn addresses_are_printed_without_secrets() {
        assert_eq!(redact("https://me:pw@host/a?token=1#x"), "https://host/a");
        assert_eq!(redact("https://host:1"), "https://host:1");
        assert_eq!(redact("host:1?token=1&next=http://x"), "host:1");
        assert_eq!(redact("me:pw@ws://host"), "ws://host");
    }

    #[test]
    fn an_address_has_a_host() {
        let parse =
            |key: &str, given: &str| parse_base(Exit::NotConfigured, key, given, "https://x");
        for right in ["https://host/v1", "http://[::1]:9", "http://[::1]", "https://me:pw@h:1/a:b"]
        {
            assert_eq!(parse("server", &format!(" {right}/ ")).unwrap(), right);
        }
        for text in [
            "http://",
            "http:///v1",
            "https://?x",
            "http://#",
            "ftp://host",
            "http://a b",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:0",
            "http://127.0.0.1:abc",
            "http://127.0.0.1:80,",
            "https://host,",
            "https://host:",
            "https://:80",
            "http://::1:80",
        ] {
            let error = parse("server", text).unwrap_err().to_string();
            assert!(error.contains(&redact(text)), "{error}");
        }
        let error = parse("server", "cc_live_0123456789abcdef").unwrap_err().to_string();
        assert!(error.contains("`server`") && !error.contains("0123"), "{error}");
    }

    #[test]
    fn the_version_is_no_part_of_the_address() {
        for (given, base) in [
            ("https://host", "https://host"),
            ("https://host/v1", "https://host"),
            ("https://host/a//v1", "https://host/a"),
            ("https://host/v2", "https://host/v2"),
            ("http://v1", "http://v1"),
            ("http://v1/v1", "http://v1"),
        ] {
            assert_eq!(without_version(given), base);
        }
    }
}
