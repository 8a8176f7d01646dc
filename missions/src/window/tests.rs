//! Windows over days, zones and clock changes.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Days, Hours, Window, zone};

fn window(hours: &str, days: &str, zone_name: &str) -> Window {
    Window {
        hours: hours.parse().unwrap(),
        days: days.parse().unwrap(),
        zone: zone(zone_name).unwrap(),
    }
}

#[track_caller]
fn case(window: &Window, at: &str, wanted: &str) {
    let at: Timestamp = at.parse().unwrap();
    assert_eq!(window.next(at).unwrap().to_string(), wanted, "{at}");
}

#[test]
fn calls_are_moved_to_the_next_business_hour_there() {
    let chicago = window("09:00-17:00", "mon-fri", "America/Chicago");
    case(&chicago, "2027-12-01T15:00:00Z", "2027-12-01T15:00:00Z"); // Wednesday, nine sharp
    case(&chicago, "2027-12-01T14:30:00Z", "2027-12-01T15:00:00Z");
    case(&chicago, "2027-12-01T23:00:00Z", "2027-12-02T15:00:00Z"); // five sharp is outside
    case(&chicago, "2027-12-03T23:00:00Z", "2027-12-06T15:00:00Z"); // over the weekend
    case(&chicago, "2027-03-12T23:30:00Z", "2027-03-15T14:00:00Z"); // over the change to summer time
}

#[test]
fn the_example_of_the_contract_is_inside_in_utc() {
    let utc = window("09:00-17:00", "mon-fri", "UTC");
    assert!(utc.contains("2027-12-01T14:30:00Z".parse().unwrap()));
}

#[test]
fn a_start_that_a_clock_change_skips_is_the_moment_after_it() {
    let night = window("02:30-04:00", "mon-sun", "America/New_York");
    case(&night, "2027-03-14T06:00:00Z", "2027-03-14T07:30:00Z");
    let gone = window("02:00-03:00", "sun", "America/New_York");
    case(&gone, "2027-03-14T05:00:00Z", "2027-03-21T06:00:00Z");
}

#[test]
fn hours_are_read_and_told() {
    for text in ["09:00-17:00", "00:00-24:00", "08:30-08:31"] {
        assert_eq!(text.parse::<Hours>().unwrap().to_string(), text);
    }
    for bad in ["", "9-17", "17:00-09:00", "09:00", "09:00-25:00", "a-b", "09:00-09:00"] {
        assert!(bad.parse::<Hours>().is_err(), "{bad}");
    }
}

#[test]
fn a_window_survives_the_state_file() {
    let kept = window("08:30-24:00", "mon,sat", "Asia/Kolkata");
    let json = serde_json::to_value(&kept).unwrap();
    assert_eq!(json["zone"], "Asia/Kolkata");
    assert_eq!(serde_json::from_value::<Window>(json).unwrap(), kept);
}

proptest! {
    #[test]
    fn the_next_moment_is_inside_and_nothing_before_it_is(
        seconds in 1_767_225_600i64..1_956_528_000,
        zone_name in prop::sample::select(vec!["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "UTC"]),
        days in prop::sample::select(vec!["mon-fri", "sat", "mon-sun", "tue,sun"]),
        start in 0u32..23, length in 1u32..24,
    ) {
        let end = (start + length).min(24);
        let window = Window {
            hours: format!("{start:02}:00-{end:02}:00").parse().unwrap(),
            days: days.parse::<Days>().unwrap(),
            zone: zone(zone_name).unwrap(),
        };
        let at = Timestamp::from_second(seconds).unwrap();
        let next = window.next(at).unwrap();
        prop_assert!(next >= at && window.contains(next));
        if next > at {
            // Sampled: every quarter of an hour between is outside.
            for step in 0..(next.as_second() - seconds + 899) / 900 {
                let between = Timestamp::from_second(seconds + step * 900).unwrap();
                prop_assert!(between >= next || !window.contains(between), "{}", between);
            }
        }
    }
}
