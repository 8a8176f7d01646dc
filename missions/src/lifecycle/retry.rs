//! Whether and when somebody who was not reached is tried again: the seed's strategy by kind of recipient, as one
//! budget over all reasons (spec 4).

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ending::Outcome;
use crate::window::{Hours, Window};

/// The seed names a number only for automated systems; nobody is tried oftener.
pub(crate) const RETRIES: usize = 3;

/// The service wants a minute's notice; the rest is for the request itself.
const NOTICE: SignedDuration = SignedDuration::from_secs(90);

/// Who was held back until a window opens is spread over this time, so that not all phones ring at nine sharp.
const SPREAD: SignedDuration = SignedDuration::from_mins(20);

/// Who is called, as far as patience goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Recipient {
    /// A machine that answers: again in 5 to 15 minutes.
    Automated,
    /// A place that serves people: again in half an hour to two hours, outside its peak hours.
    Service,
    /// A person at work: again on the next business day, and one voicemail at most.
    Professional,
}

impl FromStr for Recipient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "automated" => Ok(Self::Automated),
            "service" => Ok(Self::Service),
            "professional" => Ok(Self::Professional),
            _ => Err(format!(
                "`{text}` is no kind of recipient; write automated, service or professional"
            )),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Automated => "automated",
            Self::Service => "service",
            Self::Professional => "professional",
        })
    }
}

/// An attempt that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past<'a> {
    /// How.
    pub(crate) outcome: &'a Outcome,
    /// When.
    pub(crate) at: Timestamp,
}

/// The answer to "is it tried again?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Then.
    At(Timestamp),
    /// No: what may be tried was tried. Why, in words.
    Spent(String),
    /// No: such an end is never tried again. Why, in words.
    NotRetried(String),
}

/// When the next attempt is due after those that have ended; `random` in [0, 1) picks the moment in an interval.
pub(crate) fn next_attempt(
    kind: Option<Recipient>,
    past: &[Past],
    now: Timestamp,
    window: &Window,
    random: f64,
) -> Retry {
    let Some(last) = past.last() else {
        return Retry::NotRetried("nothing was tried yet".to_owned());
    };
    let never = match last.outcome {
        Outcome::Succeeded => Some("it succeeded"),
        Outcome::Canceled => Some("it was canceled"),
        Outcome::Gone => Some("it was deleted at the service"),
        Outcome::Stuck => Some("it may have been carried out"),
        Outcome::Unknown(_) => Some("somebody may have been reached"),
        Outcome::NoAnswer
        | Outcome::Busy
        | Outcome::Rejected
        | Outcome::Failed(_)
        | Outcome::Voicemail => None,
    };
    if let Some(why) = never {
        return Retry::NotRetried(why.to_owned());
    }
    let Some(kind) = kind else {
        return Retry::NotRetried("no kind of recipient was given".to_owned());
    };
    if past.len() > RETRIES {
        return Retry::Spent(format!("{RETRIES} retries were made"));
    }
    let left_voicemail = past.iter().any(|past| *past.outcome == Outcome::Voicemail);
    if kind == Recipient::Professional && left_voicemail {
        return Retry::Spent("one voicemail is enough".to_owned());
    }
    match moment(kind, *last, now, window, random) {
        Some(at) => Retry::At(at),
        None => Retry::NotRetried(format!("the window {window} never opens")),
    }
}

fn moment(
    kind: Recipient,
    failed: Past,
    now: Timestamp,
    window: &Window,
    random: f64,
) -> Option<Timestamp> {
    let quiet = (kind == Recipient::Service).then(|| window.outside(Hours::PEAK));
    let window = quiet.as_ref().unwrap_or(window);
    let (least, most) = interval(kind, failed.outcome);
    let waited = failed.at.checked_add(least + part(most - least, random)).ok()?;
    let announced = now.checked_add(NOTICE).ok()?;
    let mut earliest = waited.max(announced);
    if kind == Recipient::Professional {
        earliest = earliest.max(window.next_day(failed.at)?);
    }
    // In whole seconds, as the service writes times.
    let begun = i64::from(earliest.subsec_nanosecond() > 0);
    let earliest = Timestamp::from_second(earliest.as_second() + begun).ok()?;
    let opening = window.next_opening(earliest)?;
    if opening == earliest && kind != Recipient::Professional {
        return Some(opening);
    }
    let spread = opening.checked_add(part(SPREAD, random)).ok()?;
    Some(if window.is_inside(spread) { spread } else { opening })
}

/// The longer of what the recipient and what the reason ask for, at both ends.
fn interval(kind: Recipient, outcome: &Outcome) -> (SignedDuration, SignedDuration) {
    let (least, most) = match kind {
        Recipient::Automated => (5, 15),
        Recipient::Service => (30, 120),
        // The next business day is what counts.
        Recipient::Professional => (0, 0),
    };
    let (reason_least, reason_most) = match outcome {
        Outcome::Busy => (10, 15),
        Outcome::Failed(_) | Outcome::Rejected => (5, 10),
        _ => (0, 0),
    };
    let minutes = SignedDuration::from_mins;
    (minutes(least.max(reason_least)), minutes(most.max(reason_most)))
}

/// A share of an interval, in whole seconds.
fn part(of: SignedDuration, random: f64) -> SignedDuration {
    SignedDuration::from_secs(of.mul_f64(random.clamp(0.0, 1.0)).as_secs())
}

#[cfg(test)]
mod tests {
    use super::{Past, RETRIES, Recipient, Retry, next_attempt};
    use crate::lifecycle::ending::Outcome;
    use crate::window::{Hours, Wanted, Window};
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    fn window(hours: &str, zone: &str) -> Window {
        let wanted = Wanted::read(Some(hours), None, Some(zone)).unwrap();
        wanted.for_recipient(&"+15551234567".parse().unwrap(), &TimeZone::UTC).0
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn failed() -> Outcome {
        Outcome::Failed("no route".to_owned())
    }

    fn tried(kind: Recipient, outcomes: &[Outcome], ended: &str, random: f64) -> Retry {
        let past: Vec<Past> =
            outcomes.iter().map(|outcome| Past { outcome, at: at(ended) }).collect();
        next_attempt(Some(kind), &past, at(ended), &window("9-17", "UTC"), random)
    }

    /// Between which times of day, and the same day unless said otherwise.
    #[track_caller]
    fn case(kind: Recipient, outcome: &Outcome, ended: &str, wanted: (&str, &str)) {
        for (random, wanted) in [(0.0, wanted.0), (0.999_999, wanted.1)] {
            let Retry::At(found) = tried(kind, std::slice::from_ref(outcome), ended, random) else {
                panic!("no retry")
            };
            assert_eq!(found.to_string(), wanted, "{kind}, {outcome:?}");
        }
    }

    #[test]
    fn the_longer_of_two_intervals_counts() {
        let noon = "2027-12-01T12:00:00Z"; // a Wednesday
        let between =
            |from: &str, to: &str| (format!("2027-12-01T{from}Z"), format!("2027-12-01T{to}Z"));
        let check = |kind, outcome: Outcome, from: &str, to: &str| {
            let (from, to) = between(from, to);
            case(kind, &outcome, noon, (&from, &to));
        };
        check(Recipient::Automated, Outcome::NoAnswer, "12:05:00", "12:14:59");
        check(Recipient::Automated, Outcome::Voicemail, "12:05:00", "12:14:59");
        check(Recipient::Automated, Outcome::Busy, "12:10:00", "12:14:59");
        check(Recipient::Automated, failed(), "12:05:00", "12:14:59");
        // Held back by the peak hours where the interval ends within them.
        check(Recipient::Service, Outcome::Busy, "13:30:00", "13:59:59");
    }

    #[test]
    fn service_places_are_left_alone_at_noon() {
        let (from, to) = ("2027-12-01T09:30:00Z", "2027-12-01T10:59:59Z");
        case(Recipient::Service, &failed(), "2027-12-01T09:00:00Z", (from, to));
        let (from, to) = ("2027-12-01T13:30:00Z", "2027-12-01T13:49:59Z");
        case(Recipient::Service, &Outcome::NoAnswer, "2027-12-01T11:29:00Z", (from, to));
    }

    #[test]
    fn professionals_are_tried_on_the_next_business_day() {
        let (from, to) = ("2027-12-06T09:00:00Z", "2027-12-06T09:19:59Z");
        case(Recipient::Professional, &Outcome::NoAnswer, "2027-12-03T10:00:00Z", (from, to));
        let one = |outcomes: &[Outcome]| {
            tried(Recipient::Professional, outcomes, "2027-12-03T10:00:00Z", 0.5)
        };
        assert_eq!(one(&[Outcome::Voicemail]), Retry::Spent("one voicemail is enough".to_owned()));
        let twice = one(&[Outcome::Voicemail, Outcome::Busy]);
        assert_eq!(twice, Retry::Spent("one voicemail is enough".to_owned()));
    }

    #[test]
    fn some_ends_are_never_tried_again() {
        for outcome in [
            Outcome::Succeeded,
            Outcome::Canceled,
            Outcome::Gone,
            Outcome::Stuck,
            Outcome::Unknown("splendid".to_owned()),
        ] {
            let found = tried(Recipient::Automated, &[outcome], "2027-12-01T12:00:00Z", 0.5);
            assert!(matches!(found, Retry::NotRetried(_)), "{found:?}");
        }
        let past = [Past { outcome: &Outcome::Busy, at: at("2027-12-01T12:00:00Z") }];
        let found = next_attempt(None, &past, past[0].at, &window("9-17", "UTC"), 0.5);
        assert_eq!(found, Retry::NotRetried("no kind of recipient was given".to_owned()));
    }

    #[test]
    fn the_budget_is_one_over_all_reasons() {
        let outcomes = [Outcome::Busy, Outcome::NoAnswer, failed(), Outcome::Voicemail];
        for kind in [Recipient::Automated, Recipient::Service] {
            let spent = tried(kind, &outcomes, "2027-12-01T12:00:00Z", 0.5);
            assert_eq!(spent, Retry::Spent("3 retries were made".to_owned()));
            let one_less = tried(kind, &outcomes[..RETRIES], "2027-12-01T12:00:00Z", 0.5);
            assert!(matches!(one_less, Retry::At(_)), "{one_less:?}");
        }
    }

    #[test]
    fn a_late_tick_still_gives_notice() {
        let past = [Past { outcome: &Outcome::Busy, at: at("2027-12-01T12:00:00Z") }];
        let now = at("2027-12-01T14:00:00Z");
        let found =
            next_attempt(Some(Recipient::Automated), &past, now, &window("9-17", "UTC"), 0.5);
        assert_eq!(found, Retry::At(at("2027-12-01T14:01:30Z")));
    }

    proptest! {
        #[test]
        fn a_retry_is_inside_the_window_and_gives_notice(
            ended in 1_800_000_000i64..1_900_000_000, late in 0i64..100_000, random in 0.0f64..1.0,
            kind in prop::sample::select(vec![Recipient::Automated, Recipient::Service, Recipient::Professional]),
            zone in prop::sample::select(vec!["America/New_York", "Europe/London,Asia/Tokyo", "Australia/Lord_Howe"]),
            hours in prop::sample::select(vec!["9-17", "0-24", "12-13", "1:30-2:30"]),
            is_busy: bool,
        ) {
            let (ended, window) = (Timestamp::from_second(ended).unwrap(), window(hours, zone));
            let now = ended + SignedDuration::from_secs(late);
            let outcome = if is_busy { Outcome::Busy } else { Outcome::NoAnswer };
            let past = [Past { outcome: &outcome, at: ended }];
            let found = next_attempt(Some(kind), &past, now, &window, random);
            prop_assert_eq!(&found, &next_attempt(Some(kind), &past, now, &window, random));
            let Retry::At(found) = found else {
                prop_assert!(zone.contains(','), "{:?}", found);
                return Ok(());
            };
            prop_assert!(window.is_inside(found) && found > now + SignedDuration::from_mins(1));
            let least = SignedDuration::from_mins(if kind == Recipient::Service { 30 } else { 10 });
            prop_assert!(!is_busy || found >= ended + least);
            if kind == Recipient::Service && hours != "12-13" {
                let local = found.to_zoned(TimeZone::get(zone.split(',').next().unwrap()).unwrap());
                prop_assert!(!"11:30-13:30".parse::<Hours>().unwrap().contain(local.time()));
            }
        }
    }
}
