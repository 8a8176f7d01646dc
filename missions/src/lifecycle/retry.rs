//! Whether and when a target that was not reached is called or texted again, by the kind of recipient. There is one budget
//! of retries for each target, whatever the reasons were.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::event_status::EventOutcome;
use crate::window::{Hours, Window};

/// The retries of one target at most: three tries in all.
pub(crate) const RETRIES: usize = 2;

/// How far ahead a retry is scheduled at least: the service wants a minute, and the request takes time too.
pub(super) const RETRY_NOTICE: SignedDuration = SignedDuration::from_secs(90);

/// Retries that wait for the same window to open are spread over this time, so that not all phones ring at nine sharp.
const SPREAD: SignedDuration = SignedDuration::from_mins(20);

/// Kinds of recipients, by how soon they may be called again.
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

/// A call or text that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PastEvent<'a> {
    /// How it ended.
    pub(crate) outcome: &'a EventOutcome,
    /// When that was noticed.
    pub(crate) at: Timestamp,
}

/// Whether there is another retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NextRetry {
    /// It happens at this time.
    At(Timestamp),
    /// No: the budget is used up. Why, in words.
    Spent(String),
    /// No: such an end is never followed by a retry. Why, in words.
    Never(String),
}

/// When the next retry happens after calls or texts that have ended; `random` in [0, 1) picks the moment in an interval.
pub(crate) fn next_retry(
    kind: Option<Recipient>,
    past: &[PastEvent],
    now: Timestamp,
    window: &Window,
    random: f64,
) -> NextRetry {
    let Some(last) = past.last() else {
        return NextRetry::Never("nothing was tried yet".to_owned());
    };
    let never = match last.outcome {
        EventOutcome::Succeeded => Some("it succeeded"),
        EventOutcome::Canceled => Some("it was canceled"),
        EventOutcome::Gone => Some("it was deleted at the service"),
        EventOutcome::OptedOut => Some("they opted out"),
        EventOutcome::Stuck => Some("it may have been carried out"),
        EventOutcome::Unknown(_) => Some("somebody may have been reached"),
        EventOutcome::NoAnswer
        | EventOutcome::Busy
        | EventOutcome::Rejected
        | EventOutcome::Failed(_)
        | EventOutcome::Voicemail => None,
    };
    if let Some(why) = never {
        return NextRetry::Never(why.to_owned());
    }
    let Some(kind) = kind else {
        return NextRetry::Never("no kind of recipient was given".to_owned());
    };
    if past.len() > RETRIES {
        return NextRetry::Spent(format!("{} tries were made", RETRIES + 1));
    }
    let left_voicemail = past.iter().any(|past| *past.outcome == EventOutcome::Voicemail);
    if kind == Recipient::Professional && left_voicemail {
        return NextRetry::Spent("one voicemail is enough".to_owned());
    }
    match retry_time(kind, *last, now, window, random) {
        Some(at) => NextRetry::At(at),
        None => NextRetry::Never(format!("the window {window} never opens")),
    }
}

/// When the retry happens; `None` if the window never opens.
fn retry_time(
    kind: Recipient,
    failed: PastEvent,
    now: Timestamp,
    window: &Window,
    random: f64,
) -> Option<Timestamp> {
    let quiet = (kind == Recipient::Service).then(|| window.outside(Hours::PEAK));
    let window = quiet.as_ref().unwrap_or(window);
    let (least, most) = interval(kind, failed.outcome);
    let after_interval = failed.at.checked_add(least + part(most - least, random)).ok()?;
    let with_notice = now.checked_add(RETRY_NOTICE).ok()?;
    let mut earliest = after_interval.max(with_notice);
    if kind == Recipient::Professional {
        earliest = earliest.max(window.next_day(failed.at)?);
    }
    // In whole seconds, as the service writes times.
    let round_up = i64::from(earliest.subsec_nanosecond() > 0);
    let earliest = Timestamp::from_second(earliest.as_second() + round_up).ok()?;
    let opening = window.next_opening(earliest)?;
    if opening == earliest && kind != Recipient::Professional {
        return Some(opening);
    }
    let spread = opening.checked_add(part(SPREAD, random)).ok()?;
    Some(if window.is_inside(spread) { spread } else { opening })
}

/// Between how long and how long after the end: the longer of what the recipient and what the outcome ask for.
fn interval(kind: Recipient, outcome: &EventOutcome) -> (SignedDuration, SignedDuration) {
    let (least, most) = match kind {
        Recipient::Automated => (5, 15),
        Recipient::Service => (30, 120),
        // The next business day is what counts.
        Recipient::Professional => (0, 0),
    };
    let (reason_least, reason_most) = match outcome {
        EventOutcome::Busy => (10, 15),
        EventOutcome::Failed(_) | EventOutcome::Rejected => (5, 10),
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
    use super::{NextRetry, PastEvent, RETRIES, Recipient, next_retry};
    use crate::lifecycle::event_status::EventOutcome;
    use crate::window::{Hours, Window, WindowOptions};
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    fn window(hours: &str, zone: &str) -> Window {
        let wanted = WindowOptions::read(Some(hours), None, Some(zone)).unwrap();
        wanted.for_recipient(&"+15551234567".parse().unwrap(), &TimeZone::UTC).0
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn failed() -> EventOutcome {
        EventOutcome::Failed("no route".to_owned())
    }

    fn retried(kind: Recipient, outcomes: &[EventOutcome], ended: &str, random: f64) -> NextRetry {
        let past: Vec<PastEvent> =
            outcomes.iter().map(|outcome| PastEvent { outcome, at: at(ended) }).collect();
        next_retry(Some(kind), &past, at(ended), &window("9-17", "UTC"), random)
    }

    /// Between which times of day, and the same day unless said otherwise.
    #[track_caller]
    fn case(kind: Recipient, outcome: &EventOutcome, ended: &str, wanted: (&str, &str)) {
        for (random, wanted) in [(0.0, wanted.0), (0.999_999, wanted.1)] {
            let NextRetry::At(found) = retried(kind, std::slice::from_ref(outcome), ended, random)
            else {
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
        let check = |kind, outcome: EventOutcome, from: &str, to: &str| {
            let (from, to) = between(from, to);
            case(kind, &outcome, noon, (&from, &to));
        };
        check(Recipient::Automated, EventOutcome::NoAnswer, "12:05:00", "12:14:59");
        check(Recipient::Automated, EventOutcome::Voicemail, "12:05:00", "12:14:59");
        check(Recipient::Automated, EventOutcome::Busy, "12:10:00", "12:14:59");
        check(Recipient::Automated, failed(), "12:05:00", "12:14:59");
        // Held back by the peak hours where the interval ends within them.
        check(Recipient::Service, EventOutcome::Busy, "13:30:00", "13:59:59");
    }

    #[test]
    fn service_places_are_left_alone_at_noon() {
        let (from, to) = ("2027-12-01T09:30:00Z", "2027-12-01T10:59:59Z");
        case(Recipient::Service, &failed(), "2027-12-01T09:00:00Z", (from, to));
        let (from, to) = ("2027-12-01T13:30:00Z", "2027-12-01T13:49:59Z");
        case(Recipient::Service, &EventOutcome::NoAnswer, "2027-12-01T11:29:00Z", (from, to));
    }

    #[test]
    fn professionals_are_tried_on_the_next_business_day() {
        let (from, to) = ("2027-12-06T09:00:00Z", "2027-12-06T09:19:59Z");
        case(Recipient::Professional, &EventOutcome::NoAnswer, "2027-12-03T10:00:00Z", (from, to));
        let one = |outcomes: &[EventOutcome]| {
            retried(Recipient::Professional, outcomes, "2027-12-03T10:00:00Z", 0.5)
        };
        assert_eq!(
            one(&[EventOutcome::Voicemail]),
            NextRetry::Spent("one voicemail is enough".to_owned())
        );
        let twice = one(&[EventOutcome::Voicemail, EventOutcome::Busy]);
        assert_eq!(twice, NextRetry::Spent("one voicemail is enough".to_owned()));
    }

    #[test]
    fn some_ends_are_never_tried_again() {
        for outcome in [
            EventOutcome::Succeeded,
            EventOutcome::Canceled,
            EventOutcome::Gone,
            EventOutcome::OptedOut,
            EventOutcome::Stuck,
            EventOutcome::Unknown("splendid".to_owned()),
        ] {
            let found = retried(Recipient::Automated, &[outcome], "2027-12-01T12:00:00Z", 0.5);
            assert!(matches!(found, NextRetry::Never(_)), "{found:?}");
        }
        let past = [PastEvent { outcome: &EventOutcome::Busy, at: at("2027-12-01T12:00:00Z") }];
        let found = next_retry(None, &past, past[0].at, &window("9-17", "UTC"), 0.5);
        assert_eq!(found, NextRetry::Never("no kind of recipient was given".to_owned()));
    }

    #[test]
    fn the_budget_is_one_over_all_reasons() {
        let outcomes =
            [EventOutcome::Busy, EventOutcome::NoAnswer, failed(), EventOutcome::Voicemail];
        for kind in [Recipient::Automated, Recipient::Service] {
            let spent = retried(kind, &outcomes, "2027-12-01T12:00:00Z", 0.5);
            assert_eq!(spent, NextRetry::Spent("3 tries were made".to_owned()));
            let one_less = retried(kind, &outcomes[..RETRIES], "2027-12-01T12:00:00Z", 0.5);
            assert!(matches!(one_less, NextRetry::At(_)), "{one_less:?}");
        }
    }

    #[test]
    fn a_late_tick_still_gives_notice() {
        let past = [PastEvent { outcome: &EventOutcome::Busy, at: at("2027-12-01T12:00:00Z") }];
        let now = at("2027-12-01T14:00:00Z");
        let found = next_retry(Some(Recipient::Automated), &past, now, &window("9-17", "UTC"), 0.5);
        assert_eq!(found, NextRetry::At(at("2027-12-01T14:01:30Z")));
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
            let outcome = if is_busy { EventOutcome::Busy } else { EventOutcome::NoAnswer };
            let past = [PastEvent { outcome: &outcome, at: ended }];
            let found = next_retry(Some(kind), &past, now, &window, random);
            prop_assert_eq!(&found, &next_retry(Some(kind), &past, now, &window, random));
            let NextRetry::At(found) = found else {
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
