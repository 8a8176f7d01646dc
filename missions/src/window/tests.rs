//! Windows over days, zones and clock changes.

use std::collections::HashMap;
use std::sync::LazyLock;

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
    // A freephone number of no country.
    assert_eq!(found(&nothing, "+80012345678"), (utc.to_owned(), ZoneSource::Machine));
    // One that rings nowhere.
    assert_eq!(found(&nothing, "+15551234567"), (utc.to_owned(), ZoneSource::Machine));
    let given = WindowOptions::read(Some("8-20"), Some("sat"), Some("Asia/Tokyo")).unwrap();
    let tokyo = "08:00-20:00 sat Asia/Tokyo".to_owned();
    assert_eq!(found(&given, "+13322200013"), (tokyo, ZoneSource::Given));
}

#[test]
fn a_number_that_may_ring_in_several_zones_is_all_of_them() {
    let opening = |number: &str, from: &str| {
        let window =
            WindowOptions::default().for_recipient(&number.parse().unwrap(), &TimeZone::UTC);
        assert_eq!(window.1, ZoneSource::Number, "{number}");
        window.0.next_opening(at(from)).map(|next| next.to_string())
    };
    // Nine in Los Angeles, and at five in New York it closes: an area code that nobody knows.
    for number in ["+12995550142", "+16215550142", "+18005551234"] {
        for (from, wanted) in [
            ("2027-12-01T14:00:00Z", "2027-12-01T17:00:00Z"),
            ("2027-12-01T21:59:59Z", "2027-12-01T21:59:59Z"),
            ("2027-12-01T22:00:00Z", "2027-12-02T17:00:00Z"),
        ] {
            assert_eq!(opening(number, from).as_deref(), Some(wanted), "{number} from {from}");
        }
    }
    // Area codes that went into service lately: Virginia, California, Colorado.
    for (number, wanted) in [
        ("+19484340123", "2027-12-01T14:00:00Z"),
        ("+13692340123", "2027-12-01T17:00:00Z"),
        ("+17482340123", "2027-12-01T16:00:00Z"),
    ] {
        assert_eq!(opening(number, "2027-12-01T08:00:00Z").as_deref(), Some(wanted), "{number}");
    }
    // Mobile phones of Australia (with the Cocos Islands), and of Russia, which is too wide for one working day.
    assert_eq!(
        opening("+61412345678", "2027-12-01T00:00:00Z").as_deref(),
        Some("2027-12-01T02:30:00Z")
    );
    assert_eq!(opening("+79161234567", "2027-12-01T00:00:00Z"), None);
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

/// The zones of each prefix by the table itself, read in another way than the program does.
static TABLE: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let table = include_str!("../../../state/src/text/numbering/zones.txt");
    let lines = table.lines().filter_map(|line| line.split_once('|'));
    lines.flat_map(|(zones, prefixes)| prefixes.split(' ').map(move |one| (one, zones))).collect()
});

fn zones_in_table(digits: &str) -> Vec<&'static str> {
    let longest = (1..=digits.len()).rev().find_map(|n| TABLE.get(&digits[..n]));
    longest.map_or_else(Vec::new, |zones| zones.split(',').collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn no_phone_rings_outside_its_hours_wherever_it_is(
        prefix in prop_oneof![
            2 => prop::sample::select(vec!["1", "1555", "12", "1208", "1907", "52", "55", "61", "62", "7", "34", "44", "351"]),
            1 => Just(""),
        ],
        rest in "[1-9][0-9]{9}",
        seconds in moment(),
    ) {
        let number: String = format!("{prefix}{rest}").chars().take(12).collect();
        let phone = format!("+{number}").parse();
        prop_assume!(phone.is_ok());
        let phone: state::phone::Phone = phone.unwrap();
        let digits = &phone.as_str()[1..];
        let names = if digits.starts_with("1555") { Vec::new() } else { zones_in_table(digits) };
        let (window, source) = WindowOptions::default().for_recipient(&phone, &TimeZone::UTC);
        prop_assert_eq!(source == ZoneSource::Machine, names.is_empty(), "{}", phone);
        let from = Timestamp::from_second(seconds).unwrap();
        let allowed = window.next_opening(from).into_iter().chain(window.is_inside(from).then_some(from));
        for at in allowed {
            for name in &names {
                let there = at.to_zoned(state::time_zones::get(name).unwrap());
                let is_day = !["Sat", "Sun"].contains(&&*there.strftime("%a").to_string());
                prop_assert!(is_day && (9..17).contains(&there.hour()), "{} at {} in {}", phone, there, name);
            }
        }
    }
}
