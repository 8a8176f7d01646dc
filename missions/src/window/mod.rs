//! Calling windows: when somebody may be called, in the zone in which their phone rings (spec 4).

mod days;
mod zones;

use jiff::civil::Time;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};
use serde::{Deserialize, Serialize};
use state::phone::Phone;

pub(crate) use days::Days;

/// The hours, days and zone in which calls may begin: `start` counts as inside, `end` does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub(crate) struct Window {
    hours: Hours,
    days: Days,
    zone: TimeZone,
}

/// Hours of a day, `09:00-17:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    start: Time,
    end: Time,
}

/// How the zone of a window was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZoneFrom {
    /// It was given.
    Given,
    /// The number's country or area code tells it.
    Number,
    /// Nothing tells it: this machine's zone stands in.
    Machine,
}

impl Hours {
    /// The seed's 9 to 5.
    pub(crate) const BUSINESS: Self =
        Self { start: Time::constant(9, 0, 0, 0), end: Time::constant(17, 0, 0, 0) };

    fn contain(self, time: Time) -> bool {
        self.start <= time && time < self.end
    }
}

impl std::str::FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no window of a day; write two times, as in 09:00-17:00");
        let (start, end) = text.split_once('-').ok_or_else(wrong)?;
        let time = |part: &str| Time::strptime("%H:%M", part.trim()).ok();
        let start = time(start).ok_or_else(wrong)?;
        // The last minute of a day has no civil time after it.
        let end = if end.trim() == "24:00" { Some(Time::MAX) } else { time(end) };
        match end {
            Some(end) if start < end => Ok(Self { start, end }),
            Some(_) => {
                Err(format!("the window `{text}` ends before it begins; write it within one day"))
            }
            None => Err(wrong()),
        }
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = if self.end == Time::MAX {
            "24:00".to_owned()
        } else {
            self.end.strftime("%H:%M").to_string()
        };
        write!(f, "{}-{end}", self.start.strftime("%H:%M"))
    }
}

impl Window {
    /// A window in the recipient's zone: the one given, else where the number rings, else this machine's.
    pub(crate) fn for_recipient(
        phone: &Phone,
        hours: Option<Hours>,
        days: Option<Days>,
        zone: Option<TimeZone>,
    ) -> (Self, ZoneFrom) {
        let by_number = || zones::of(phone).and_then(|name| TimeZone::get(name).ok());
        let (zone, from) = match zone {
            Some(zone) => (zone, ZoneFrom::Given),
            None => match by_number() {
                Some(zone) => (zone, ZoneFrom::Number),
                None => (TimeZone::try_system().unwrap_or(TimeZone::UTC), ZoneFrom::Machine),
            },
        };
        let (hours, days) = (hours.unwrap_or(Hours::BUSINESS), days.unwrap_or(Days::BUSINESS));
        (Self { hours, days, zone }, from)
    }

    /// Whether a call may begin then.
    pub(crate) fn contains(&self, at: Timestamp) -> bool {
        self.allows(&at.to_zoned(self.zone.clone()))
    }

    fn allows(&self, at: &Zoned) -> bool {
        self.days.contain(at.weekday()) && self.hours.contain(at.time())
    }

    /// The first moment from `at` on when a call may begin. `None` only beyond the calendar's end.
    pub(crate) fn next(&self, at: Timestamp) -> Option<Timestamp> {
        let at = at.to_zoned(self.zone.clone());
        if self.allows(&at) {
            return Some(at.timestamp());
        }
        // A week has one of each day, and one more day covers a start that a clock change skips.
        (0..=8).find_map(|ahead| {
            let day = at.date().checked_add(i64::from(ahead).days()).ok()?;
            let start = day.to_datetime(self.hours.start).to_zoned(self.zone.clone()).ok()?;
            (start > at && self.allows(&start)).then(|| start.timestamp())
        })
    }

    /// The zone's name.
    pub(crate) fn zone(&self) -> String {
        name_of(&self.zone)
    }

    /// An instant as the recipient's clock shows it, with its offset.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%a %Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.hours, self.days, self.zone())
    }
}

/// Reads the name of a zone, as in America/Chicago.
pub(crate) fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text.trim())
        .map_err(|_| format!("`{text}` is no time zone; write Area/City, as in America/Chicago"))
}

fn name_of(zone: &TimeZone) -> String {
    let name = zone.iana_name().map(str::to_owned);
    name.unwrap_or_else(|| zone.to_offset(Timestamp::now()).to_string())
}

/// A window as the state file keeps it.
#[derive(Serialize, Deserialize)]
struct Stored {
    hours: String,
    days: String,
    zone: String,
}

impl From<Window> for Stored {
    fn from(window: Window) -> Self {
        let (hours, days) = (window.hours.to_string(), window.days.to_string());
        Self { hours, days, zone: window.zone() }
    }
}

impl TryFrom<Stored> for Window {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        // A zone without a name is kept by its offset.
        let fixed = || DateTimeParser::new().parse_time_zone(&stored.zone).ok();
        let zone = zone(&stored.zone).or_else(|err| fixed().ok_or(err))?;
        Ok(Self { hours: stored.hours.parse()?, days: stored.days.parse()?, zone })
    }
}

#[cfg(test)]
mod tests;
