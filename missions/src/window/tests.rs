//! Windows over days, zones and clock changes.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Hours, Window, WindowOptions, ZoneSource};

fn window(hours: &str, days: &str, zone: &str) -> Window {
    let wanted = WindowOptions::read(Some(hours), Some(days), Some(zone)).unwrap();
    wanted.for_recipient(&"+15551234567".parse().unwrap(), &TimeZone::UTC).0
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn case(window: &Window, from: &str, wanted: &str) {
    assert_eq!(window.next_opening(at(from)).unwrap().to_string(), wanted, "{from}");
}

#[test]
fn calls_are_moved_to_the_next_business_hour_there() {
    let chicago = window("09:00-17:00", "mon-fri", "America/Chicago");
    case(&chicago, "2027-12-01T15:00:00Z", "2027-12-01T15:00:00Z"); // Wednesday, nine sharp
    case(&chicago, "2027-12-01T14:59:59Z", "2027-12-01T15:00:00Z");
    case(&chicago, "2027-12-01T22:59:59Z", "2027-12-01T22:59:59Z");
    case(&chicago, "2027-12-01T23:00:00Z", "2027-12-02T15:00:00Z"); // five sharp is outside
    case(&chicago, "2027-12-03T23:00:00Z", "2027-12-06T15:00:00Z"); // over the weekend
    case(&chicago, "2027-03-12T23:30:00Z", "2027-03-15T14:00:00Z"); // over the change to summer time
}

#[test]
fn a_clock_change_moves_no_call_out_of_the_window() {
    let night = window("02:30-04:00", "mon-sun", "America/New_York");
    // From two the clock jumps to three, which is inside.
    case(&night, "2027-03-14T06:00:00Z", "2027-03-14T07:00:00Z");
    // An hour that is skipped altogether comes again after a week.
    let gone = window("02:00-03:00", "sun", "America/New_York");
    case(&gone, "2027-03-14T05:00:00Z", "2027-03-21T06:00:00Z");
    // The hour from one to two comes twice, and opens twice.
    let twice = window("01:00-01:30", "sun", "America/New_York");
    case(&twice, "2027-11-07T04:00:00Z", "2027-11-07T05:00:00Z");
    case(&twice, "2027-11-07T05:30:00Z", "2027-11-07T06:00:00Z");
    // Set back from two to one, the clock shows an inside time that is no start.
    let through = window("00:30-01:30", "sun", "America/New_York");
    case(&through, "2027-11-07T05:30:00Z", "2027-11-07T06:00:00Z");
}

#[test]
fn several_zones_must_agree() {
    let both = window("09:00-17:00", "mon-fri", "America/New_York,America/Chicago");
    case(&both, "2027-12-01T14:00:00Z", "2027-12-01T15:00:00Z"); // nine in Chicago
    case(&both, "2027-12-01T22:00:00Z", "2027-12-02T15:00:00Z"); // five in New York
    let never = window("09:00-10:00", "mon-fri", "America/New_York,America/Los_Angeles");
    assert_eq!(never.next_opening(at("2027-12-01T14:00:00Z")), None);
}

#[test]
fn busy_hours_are_passed_over() {
    let utc = window("09:00-17:00", "mon-fri", "UTC").outside(Hours::PEAK);
    case(&utc, "2027-12-01T12:00:00Z", "2027-12-01T13:30:00Z");
    case(&utc, "2027-12-01T11:29:59Z", "2027-12-01T11:29:59Z");
    assert_eq!(utc.to_string(), "09:00-17:00 mon-fri UTC");
    let noon = window("12:00-13:00", "mon-fri", "UTC").outside(Hours::PEAK);
    case(&noon, "2027-12-01T12:10:00Z", "2027-12-01T12:10:00Z");
}

#[test]
fn the_next_day_is_a_later_day_of_the_recipient() {
    let next = |zone: &str, from: &str| {
        window("09:00-17:00", "mon-fri", zone).next_day(at(from)).unwrap().to_string()
    };
    assert_eq!(next("UTC", "2027-12-01T10:00:00Z"), "2027-12-02T09:00:00Z");
    assert_eq!(next("UTC", "2027-12-03T10:00:00Z"), "2027-12-06T09:00:00Z");
    assert_eq!(next("Asia/Tokyo", "2027-12-01T23:00:00Z"), "2027-12-03T00:00:00Z");
}

#[test]
fn the_zone_is_the_one_given_or_the_number_s_or_the_machine_s() {
    let found = |wanted: &WindowOptions, number: &str| {
        let (window, from) = wanted.for_recipient(&number.parse().unwrap(), &TimeZone::UTC);
        (window.to_string(), from)
    };
    let nothing = WindowOptions::default();
    let (new_york, utc) = ("09:00-17:00 mon-fri America/New_York", "09:00-17:00 mon-fri UTC");
    assert_eq!(found(&nothing, "+13322200013"), (new_york.to_owned(), ZoneSource::Number));
    assert_eq!(found(&nothing, "+15551234567"), (utc.to_owned(), ZoneSource::Machine));
    let given = WindowOptions::read(Some("8-20"), Some("sat"), Some("Asia/Tokyo")).unwrap();
    let tokyo = "08:00-20:00 sat Asia/Tokyo".to_owned();
    assert_eq!(found(&given, "+13322200013"), (tokyo, ZoneSource::Given));
}

#[test]
fn what_is_no_zone_is_refused_with_an_example() {
    let err = WindowOptions::read(None, None, Some("Chicago")).unwrap_err();
    assert_eq!(err, "`Chicago` is no time zone; write Area/City, as in America/Chicago");
}

#[test]
fn a_window_survives_the_state_file() {
    for zone in ["Asia/Kolkata", "America/New_York,America/Chicago", "UTC"] {
        let stored = window("08:30-24:00", "mon,sat", zone);
        let json = serde_json::to_value(&stored).unwrap();
        assert_eq!(json["zone"], zone);
        assert_eq!(serde_json::from_value::<Window>(json).unwrap(), stored);
    }
    let fixed: Window =
        serde_json::from_str(r#"{"hours":"9-17","days":"mon","zone":"+05"}"#).unwrap();
    assert!(fixed.is_inside(at("2027-11-29T04:00:00Z")));
}

const ZONES: &[&str] = &[
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Cairo",
    "America/New_York,America/Denver",
    "UTC",
];

/// Moments around clock changes, where mistakes are, and anywhere else.
fn moment() -> impl Strategy<Value = i64> {
    let change = prop::sample::select(vec![
        "2027-03-14T07:00:00Z",
        "2027-11-07T06:00:00Z",
        "2027-03-28T01:00:00Z",
        "2027-10-31T01:00:00Z",
        "2027-04-03T15:00:00Z",
        "2027-10-02T15:30:00Z",
        "2027-04-29T22:00:00Z",
    ]);
    let near = (change, -200_000i64..20_000).prop_map(|(text, by)| at(text).as_second() + by);
    prop_oneof![3 => near, 1 => 1_800_000_000i64..1_900_000_000]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_next_opening_is_inside_and_no_minute_before_it_is(
        seconds in moment(),
        zone in prop::sample::select(ZONES),
        days in prop::sample::select(vec!["mon-fri", "sat", "mon-sun", "tue,sun"]),
        start in 0u16..1440, length in 1u16..1440, without_peak: bool,
    ) {
        let end = (start + length).min(1440);
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let mut window = window(&format!("{}-{}", clock(start), clock(end)), days, zone);
        if without_peak {
            window = window.outside(Hours::PEAK);
        }
        let from = Timestamp::from_second(seconds).unwrap();
        let Some(next) = window.next_opening(from) else {
            prop_assert!(zone.contains(','));
            return Ok(());
        };
        prop_assert!(next >= from && window.is_inside(next));
        // Every minute of the hours before it, and samples of the days before those.
        let mut before = next - SignedDuration::from_secs(1);
        for n in 0..400 {
            if before < from {
                break;
            }
            prop_assert!(!window.is_inside(before), "{before} before {next}");
            let step = if n < 200 { SignedDuration::from_mins(1) } else { SignedDuration::from_mins(43) };
            before -= step;
        }
    }
}
