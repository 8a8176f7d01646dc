//! Host and port of an address.

use ureq::http::Uri;

/// The host of an address, an IPv6 one without its brackets.
pub(super) fn host(uri: &Uri) -> &str {
    without_brackets(uri.host().unwrap_or_default())
}

/// The port of an address, else that of its scheme.
pub(super) fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 })
}

/// An IPv6 address without its brackets; any other host as it is.
pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}
