//! Days of the week as people list them: `mon-fri`, `mon,wed,sat`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;

/// A set of days of the week; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days(u8);

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const FULL: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Days {
    /// Monday to Friday.
    pub(crate) const BUSINESS: Self = Self(0b001_1111);

    /// Monday to Sunday.
    pub(crate) const fn every() -> Self {
        Self(0b111_1111)
    }

    /// Whether a day is one of them.
    pub(crate) fn contain(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` are no days; write them as in mon-fri or mon,wed,sat");
        let day = |name: &str| {
            let name = name.trim().to_ascii_lowercase();
            let has = |names: [&str; 7]| names.iter().position(|known| *known == name);
            has(NAMES).or_else(|| has(FULL)).ok_or_else(wrong)
        };
        let mut days = 0;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (mut at, last) = (day(first)?, day(last)?);
            days |= 1 << at;
            // Over the end of the week too: `sat-mon` is three days.
            while at != last {
                at = (at + 1) % 7;
                days |= 1 << at;
            }
        }
        Ok(Self(days))
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::BUSINESS {
            return f.write_str("mon-fri");
        }
        let names = NAMES.iter().enumerate().filter(|(n, _)| self.0 & (1 << n) != 0);
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Days;

    #[track_caller]
    fn case(text: &str, wanted: &str) {
        assert_eq!(text.parse::<Days>().unwrap().to_string(), wanted);
        assert_eq!(wanted.parse::<Days>(), text.parse());
    }

    #[test]
    fn days_are_read_and_written() {
        case("mon-fri", "mon-fri");
        case("Monday, WED", "mon,wed");
        case("sat-mon", "mon,sat,sun");
        case("mon-sun", "mon,tue,wed,thu,fri,sat,sun");
        for bad in ["", "weekdays", "mo", "mon-", "1-5", "mon;tue", "mont"] {
            assert!(bad.parse::<Days>().is_err(), "{bad}");
        }
    }
}
