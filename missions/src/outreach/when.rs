//! When an outreach begins, as people write it: an instant, or a time of day where each phone rings.

use jiff::civil::{Date, Time, Weekday};
use jiff::{Timestamp, ToSpan as _};
use state::exit::Fault;
use state::parse_time;

use crate::window::Window;

/// When nobody is called or texted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// At once.
    Now,
    /// From this instant on.
    At(Timestamp),
    /// From this time of day on, by the clock where the phone rings.
    Local(Day, Time),
}

/// A day, by the calendar where the phone rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    /// So many days from today.
    In(i64),
    /// The next day of this name after today.
    Next(Weekday),
    /// This day.
    On(Date),
}

impl When {
    /// Reads RFC 3339, `in 15m`, `tomorrow 09:00`, `monday 09:00`, `2027-12-03 09:00`. Fails (exit 2) for anything else,
    /// and for an instant that is past.
    pub(crate) fn read(text: Option<&str>, now: Timestamp) -> Result<Self, Fault> {
        let Some(text) = text.map(str::trim) else { return Ok(Self::Now) };
        if let Some(local) = local(text) {
            return Ok(local);
        }
        let wrong = || {
            Fault::usage(format!("`{text}` is no time"))
                .hint("write \"tomorrow 09:00\" (where each phone rings), \"in 15m\" or RFC 3339")
        };
        let at = parse_time::instant(text, now).map_err(|_| wrong())?;
        if at < now {
            return Err(Fault::usage(format!("`{text}` is in the past; it is {now:.0} now")));
        }
        Ok(Self::At(at))
    }

    /// The earliest instant for a phone with this window; `None` for a day that is past, or that no calendar has.
    pub(crate) fn earliest(self, window: &Window, now: Timestamp) -> Option<Timestamp> {
        let (day, time) = match self {
            Self::Now => return Some(now),
            Self::At(at) => return Some(at),
            Self::Local(day, time) => (day, time),
        };
        let today = window.date(now);
        let date = match day {
            Day::In(days) => today.checked_add(days.days()).ok()?,
            Day::Next(weekday) => today.nth_weekday(1, weekday).ok()?,
            Day::On(date) => date,
        };
        window.at_local(date.to_datetime(time)).filter(|at| *at >= now)
    }
}

/// A day and a time of day, if it is written so.
fn local(text: &str) -> Option<When> {
    let text = text.to_lowercase();
    let (day, time) = text.rsplit_once(' ')?;
    let (hour, minute) = time.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if minute.len() != 2 || !(1..=2).contains(&hour.len()) || !digits(hour) || !digits(minute) {
        return None;
    }
    let time = Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
    let day = match day.trim() {
        "today" => Day::In(0),
        "tomorrow" => Day::In(1),
        "monday" | "mon" => Day::Next(Weekday::Monday),
        "tuesday" | "tue" => Day::Next(Weekday::Tuesday),
        "wednesday" | "wed" => Day::Next(Weekday::Wednesday),
        "thursday" | "thu" => Day::Next(Weekday::Thursday),
        "friday" | "fri" => Day::Next(Weekday::Friday),
        "saturday" | "sat" => Day::Next(Weekday::Saturday),
        "sunday" | "sun" => Day::Next(Weekday::Sunday),
        date => Day::On(date.parse().ok()?),
    };
    Some(When::Local(day, time))
}

#[cfg(test)]
mod tests {
    use super::When;
    use crate::window::WindowOptions;
    use jiff::tz::TimeZone;

    #[track_caller]
    fn case(text: &str, zone: &str, wanted: &str) {
        let now = "2027-03-13T15:00:00Z".parse().unwrap(); // a Saturday, the day before a clock change in Chicago
        let options = WindowOptions::read(None, None, Some(zone)).unwrap();
        let (window, _) = options.for_recipient(&"+15551234567".parse().unwrap(), &TimeZone::UTC);
        let found = When::read(Some(text), now).ok().and_then(|when| when.earliest(&window, now));
        assert_eq!(found.map(|at| at.to_string()).unwrap_or_default(), wanted, "{text}");
    }

    #[test]
    fn times_are_read_where_the_phone_rings() {
        case("in 15m", "America/Chicago", "2027-03-13T15:15:00Z");
        case("2027-03-14T10:00:00-06:00", "UTC", "2027-03-14T16:00:00Z");
        case("tomorrow 09:00", "America/Chicago", "2027-03-14T14:00:00Z");
        case("Tomorrow 9:00", "Europe/Berlin", "2027-03-14T08:00:00Z");
        case("monday 09:00", "America/Chicago", "2027-03-15T14:00:00Z");
        case("2027-03-16 09:30", "America/Chicago", "2027-03-16T14:30:00Z");
        // Skipped by the clock change: an hour later. What comes twice: the first.
        case("tomorrow 02:30", "America/Chicago", "2027-03-14T08:30:00Z");
        case("2027-11-07 01:30", "America/Chicago", "2027-11-07T06:30:00Z");
        case("tomorrow 09:00", "America/New_York,America/Los_Angeles", "2027-03-14T16:00:00Z");
        for bad in [
            "",
            "soon",
            "tomorrow",
            "09:00",
            "tomorrow 25:00",
            "2027-02-30 09:00",
            "2027-03-12T00:00:00Z",
            "2027-03-12 09:00",
            "today 09:00",
            "tomorrow 9",
        ] {
            case(bad, "America/New_York", "");
        }
    }
}
