//! What time does at the desk: callers hear that work goes on, what waited too long is told so, answers expire.

use std::sync::Arc;
use std::time::Instant;

use super::{Desk, Open};
use crate::periods::{Periods, sooner};
use crate::prompts::phrases;
use crate::report::{Ended, still_running};
use crate::request::{Said, Way};

impl Desk {
    /// When something is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        let open = self.open.values().filter_map(|open| sooner(open.next_progress, open.tell_by));
        sooner(
            sooner(open.min(), self.turns.due()),
            sooner(self.outbox.due(), self.help_notice.due),
        )
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) {
        for key in self.turns.expire(now) {
            self.ended(&key, Ended::saying(Said::Fault(phrases::WAITED_TOO_LONG)));
        }
        for key in self.outbox.expire(now) {
            self.shop.log.line(format_args!("{key}: expired undelivered"));
            self.n_expired += 1;
            self.settle(&key);
        }
        self.tell_progress(now);
        self.tell_who(now);
    }

    fn tell_progress(&mut self, now: Instant) {
        let mut running_late = Vec::new();
        for open in self.open.values_mut() {
            if open.tell_by.is_some_and(|due| due <= now) {
                (open.next_progress, open.tell_by, open.told) = (None, None, true);
                running_late.push(Arc::clone(&open.request));
            } else if open.next_progress.is_some_and(|due| due <= now) {
                let is_first = now.saturating_duration_since(open.request.received)
                    < self.shop.periods.first_progress + self.shop.periods.next_progress;
                let text = if is_first { phrases::WORKING } else { phrases::STILL_WORKING };
                open.next_progress = Some(now + self.shop.periods.next_progress);
                if let Some(frame) = open.request.way.progress(text) {
                    self.outbox.send_ephemeral(frame);
                }
            }
        }
        for request in running_late {
            self.answer(&request, false, &Said::Fault(still_running(&request.way)), None);
        }
    }
}

impl Open {
    /// The caller's patience begins.
    pub(super) fn runs_from(&mut self, now: Instant, periods: &Periods) {
        let hears = matches!(self.request.way, Way::Call { .. });
        let waits = hears || matches!(self.request.way, Way::Walkie { .. });
        self.next_progress = hears.then(|| now + periods.first_progress);
        self.tell_by = waits.then(|| now + periods.still_running);
    }
}
