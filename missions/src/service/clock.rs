//! From when on, by the service's clock, something that we started can have been created there.
//!
//! This program distinguishes three clocks:
//! - The **service's time** ([`ServiceApi::now`](super::ServiceApi::now)), learned from the `Date` of its answers: what is
//!   scheduled happens by it, so ticks, retries and cancellations count by it. A machine whose clock is wrong neither
//!   calls somebody at another hour for it nor gives up a call that goes on.
//! - This **machine's time** ([`CommandContext::now`](crate::context::CommandContext::now)): what the user writes (`in 15m`)
//!   is read by it, and records of the state file are dated by it.
//! - The machine's **uptime** (inside a [`Moment`]): how long ago something was started, even if the clock was set since.

use jiff::{SignedDuration, Timestamp};
use state::clock::Moment;

/// How far the service's clock may be from what its `Date` says, which has whole seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(3);
/// How far the two clocks may be apart where no `Date` says it.
const UNKNOWN_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The earliest time by the service's clock at which something that was started at `then` can have been created; `date`
/// is what that clock showed `now`.
pub(crate) fn earliest_creation(then: Moment, now: Moment, date: Option<Timestamp>) -> Timestamp {
    let (there, slack) = match date {
        Some(date) => (date, SLACK),
        None => (now.at, UNKNOWN_SKEW),
    };
    there.saturating_sub(now.since(then) + slack).unwrap_or(then.at)
}

#[cfg(test)]
mod tests {
    use super::earliest_creation;
    use jiff::Timestamp;
    use state::clock::Moment;

    #[test]
    fn the_services_clock_decides_what_is_new() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let moment = |text| Moment { at: time(text), uptime: None };
        let (then, now) = (moment("2027-01-01T10:00:00Z"), moment("2027-01-01T10:00:30Z"));
        let with = |date: &str| earliest_creation(then, now, Some(time(date))).to_string();
        assert_eq!(with("2027-01-01T10:00:30Z"), "2027-01-01T09:59:57Z");
        assert_eq!(with("2027-01-01T09:50:30Z"), "2027-01-01T09:49:57Z");
        assert_eq!(earliest_creation(then, now, None).to_string(), "2027-01-01T09:55:00Z");
    }
}
