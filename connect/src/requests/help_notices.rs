//! Collects the numbers that texted HELP, so that the agent's main session is notified of many at once.

use std::time::Instant;

use state::phone::Phone;

/// As many are named.
const MAX_NAMED: usize = 5;

/// The numbers that the agent was not notified of yet.
#[derive(Debug, Default)]
pub(super) struct HelpNotices {
    first: Vec<Phone>,
    n: usize,
    due: Option<Instant>,
}

impl HelpNotices {
    /// Adds a number. The first one sets the time of the notice.
    pub(super) fn add(&mut self, phone: Phone, due: Instant) {
        if self.first.len() < MAX_NAMED {
            self.first.push(phone);
        }
        self.n += 1;
        self.due.get_or_insert(due);
    }

    /// When the agent is to be notified.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The first numbers, and how many there are in all, once that is due. It is given once.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Vec<Phone>, usize)> {
        self.due.filter(|due| *due <= now)?;
        let Self { first, n, .. } = std::mem::take(self);
        Some((first, n))
    }
}
