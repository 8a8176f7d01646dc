//! The world's numbering plans: which country a number belongs to, how long its numbers are, what costs more than a call, and
//! in which time zones it rings.
//!
//! The tables beside this file come from libphonenumber's metadata (`cargo xtask numbers`). They refuse what no country has: a
//! length, a premium range. They never refuse a range only because it was not yet in service when the tables were made.

mod countries;
mod plan;
mod zones;

pub use countries::Country;
pub use plan::NumberingPlan;
pub use zones::zones;

/// The release of libphonenumber that the tables were made from.
pub fn version() -> &'static str {
    let line = plan::TABLE.lines().next().unwrap_or_default();
    line.split(' ').find(|word| word.starts_with(|c: char| c.is_ascii_digit())).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tables_say_what_they_were_made_from() {
        let version = super::version();
        assert!(version.split('.').count() == 3, "{version}");
    }
}
