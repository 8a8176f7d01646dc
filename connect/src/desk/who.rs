//! Who asked by text who this is: the agent's main session hears of all that did within a moment at once.

use std::time::Instant;

use state::phone::Phone;

use super::Desk;
use crate::request::{Request, Way};
use crate::words::outcome::spelled;

/// As many are named.
const NAMED: usize = 5;

/// Those who asked, until they are told of.
#[derive(Debug, Default)]
pub(super) struct Who {
    first: Vec<Phone>,
    n: usize,
    /// When they are told of.
    pub(super) due: Option<Instant>,
}

impl Desk {
    /// The agent's main session is told that a number asked, soon.
    pub(crate) fn asked_who(&mut self, phone: Phone) {
        if self.who.first.len() < NAMED {
            self.who.first.push(phone);
        }
        self.who.n += 1;
        // A simulation waits for nobody else.
        let wait =
            self.shop.service.as_ref().map_or_else(Default::default, |_| self.shop.periods.who);
        self.who.due.get_or_insert_with(|| Instant::now() + wait);
    }

    /// Tells of them if it is time. A report that a stop or a crash cuts is not made again: nobody waits for it.
    pub(super) fn tell_who(&mut self, now: Instant) {
        if self.who.due.is_none_or(|due| due > now) {
            return;
        }
        let Who { first, n, .. } = std::mem::take(&mut self.who);
        let key = format!("who:{}", self.shop.clock.now().as_nanosecond());
        if let Some(why) = self.no_room() {
            return self.shop.log.line(format_args!("{key}: not reported: {why}"));
        }
        let words = report(&first, n);
        let way = Way::Report;
        self.begin(Request { key, way, words, received: now, is_noted: false });
    }
}

fn report(first: &[Phone], n: usize) -> String {
    let mut numbers: Vec<String> = first.iter().map(spelled).collect();
    if n > first.len() {
        numbers.push(format!("{} more", n - first.len()));
    }
    let last = numbers.pop().unwrap_or_default();
    let numbers =
        if numbers.is_empty() { last } else { format!("{} and {last}", numbers.join(", ")) };
    format!(
        "[ClawdTalk] {numbers} asked by text who this is (HELP or INFO). A line that says so is sent back without you. \
         This is a report, not a request."
    )
}

#[cfg(test)]
mod tests {
    use super::report;
    use state::phone::Phone;

    #[test]
    fn many_are_told_of_in_one_line() {
        let phones: Vec<Phone> =
            (0..5).map(|n| format!("+1555111222{n}").parse().unwrap()).collect();
        let begins = |n_named: usize, n, wanted: &str| {
            let report = report(&phones[..n_named], n);
            assert!(report.starts_with(&format!("[ClawdTalk] {wanted} asked by text")), "{report}");
        };
        begins(1, 1, "+1 (555) 111-2220");
        begins(2, 2, "+1 (555) 111-2220 and +1 (555) 111-2221");
        begins(
            5,
            300,
            "+1 (555) 111-2220, +1 (555) 111-2221, +1 (555) 111-2222, +1 (555) 111-2223, \
             +1 (555) 111-2224 and 295 more",
        );
    }
}
