//! Who asked by text who this is: the agent's main session hears of all that did within a moment at once.

use std::time::Instant;

use state::phone::Phone;

use super::Desk;
use crate::prompts::help_notice::help_notice;
use crate::request::{Request, Way};

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
        if self.help_notice.first.len() < NAMED {
            self.help_notice.first.push(phone);
        }
        self.help_notice.n += 1;
        // A simulation waits for nobody else.
        let wait = self
            .shop
            .service
            .as_ref()
            .map_or_else(Default::default, |_| self.shop.periods.help_notice);
        self.help_notice.due.get_or_insert_with(|| Instant::now() + wait);
    }

    /// Tells of them if it is time. A report that a stop or a crash cuts is not made again: nobody waits for it.
    pub(super) fn tell_who(&mut self, now: Instant) {
        if self.help_notice.due.is_none_or(|due| due > now) {
            return;
        }
        let Who { first, n, .. } = std::mem::take(&mut self.help_notice);
        let key = format!("who:{}", self.shop.clock.now().as_nanosecond());
        if let Some(why) = self.no_room() {
            return self.shop.log.line(format_args!("{key}: not reported: {why}"));
        }
        let words = help_notice(&first, n);
        let way = Way::Report;
        self.begin(Request { key, way, words, received: now, is_noted: false });
    }
}
