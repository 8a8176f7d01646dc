//! Reads durations (`90`, `5m`) and points in time (RFC 3339, `in 15m`) as people and agents write them.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use regex_lite::Regex;

/// The longest duration that is accepted. Nobody waits or plans further ahead, and adding much more than this to a
/// `std::time::Instant` panics.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A duration: a bare number is seconds, else humantime's form (`5m`, `1h 30m`).
///
/// Fails, with a sentence that shows what would be right, for anything else and for more than 366 days.
pub fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    unbounded_duration(text).filter(|duration| *duration <= LONGEST).ok_or_else(|| {
        format!("`{text}` is no duration; write seconds (300) or a time with its unit (5m)")
    })
}

/// [`duration`] without the limit: for offsets that are added to a time and never waited for.
pub(crate) fn unbounded_duration(text: &str) -> Option<Duration> {
    match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

/// A point in time: RFC 3339 with any offset, or `in 15m` counted from `now`.
///
/// Fails with a sentence that shows what would be right. A time without an offset is refused, since the service would have to
/// guess the zone, and so are the other forms of ISO 8601 and leap seconds: what is understood here by chance is understood
/// otherwise elsewhere.
pub fn instant(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    let wanted = || {
        format!(
            "`{text}` is no time; write RFC 3339 with an offset (2027-12-01T14:30:00Z) or `in 15m`"
        )
    };
    if let Some(rest) = text.strip_prefix("in ") {
        let ahead = SignedDuration::try_from(duration(rest)?).map_err(|_| wanted())?;
        return now.checked_add(ahead).map_err(|_| wanted());
    }
    if !is_rfc3339(text) {
        return Err(wanted());
    }
    text.parse::<Timestamp>().map_err(|_| wanted())
}

/// How a time was written, in one form for all ways to write it: an instant in UTC, `in 15m` in seconds. `at` is the instant.
pub fn normal_form(text: &str, at: Timestamp) -> String {
    match text.trim().strip_prefix("in ").map(duration) {
        Some(Ok(ahead)) => format!("in {} s", ahead.as_secs_f64()),
        _ => at.to_string(),
    }
}

/// Whether a text has the form that RFC 3339 wants, as far as a form shows: which days a month has is not asked here.
fn is_rfc3339(text: &str) -> bool {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$";
        Regex::new(pattern).expect("the pattern is a constant, and a test uses it")
    });
    FORM.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::{duration, instant, normal_form};
    use jiff::Timestamp;
    use std::time::Duration;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("300"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("1year"), Ok(Duration::from_secs(31_557_600)));
        assert_eq!(duration("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["abc", "-5", "", "5 parsecs", "1e400", "1e19", "400days", "NaN"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn points_in_time_are_read() {
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(instant("in 15m", now).unwrap().to_string(), "2027-01-01T00:15:00Z");
        assert_eq!(
            instant("2027-01-01T08:00:00-06:00", now).unwrap().to_string(),
            "2027-01-01T14:00:00Z"
        );
        for bad in [
            "tomorrow",
            "2027-01-01T08:00:00",
            "in a while",
            "",
            "2027-12-08T16Z",
            "2027-12-08T16:00Z",
            "20271208T160000Z",
            "2027-12-08T16:00:60Z",
            "+002027-12-08T16:00:00Z",
            "2027-12-08 16:00:00Z",
            "2027-12-08T16:00:00,5Z",
            "2027-12-08T16:00:00.Z",
            "2027-12-08T16:00:00+06",
            "2027-12-08T16:00:00+0600",
            "2027-12-08T16:00:00+24:00",
            "2027-12-08T16:00:00-06:60",
            "2027-12-08T16:00:00Z[UTC]",
            "2027-12-08T16:00:00-06:00[America/Chicago]",
            "2027-342T16:00:00Z",
            "2027-W49-3T16:00:00Z",
            "2027-02-30T16:00:00Z",
            "2027-12-08T24:00:00Z",
            "２027-12-08T16:00:00Z",
            "1796745600",
        ] {
            assert!(instant(bad, now).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_time_has_one_form_however_it_is_written() {
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let form = |text: &str| normal_form(text, instant(text, now).unwrap());
        for text in [
            "2027-12-07T16:00:00Z",
            "2027-12-07t10:00:00-06:00",
            "2027-12-07T16:00:00z",
            "2027-12-07T16:00:00+00:00",
            "2027-12-07T16:00:00-00:00",
            "2027-12-07T16:00:00.000Z",
            "2027-12-08T05:59:00+13:59",
        ] {
            assert_eq!(form(text), "2027-12-07T16:00:00Z", "{text}");
        }
        assert_eq!(form("in 15m"), form("in  15 minutes"));
        assert_eq!(form("in 900"), "in 900 s");
    }
}
