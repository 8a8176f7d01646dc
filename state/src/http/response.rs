//! A whole HTTP response: status, headers and body.

use std::time::Duration;

use jiff::Timestamp;
use ureq::http::response::Parts;

/// A response of any status.
#[derive(Debug)]
pub struct Response {
    head: Parts,
    body: Vec<u8>,
}

impl Response {
    pub(super) fn new(head: Parts, body: Vec<u8>) -> Self {
        Self { head, body }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// The body; empty if there is none, or if that of an error was cut off.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The value of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The server's clock, by its `Date` header.
    pub fn date(&self) -> Option<Timestamp> {
        http_date(self.header("date")?)
    }

    /// How long the server asks to wait (`Retry-After`). A date is compared with the server's own `Date`, so that a wrong
    /// clock here does no harm.
    pub fn retry_after(&self) -> Option<Duration> {
        let now = self.date().unwrap_or_else(Timestamp::now);
        retry_after(self.header("retry-after")?, now)
    }
}

/// Reads the value of a `Retry-After` header: whole seconds, or an HTTP date (a past one is no wait). `None` for anything
/// else.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    Some(Duration::try_from(http_date(value)?.duration_since(now)).unwrap_or_default())
}

fn http_date(value: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()
}

#[cfg(test)]
mod tests {
    use super::{http_date, retry_after};
    use std::time::Duration;

    #[track_caller]
    fn case(value: &str, wanted: Option<u64>) {
        let now = http_date("Sun, 22 Nov 2026 06:00:28 GMT").unwrap();
        assert_eq!(retry_after(value, now), wanted.map(Duration::from_secs), "{value:?}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        case("0", Some(0));
        case(" 120 ", Some(120));
        case("Sun, 22 Nov 2026 06:01:28 GMT", Some(60));
        case("Sun, 22 Nov 2026 05:00:00 GMT", Some(0));
        case("99999999999999999999999", Some(u64::MAX));
        for nonsense in ["", "-1", "soon", "1.5"] {
            case(nonsense, None);
        }
    }
}
