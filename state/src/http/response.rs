//! A whole HTTP response: status, headers and body.

use std::time::Duration;

use jiff::Timestamp;
use ureq::http::response::Parts;

/// A response of any status.
#[derive(Debug)]
pub struct Response {
    head: Parts,
    body: Vec<u8>,
    has_excess: bool,
}

impl Response {
    pub(super) fn new(head: Parts, body: Vec<u8>, has_excess: bool) -> Self {
        Self { head, body, has_excess }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// The body; empty if there is none, or if that of an error was cut off.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether more bytes came than the head announced: what the body is then is a matter of the reader.
    pub fn has_excess(&self) -> bool {
        self.has_excess
    }

    /// The body, moved out.
    pub fn into_body(self) -> Vec<u8> {
        self.body
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

/// The longest wait that is believed: nobody waits so long, and a longer one would not fit into every clock.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 86_400);

/// Reads the value of a `Retry-After` header: seconds, whole or not, or an HTTP date. A negative number or a past date is no
/// wait; `None` for anything else. At most 366 days.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    let wait = match value.parse::<f64>() {
        Ok(seconds) if is_number => {
            Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST_WAIT)
        }
        _ => Duration::try_from(http_date(value)?.duration_since(now)).unwrap_or_default(),
    };
    Some(wait.min(LONGEST_WAIT))
}

fn http_date(value: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_WAIT, http_date, retry_after};
    use std::time::Duration;

    #[track_caller]
    fn case(value: &str, wanted: Option<f64>) {
        let now = http_date("Sun, 22 Nov 2026 06:00:28 GMT").unwrap();
        assert_eq!(retry_after(value, now), wanted.map(Duration::from_secs_f64), "{value:?}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        case("0", Some(0.0));
        case(" 120 ", Some(120.0));
        case("1.5", Some(1.5));
        case("+3", Some(3.0));
        case("-1", Some(0.0));
        case("Sun, 22 Nov 2026 06:01:28 GMT", Some(60.0));
        case("Sun, 22 Nov 2026 05:00:00 GMT", Some(0.0));
        let longest = LONGEST_WAIT.as_secs_f64();
        let huge = ["99999999999", "18446744073709551615", "18446744073709551616", "9e9"];
        for huge in huge.map(|huge| huge.replace("9e9", &"9".repeat(400))) {
            case(&huge, Some(longest));
        }
        case("Fri, 01 Jan 9999 00:00:00 GMT", Some(longest));
        for nonsense in [
            "",
            "soon",
            "1e9",
            "nan",
            "inf",
            "-",
            ".",
            "1.2.3",
            "0x10",
            "10 s",
            "--1",
            "Sun, 99 Nov 2026",
        ] {
            case(nonsense, None);
        }
    }
}
