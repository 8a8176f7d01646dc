//! How a request ends: its one answer, a late one, or none, each kept until it is delivered.

use std::sync::Arc;
use std::time::Instant;

use state::gateway::Outcome;

use super::Desk;
use crate::agent;
use crate::journal::JournalStep;
use crate::prompts::phrases;
use crate::report::{Ended, Report};
use crate::request::{Request, Said, Way};
use crate::transport::outbox::OutgoingAnswer;
use crate::transport::outbox::OwnLatency;
use crate::turns::Wait;

impl Desk {
    /// Takes what a worker reports.
    pub(crate) fn report(&mut self, key: &str, report: Report) {
        match report {
            Report::Ended(ended) => self.ended(key, ended),
            Report::Panicked => {
                self.shop.log.line(format_args!("{key}: broke; see the line before"));
                self.ended(key, Ended::saying(Said::Fault(phrases::INTERNAL_ERROR)));
            }
            Report::Late(reply) => self.late(key, reply),
            Report::Would(what) => self.outbox.send_ephemeral(what.to_string()),
            Report::Asking => {
                let Some(open) = self.open.get_mut(key) else { return };
                (open.next_progress, open.tell_by) = (None, None);
                if let Some(frame) = open.request.way.progress(phrases::APPROVAL_REQUESTED) {
                    self.outbox.send_ephemeral(frame);
                }
            }
            Report::Running => {
                if let Some(open) = self.open.get_mut(key) {
                    open.runs_from(Instant::now(), &self.shop.periods);
                }
            }
        }
    }

    pub(super) fn ended(&mut self, key: &str, ended: Ended) {
        let Some(mut open) = self.open.remove(key) else { return };
        self.shop.aloud.forget_request(key);
        let request = Arc::clone(&open.request);
        let Ended { said, run_id, held, contact } = ended;
        match contact {
            Some(contact) => {
                self.status.add_turn_latency(request.received.elapsed());
                self.status.set_gateway_health(&contact);
                let outcome = contact.problem.unwrap_or_else(|| "answered".to_owned());
                self.log_later(format!("{key}: {outcome}"));
            }
            None if said.is_some() => self.log_later(format!("{key}: not passed on")),
            None => {}
        }
        let is_awaited = run_id.is_some() && self.is_awaited(&request.way);
        if let Some(said) = said {
            // The caller may have heard already that it is still running: that is not said twice.
            let is_news = !(open.told && run_id.is_some());
            if is_news {
                self.answer(&request, open.told, &said, held);
            }
            open.told = true;
        } else if !is_awaited {
            self.settle(key);
        }
        if let Some(run_id) = run_id
            && is_awaited
        {
            (open.next_progress, open.tell_by, open.is_late) = (None, None, true);
            self.late.look_for(&self.shop, key.to_owned(), run_id);
            self.open.insert(key.to_owned(), open);
        }
    }

    /// Whether a late reply could still reach somebody.
    fn is_awaited(&self, way: &Way) -> bool {
        match way {
            Way::Call { call_id, .. } => {
                call_id.as_ref().is_some_and(|call_id| !self.shop.calls.known(call_id).ended)
            }
            Way::Text { .. } => true,
            Way::Walkie { .. } | Way::Report => false,
        }
    }

    fn late(&mut self, key: &str, outcome: Option<Outcome>) {
        // A reply that was reported already is being texted under the same key: once is enough.
        if !self.open.get(key).is_some_and(|open| open.is_late) {
            return;
        }
        let Some(open) = self.open.remove(key) else { return };
        let Some(outcome) = outcome else {
            self.shop.log.line(format_args!("{key}: no late reply came"));
            return self.settle(key);
        };
        let request = open.request;
        match (&request.way, outcome) {
            (Way::Text { from, .. }, Outcome::Reply(reply)) => {
                self.shop.log.line(format_args!("{key}: a late reply came"));
                let (shop, of, from) = (Arc::clone(&self.shop), Arc::clone(&request), from.clone());
                self.run(&request, Wait::Always, move || {
                    agent::answer_text(&shop, &of, &from, &reply);
                    shop.ended(&of.key);
                });
            }
            (Way::Text { .. }, outcome) => {
                self.shop.log.line(format_args!("{key}: not answered: {outcome}"));
                self.settle(key);
            }
            (way, outcome) => {
                self.shop.log.line(format_args!("{key}: {outcome}, late"));
                let said = crate::report::said(&outcome, way);
                self.answer(&request, true, &said, None);
            }
        }
    }

    /// Queues the one answer to a request that an earlier life took.
    pub(crate) fn answer_now(&mut self, key: &str, way: Way, why: &'static str) {
        self.answer(&Request::taken_up(key, way), false, &Said::Fault(why), None);
    }

    /// Queues an answer: the one answer of its kind of request, or, if that was given, a word on the call.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        is_late: bool,
        said: &Said,
        held: Option<OwnLatency>,
    ) {
        let Request { key, way, .. } = request;
        if let Some(call_id) = way.call_id()
            && self.shop.calls.known(call_id).ended
        {
            self.shop.log.line(format_args!("{key}: the call is over; its answer is dropped"));
            return self.settle(key);
        }
        let frame = if is_late { way.later(said) } else { way.result(said) };
        let Some(frame) = frame else {
            self.shop.log.line(format_args!("{key}: nobody can be told any more"));
            return self.settle(key);
        };
        // What comes late is an answer of its own: the first one may be delivered already.
        let key = if is_late { format!("late:{key}") } else { key.clone() };
        self.shop.journal.append_buffered(JournalStep::Answered, &key, Some(&frame));
        let expires = Instant::now() + self.shop.periods.answer_lifetime;
        self.outbox.send_reliable(OutgoingAnswer {
            key,
            frame,
            expires_at: expires,
            own_latency: held,
        });
    }

    /// Nothing remains to be done for a request.
    pub(crate) fn settle(&self, key: &str) {
        self.shop.journal.append_buffered(JournalStep::Done, key, None);
    }

    /// The service has everything that was sent before this ping.
    pub(crate) fn delivered(&mut self, ping: u64) {
        for key in self.outbox.acknowledge(ping) {
            self.settle(&key);
        }
    }
}
