//! Calling windows: when somebody may be called, in the time zones in which their phone may ring.

mod days;
mod hours;

use std::cell::RefCell;
use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use state::phone::Phone;
use state::{numbering, time_zones};

pub(crate) use days::Days;
pub(crate) use hours::Hours;

/// A window is closed for a week at most, and for two where a clock change swallows its only hour.
const DAYS_AHEAD: i64 = 15;

/// Each step reaches the next opening of one zone; zones that have no moment in common never agree.
const MOST_STEPS: usize = 64;

/// The hours and days in which calls may begin, in every one of its zones at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredWindow", into = "StoredWindow")]
pub(crate) struct Window {
    hours: Hours,
    days: Days,
    /// Never empty.
    zones: Vec<TimeZone>,
    /// Hours of the day in it that are left out: the peak hours of a service.
    without: Option<Hours>,
    /// Days that are left out: holidays, which are not known by themselves.
    skip: Vec<Date>,
}

/// How the zones of a window were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZoneSource {
    /// They were given.
    Given,
    /// By the number's country or area code; several where it may ring in several.
    Number,
    /// The number does not show them: this machine's zone stands in, which is worth a warning.
    Machine,
}

/// The options of a command line about the window. By default it is business hours, Monday to Friday, where the number
/// rings.
#[derive(Clone, Debug, Default)]
pub(crate) struct WindowOptions {
    /// `--window`
    pub(crate) hours: Option<Hours>,
    /// `--days`
    pub(crate) days: Option<Days>,
    /// `--zone`
    pub(crate) zones: Option<Vec<TimeZone>>,
    /// `--skip`
    pub(crate) skip: Vec<Date>,
}

impl WindowOptions {
    /// Reads `--window`, `--days` and `--zone`. Fails with a sentence that shows what would be right.
    pub(crate) fn read(
        hours: Option<&str>,
        days: Option<&str>,
        zone: Option<&str>,
    ) -> Result<Self, String> {
        Ok(Self {
            hours: hours.map(str::parse).transpose()?,
            days: days.map(str::parse).transpose()?,
            zones: zone.map(named).transpose()?,
            skip: Vec::new(),
        })
    }

    /// The window for a recipient: in the zones that were given, else where the number rings, else this machine's
    /// (a zone with a name, or a fixed offset).
    pub(crate) fn for_recipient(&self, phone: &Phone, machine: &TimeZone) -> (Window, ZoneSource) {
        let by_number = || zones_of(phone).map(|zones| (zones, ZoneSource::Number));
        let given = self.zones.clone().map(|zones| (zones, ZoneSource::Given));
        let (zones, from) =
            given.or_else(by_number).unwrap_or((vec![machine.clone()], ZoneSource::Machine));
        let hours = self.hours.unwrap_or(Hours::BUSINESS);
        let days = self.days.unwrap_or(Days::BUSINESS);
        (Window { hours, days, zones, without: None, skip: self.skip.clone() }, from)
    }
}

impl Window {
    /// Whether a call may begin then.
    pub(crate) fn is_inside(&self, at: Timestamp) -> bool {
        self.zones.iter().all(|zone| self.allows(zone, at))
    }

    /// The first moment from `at` on when a call may begin; `None` if the zones have no such moment in common.
    pub(crate) fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        let mut at = at;
        for _ in 0..MOST_STEPS {
            let Some(closed) = self.zones.iter().find(|zone| !self.allows(zone, at)) else {
                return Some(at);
            };
            at = self.opening_in(closed, at)?;
        }
        None
    }

    /// The same window without some hours of the day. One that lies within them stays as it is: then there is
    /// nothing to choose.
    pub(crate) fn outside(&self, hours: Hours) -> Self {
        let is_something_left = self.hours.without(hours).next().is_some();
        Self { without: is_something_left.then_some(hours), ..self.clone() }
    }

    /// The first moment of the window on a later day than that of `at`, wherever the phone may be.
    pub(crate) fn next_day(&self, at: Timestamp) -> Option<Timestamp> {
        let tomorrow = |zone: &TimeZone| {
            let date = zone.to_datetime(at).date().tomorrow().ok()?;
            date.to_zoned(zone.clone()).ok().map(|start| start.timestamp())
        };
        let starts: Option<Vec<Timestamp>> = self.zones.iter().map(tomorrow).collect();
        self.next_opening(starts?.into_iter().max()?)
    }

    /// The instant at which the clock shows this date and time, in all of its zones or later; what a clock change skips is
    /// the time after it, of what comes twice it is the first.
    pub(crate) fn at_local(&self, local: DateTime) -> Option<Timestamp> {
        let instants: Option<Vec<Timestamp>> = self
            .zones
            .iter()
            .map(|zone| zone.to_ambiguous_timestamp(local).compatible().ok())
            .collect();
        instants?.into_iter().max()
    }

    /// The date that the clock shows, by the first zone where there are several.
    pub(crate) fn date(&self, at: Timestamp) -> Date {
        self.zones[0].to_datetime(at).date()
    }

    /// An instant as the recipient's clock shows it, with its offset; by the first zone where there are several.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        at.to_zoned(self.zones[0].clone()).strftime("%a %Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Whether the phone may be in several zones.
    pub(crate) fn has_several_zones(&self) -> bool {
        self.zones.len() > 1
    }

    /// The zones' names.
    pub(crate) fn zone(&self) -> String {
        let names: Vec<String> = self.zones.iter().map(name_of).collect();
        names.join(",")
    }

    fn spans(&self) -> impl Iterator<Item = Hours> {
        let split = self.without.map(|busy| self.hours.without(busy));
        let whole = self.without.is_none().then_some(self.hours);
        split.into_iter().flatten().chain(whole)
    }

    fn allows(&self, zone: &TimeZone, at: Timestamp) -> bool {
        let local = zone.to_datetime(at);
        self.days.contain(local.weekday())
            && !self.skip.contains(&local.date())
            && self.hours.contain(local.time())
            && !self.without.is_some_and(|busy| busy.contain(local.time()))
    }

    /// The first moment after `at` at which the window opens in one zone. It opens when the clock there reaches
    /// the start of a span, which may come twice in a day, or when the clock is changed into one.
    fn opening_in(&self, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
        let opens = |moment: &Timestamp| *moment > at && self.allows(zone, *moment);
        let today = zone.to_datetime(at).date();
        let last = today.checked_add(DAYS_AHEAD.days()).ok()?;
        let changes = zone.following(at).map(|change| change.timestamp());
        let changes = changes.take_while(|change| zone.to_datetime(*change).date() <= last);
        let mut earliest = changes.filter(opens).min();
        for ahead in 0..=DAYS_AHEAD {
            let day = today.checked_add(ahead.days()).ok()?;
            if earliest.is_some_and(|found| zone.to_datetime(found).date() < day) {
                break;
            }
            let starts = self.spans().flat_map(|span| starts_of(zone, day, span));
            earliest = starts.flatten().filter(opens).chain(earliest).min();
        }
        earliest
    }
}

/// The instants at which a zone's clock shows the start of a span on a day: none, one or two.
fn starts_of(zone: &TimeZone, day: Date, span: Hours) -> [Option<Timestamp>; 2] {
    let start = zone.to_ambiguous_timestamp(day.to_datetime(span.start()));
    match start.offset() {
        // What the clock skips is reached by the change itself, which is considered on its own.
        AmbiguousOffset::Gap { .. } => [None, None],
        AmbiguousOffset::Unambiguous { .. } => [start.earlier().ok(), None],
        AmbiguousOffset::Fold { .. } => [start.earlier().ok(), start.later().ok()],
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.hours, self.days, self.zone())
    }
}

/// The zones in which a number may ring, if it shows any; all of them, or none.
fn zones_of(phone: &Phone) -> Option<Vec<TimeZone>> {
    let names = numbering::zones(phone.as_str().trim_start_matches('+'));
    let zones: Vec<TimeZone> = names.into_iter().map(time_zones::get).collect::<Option<_>>()?;
    (!zones.is_empty()).then_some(zones)
}

/// Reads names of zones, joined by commas. Fails with a sentence that shows what would be right.
fn named(text: &str) -> Result<Vec<TimeZone>, String> {
    let one = |name: &str| {
        time_zones::get(name.trim()).ok_or_else(|| {
            format!("`{name}` is no time zone; write Area/City, as in America/Chicago")
        })
    };
    text.split(',').map(one).collect()
}

fn name_of(zone: &TimeZone) -> String {
    let offset = || zone.to_fixed_offset().map_or_else(|_| "UTC".to_owned(), |at| at.to_string());
    zone.iana_name().map_or_else(offset, str::to_owned)
}

thread_local! {
    /// The window that was read last: of a thousand events of a mission nearly all have the same.
    static LAST: RefCell<Option<(StoredWindow, Window)>> = const { RefCell::new(None) };
}

/// A window as it is written into the state file.
#[derive(PartialEq, Serialize, Deserialize)]
struct StoredWindow {
    hours: String,
    days: String,
    zone: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    skip: Vec<Date>,
}

impl From<Window> for StoredWindow {
    fn from(window: Window) -> Self {
        let (hours, days) = (window.hours.to_string(), window.days.to_string());
        let zone = window.zone();
        Self { hours, days, zone, skip: window.skip }
    }
}

impl TryFrom<StoredWindow> for Window {
    type Error = String;

    fn try_from(stored: StoredWindow) -> Result<Self, String> {
        LAST.with_borrow_mut(|last| match last {
            Some((text, window)) if *text == stored => Ok(window.clone()),
            last => {
                let window = Self::read(&stored)?;
                Ok(last.insert((stored, window)).1.clone())
            }
        })
    }
}

impl Window {
    fn read(stored: &StoredWindow) -> Result<Self, String> {
        // The machine's zone may have been a fixed offset, which no command line may give.
        let by_offset = || Some(vec![DateTimeParser::new().parse_time_zone(&stored.zone).ok()?]);
        let zones = named(&stored.zone).or_else(|err| by_offset().ok_or(err))?;
        let (hours, days) = (stored.hours.parse()?, stored.days.parse()?);
        Ok(Self { hours, days, zones, without: None, skip: stored.skip.clone() })
    }
}

#[cfg(test)]
mod tests;
