//! Reads durations (`90`, `5m`) and points in time (RFC 3339, `in 15m`) as people and agents write them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

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
/// Fails with a sentence that shows what would be right; a time without an offset is refused, since the
/// service would have to guess the zone.
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
    text.parse::<Timestamp>().map_err(|_| wanted())
}

#[cfg(test)]
mod tests {
    use super::{duration, instant};
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
        for bad in ["tomorrow", "2027-01-01T08:00:00", "in a while", ""] {
            assert!(instant(bad, now).is_err(), "{bad}");
        }
    }
}
