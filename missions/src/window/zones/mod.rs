//! In which time zones a phone number may ring, as far as the number itself shows.
//!
//! A code that spans several zones stands for all of them: a call is made only when it is the right time in
//! each. A zone counts if about one in a hundred of the code's numbers or more ring there. What is tied to no
//! place (toll-free, personal and fictional codes such as 555, satellite phones) or spans too much of the earth
//! (a Russian mobile) shows none.

mod america;
mod world;

use state::phone::Phone;

/// The longest prefix of the table, in digits.
const LONGEST: usize = 6;

/// The names of the zones in the tz database, joined by commas; `None` where the number does not show them.
pub(crate) fn of(phone: &Phone) -> Option<&'static str> {
    let digits = phone.as_str().trim_start_matches('+');
    if let Some(national) = digits.strip_prefix('1') {
        let area = national.get(..3).filter(|_| national.len() == 10)?;
        let has = |codes: &[&str]| codes.iter().any(|codes| contains(codes, area));
        return america::AREAS.iter().find(|(_, codes)| has(codes)).map(|(zones, _)| *zones);
    }
    (1..=LONGEST.min(digits.len())).rev().find_map(|n| {
        let has = |(_, prefixes): &&(_, &str)| contains(prefixes, &digits[..n]);
        world::PREFIXES.iter().find(has).map(|(zones, _)| *zones)
    })
}

fn contains(codes: &str, code: &str) -> bool {
    codes.split_ascii_whitespace().any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, america, of, world};
    use jiff::tz::TimeZone;
    use std::collections::HashSet;

    #[track_caller]
    fn case(number: &str, wanted: &str) {
        let found = of(&number.parse().unwrap());
        assert_eq!(found.unwrap_or("none"), wanted, "{number}");
    }

    #[test]
    fn a_number_shows_its_zone_where_it_can() {
        case("+13322200013", "America/New_York");
        case("+13125550142", "America/Chicago");
        case("+16025550100", "America/Phoenix");
        case("+12045550100", "America/Winnipeg");
        case("+442071234567", "Europe/London");
        case("+4915112345678", "Europe/Berlin");
        case("+61291234567", "Australia/Sydney");
        case("+5511912345678", "America/Sao_Paulo");
        case("+77011234567", "Asia/Almaty,Asia/Aqtau");
    }

    #[test]
    fn a_code_that_spans_zones_is_all_of_them() {
        case("+18505550100", "America/New_York,America/Chicago");
        case("+17015550100", "America/Chicago,America/Denver");
        case("+12085550100", "America/Denver,America/Los_Angeles");
        case("+19285550100", "America/Phoenix,America/Denver");
        case("+18075550100", "America/Toronto,America/Winnipeg");
        case("+34612345678", "Europe/Madrid,Atlantic/Canary");
        case("+34928123456", "Atlantic/Canary");
        case("+34912345678", "Europe/Madrid");
        case("+61412345678", "Australia/Perth,Australia/Sydney");
        case("+628123456789", "Asia/Jakarta,Asia/Jayapura");
    }

    #[test]
    fn a_number_that_is_tied_to_no_place_shows_none() {
        for number in [
            "+15551234567",
            "+18005551234",
            "+18885551234",
            "+15005550001",
            "+79161234567",
            "+80012345678",
            "+881612345678",
            "+1212555",
        ] {
            case(number, "none");
        }
    }

    #[test]
    fn no_code_stands_twice_and_every_zone_exists() {
        let areas = america::AREAS.iter().flat_map(|(zones, codes)| {
            codes.iter().flat_map(move |codes| codes.split(' ').map(move |code| (*zones, code)))
        });
        let prefixes = world::PREFIXES
            .iter()
            .flat_map(|(zones, codes)| codes.split(' ').map(move |code| (*zones, code)));
        let (areas, prefixes): (Vec<_>, Vec<_>) = (areas.collect(), prefixes.collect());
        assert!(areas.iter().all(|(_, code)| code.len() == 3));
        assert!(prefixes.iter().all(|(_, code)| (2..=LONGEST).contains(&code.len())));
        for table in [areas, prefixes] {
            let mut seen = HashSet::new();
            for (zones, code) in table {
                assert!(seen.insert(code), "{code} stands twice");
                for zone in zones.split(',') {
                    assert!(TimeZone::get(zone).is_ok(), "{zone}");
                }
            }
        }
    }
}
