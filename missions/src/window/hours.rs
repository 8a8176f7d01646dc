//! Hours of a day as people write them: `09:00-17:00`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;

/// A span within one day, in whole minutes: its start is part of it, its end is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    start: Time,
    /// `None` is midnight, the day's end.
    end: Option<Time>,
}

const fn at(hour: i8, minute: i8) -> Time {
    Time::constant(hour, minute, 0, 0)
}

impl Hours {
    /// Business hours: nine to five.
    pub(crate) const BUSINESS: Self = Self { start: at(9, 0), end: Some(at(17, 0)) };

    /// When people may be texted: nine to eight.
    pub(crate) const TEXTS: Self = Self { start: at(9, 0), end: Some(at(20, 0)) };

    /// When one person may be called for one question: eight to nine in the evening.
    pub(crate) const ONE_OFF: Self = Self { start: at(8, 0), end: Some(at(21, 0)) };

    /// The whole day.
    pub(crate) const ALL: Self = Self { start: at(0, 0), end: None };

    /// Peak hours of a service: lunch time, when a restaurant or a shop has no time for a call.
    pub(crate) const PEAK: Self = Self { start: at(11, 30), end: Some(at(13, 30)) };

    /// When it begins.
    pub(crate) fn start(self) -> Time {
        self.start
    }

    /// Whether a time of day lies in it.
    pub(crate) fn contain(self, time: Time) -> bool {
        self.start <= time && self.end.is_none_or(|end| time < end)
    }

    /// What is left of it without `others`: nothing, one span or two.
    pub(crate) fn without(self, others: Self) -> impl Iterator<Item = Self> {
        let before = Self { start: self.start, end: Some(self.ends_by(others.start)) };
        let after = others.end.map(|end| Self { start: self.start.max(end), end: self.end });
        let has_time = |span: &Self| span.end.is_none_or(|end| span.start < end);
        [Some(before), after].into_iter().flatten().filter(has_time)
    }

    fn ends_by(self, latest: Time) -> Time {
        self.end.map_or(latest, |end| end.min(latest))
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` are no hours of a day; write two times of day, as in 09:00-17:00");
        let (start, end) = text.split_once('-').ok_or_else(wrong)?;
        let start = time(start).ok_or_else(wrong)?;
        let end = if matches!(end.trim(), "24" | "24:00") {
            None
        } else {
            Some(time(end).ok_or_else(wrong)?)
        };
        if end.is_some_and(|end| end <= start) {
            let text = format!("`{text}` ends before it begins; a window lies within one day");
            return Err(text);
        }
        Ok(Self { start, end })
    }
}

/// `9:00`, `09:00`, `9`.
fn time(text: &str) -> Option<Time> {
    let text = text.trim();
    let (hour, minute) = text.split_once(':').unwrap_or((text, "00"));
    let number = |digits: &str, most: usize| {
        let is_number = (1..=most).contains(&digits.len());
        let is_number = is_number && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<i8>().ok()).flatten()
    };
    if minute.len() != 2 {
        return None;
    }
    Time::new(number(hour, 2)?, number(minute, 2)?, 0, 0).ok()
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        let end = self.end.map_or_else(|| "24:00".to_owned(), clock);
        write!(f, "{}-{end}", clock(self.start))
    }
}

#[cfg(test)]
mod tests {
    use super::Hours;

    #[test]
    fn hours_are_read_and_written() {
        for (text, wanted) in [
            ("09:00-17:00", "09:00-17:00"),
            ("9-17", "09:00-17:00"),
            (" 8:30 - 8:31 ", "08:30-08:31"),
            ("00:00-24:00", "00:00-24:00"),
        ] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), wanted);
        }
        for bad in [
            "",
            "17:00-09:00",
            "09:00",
            "09:00-25:00",
            "a-b",
            "09:00-09:00",
            "9:0-17:00",
            "-9-17",
            "+9-17",
            "009-17",
            "9:00:00-17:00",
        ] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
    }

    #[test]
    fn peak_hours_leave_what_is_before_and_after_them() {
        let left = |hours: &str| {
            let hours: Hours = hours.parse().unwrap();
            let left: Vec<String> =
                hours.without(Hours::PEAK).map(|span| span.to_string()).collect();
            left.join(" ")
        };
        assert_eq!(left("09:00-17:00"), "09:00-11:30 13:30-17:00");
        assert_eq!(left("12:00-24:00"), "13:30-24:00");
        assert_eq!(left("09:00-12:00"), "09:00-11:30");
        assert_eq!(left("12:00-13:00"), "");
        assert_eq!(left("14:00-15:00"), "14:00-15:00");
        assert_eq!(left("06:00-07:00"), "06:00-07:00");
    }
}
