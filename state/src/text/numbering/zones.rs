//! In which time zones a number rings, by its first digits.

/// Zones and prefixes: see the comments at its top.
const TABLE: &str = include_str!("zones.txt");

/// The area code of documents and films, which rings nowhere: to call it is no mistake about the hour.
const FICTIONAL: &str = "1555";

/// The names of the time zones in which an international number (digits without `+`) may ring; empty where nobody knows.
/// The longest prefix in the table decides.
pub fn zones(digits: &str) -> Vec<&'static str> {
    if digits.starts_with(FICTIONAL) {
        return Vec::new();
    }
    let mut best: (usize, &str) = (0, "");
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let Some((zones, prefixes)) = line.split_once('|') else { continue };
        for prefix in prefixes.split(' ') {
            if prefix.len() > best.0 && digits.starts_with(prefix) {
                best = (prefix.len(), zones);
            }
        }
    }
    best.1.split(',').filter(|zone| !zone.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::zones;

    #[test]
    fn the_longest_prefix_decides() {
        assert_eq!(zones("12125551234"), ["America/New_York"]);
        assert_eq!(zones("13125551234"), ["America/Chicago"]);
        assert_eq!(zones("35315550123"), ["Europe/Dublin"]);
        assert_eq!(zones("919876543210"), ["Asia/Kolkata"]);
        assert!(zones("61412345678").len() > 3, "a mobile phone may ring anywhere in Australia");
        assert!(zones("999123").is_empty());
        assert!(zones("15551234567").is_empty(), "555 is no area code");
    }

    #[test]
    fn an_area_code_that_nobody_knows_is_somewhere_on_the_continent() {
        let unknown = zones("12995551234");
        assert_eq!((unknown[0], unknown[3]), ("America/New_York", "America/Los_Angeles"));
    }

    #[test]
    fn every_zone_is_one_of_the_tz_database() {
        let lines = super::TABLE.lines().filter(|line| !line.starts_with('#'));
        for zone in lines.flat_map(|line| line.split('|').next().unwrap_or_default().split(',')) {
            assert!(jiff::tz::TimeZoneDatabase::bundled().get(zone).is_ok(), "{zone}");
        }
    }
}
