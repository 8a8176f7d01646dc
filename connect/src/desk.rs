//! Where events arrive and answers leave: the tables of calls, requests and frames, owned by the socket's thread.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::agent;
use crate::calls::{Calls, Known, Speaker};
use crate::journal::Step;
use crate::late::Late;
use crate::message::Asked;
use crate::outbox::{Answer, Outbox};
use crate::report::{Ended, Report, still_running};
use crate::request::{Request, Said, Way};
use crate::seen::Seen;
use crate::shop::Shop;
use crate::status::{Board, Counts};
use crate::timers::sooner;
use crate::turns::Turns;
use crate::words::said;

/// Everything that the socket's thread knows beyond the connection.
pub(crate) struct Desk {
    pub(crate) shop: Arc<Shop>,
    pub(crate) calls: Calls,
    pub(crate) outbox: Outbox,
    pub(crate) board: Board,
    pub(crate) seen: Seen,
    turns: Turns,
    late: Late,
    open: HashMap<String, Open>,
    is_stopping: bool,
    log_lines: Vec<String>,
    n_repeated: u64,
    n_expired: u64,
}

/// A request whose work has not ended.
struct Open {
    request: Arc<Request>,
    /// When the caller next hears that work goes on.
    next_progress: Option<Instant>,
    /// When the caller hears that the answer will be late.
    tell_by: Option<Instant>,
    /// The one answer was given: what comes now comes late.
    told: bool,
    /// Only a late reply is still looked for.
    is_late: bool,
}

impl Desk {
    /// An empty desk.
    pub(crate) fn new(shop: Arc<Shop>, board: Board, max_turns: usize) -> Self {
        let turns = Turns::new(max_turns, shop.periods.queue);
        Self {
            shop,
            calls: Calls::default(),
            outbox: Outbox::default(),
            board,
            seen: Seen::default(),
            turns,
            late: Late::default(),
            open: HashMap::new(),
            is_stopping: false,
            log_lines: Vec::new(),
            n_repeated: 0,
            n_expired: 0,
        }
    }

    /// Takes a request: once, if there is room, and never while the client is being stopped. `frame` is
    /// what it came in, for the journal.
    pub(crate) fn take(
        &mut self,
        key: String,
        way: Way,
        asked: Asked,
        speaker: Speaker,
        frame: &str,
    ) {
        let now = Instant::now();
        if !self.seen.insert(&key, now) {
            self.n_repeated += 1;
            self.shop.log.words(|| format!("{key}: repeated; ignored"));
            return;
        }
        let words = match asked {
            Asked::Words(words) => words,
            Asked::Nothing => return self.decline(&key, &way, said::NOT_UNDERSTOOD),
            Asked::TooLong => return self.decline(&key, &way, said::TOO_LONG),
        };
        if self.is_stopping || self.turns.is_full() {
            // It was not accepted, so it may come again.
            self.seen.forget_last();
            let why = if self.is_stopping { said::STOPPING } else { said::BUSY };
            return self.decline(&key, &way, why);
        }
        self.shop.journal.note(Step::Asked, &key, Some(frame));
        self.begin(Request { key, way, words, speaker, received: now });
    }

    /// Gives a request to the workers.
    pub(crate) fn begin(&mut self, request: Request) {
        if let Some(call_id) = request.way.call_id() {
            self.shop.aloud.next(call_id, &request.key);
        }
        let request = Arc::new(request);
        let work = {
            let (shop, request) = (Arc::clone(&self.shop), Arc::clone(&request));
            move || agent::work(&shop, &request)
        };
        if self.run(&request, work) {
            self.log_later(format!("{}: asked", request.key));
            self.shop.log.words(|| format!("{}: {}", request.key, request.words));
        }
    }

    /// A line for the log that can wait until frames have left: nobody on the phone waits for it.
    fn log_later(&mut self, line: String) {
        self.log_lines.push(line);
    }

    /// Writes what was put off.
    pub(crate) fn log_now(&mut self) {
        for line in self.log_lines.drain(..) {
            self.shop.log.line(line);
        }
    }

    /// Gives the work for a request to the workers; false, and the asker told, if they are busy.
    pub(crate) fn run(
        &mut self,
        request: &Arc<Request>,
        work: impl FnOnce() + Send + 'static,
    ) -> bool {
        let on_panic = {
            let (shop, key) = (Arc::clone(&self.shop), request.key.clone());
            move || shop.report(&key, Report::Panicked)
        };
        if self.turns.submit(&request.key, work, on_panic).is_err() {
            self.decline(&request.key, &request.way, said::BUSY);
            self.settle(&request.key);
            return false;
        }
        let mut open = Open {
            request: Arc::clone(request),
            next_progress: None,
            tell_by: None,
            told: false,
            is_late: false,
        };
        open.runs_from(request.received, &self.shop.periods);
        self.open.insert(request.key.clone(), open);
        true
    }

    /// Answers in our own words a request that was not accepted. Such an answer is of the moment: a flood
    /// of requests must not become a flood of answers that are kept.
    fn decline(&mut self, key: &str, way: &Way, why: &'static str) {
        self.shop.log.line(format_args!("{key}: declined: {why}"));
        if let Some(frame) = way.result(&Said::Fault(why)) {
            self.outbox.pass(frame);
        }
    }

    /// Takes what a worker reports.
    pub(crate) fn report(&mut self, key: &str, report: Report) {
        match report {
            Report::Ended(ended) => self.ended(key, ended),
            Report::Panicked => {
                self.shop.log.line(format_args!("{key}: broke; see the line before"));
                self.ended(key, Ended::saying(Said::Fault(said::BROKEN)));
            }
            Report::Late(reply) => self.late(key, reply),
            Report::Would(what) => self.outbox.pass(what.to_string()),
            Report::Asking => {
                let Some(open) = self.open.get_mut(key) else { return };
                (open.next_progress, open.tell_by) = (None, None);
                if let Some(frame) = open.request.way.progress(said::ASKING) {
                    self.outbox.pass(frame);
                }
            }
            Report::Running => {
                if let Some(open) = self.open.get_mut(key) {
                    open.runs_from(Instant::now(), &self.shop.periods);
                }
            }
        }
    }

    fn ended(&mut self, key: &str, ended: Ended) {
        let Some(mut open) = self.open.remove(key) else { return };
        let request = Arc::clone(&open.request);
        let Ended { said, run_id, held, contact } = ended;
        match contact {
            Some(contact) => {
                self.board.turned(request.received.elapsed());
                self.board.contact(&contact);
                let outcome = contact.problem.unwrap_or_else(|| "answered".to_owned());
                self.log_later(format!("{key}: {outcome}"));
            }
            None if said.is_some() => self.log_later(format!("{key}: not passed on")),
            None => {}
        }
        if let Some(said) = said {
            // The caller may have heard already that it is still running: that is not said twice.
            let is_news = !(open.told && run_id.is_some());
            if is_news {
                self.answer(&request, open.told, &said, held);
            }
            open.told = true;
        } else if run_id.is_none() {
            self.settle(key);
        }
        if let Some(run_id) = run_id
            && self.is_awaited(&request.way)
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
                call_id.as_ref().is_some_and(|call_id| !self.calls.known(call_id).ended)
            }
            Way::Text { .. } => true,
            Way::Walkie { .. } | Way::Report => false,
        }
    }

    fn late(&mut self, key: &str, reply: Option<String>) {
        let Some(open) = self.open.remove(key) else { return };
        let Some(reply) = reply else {
            self.shop.log.line(format_args!("{key}: no late reply came"));
            return self.settle(key);
        };
        self.shop.log.line(format_args!("{key}: a late reply came"));
        let request = open.request;
        if let Way::Text { from, .. } = &request.way {
            let (shop, name, from) = (Arc::clone(&self.shop), key.to_owned(), from.clone());
            self.run(&request, move || {
                agent::answer_text(&shop, &name, &from, &reply);
                shop.ended(&name);
            });
            return;
        }
        let said = crate::report::said(&state::gateway::Outcome::Reply(reply), &request.way);
        self.answer(&request, true, &said, None);
    }

    /// Queues the one answer to a request that an earlier life took.
    pub(crate) fn answer_now(&mut self, key: &str, way: Way, why: &'static str) {
        self.answer(&Request::taken_up(key, way), false, &Said::Fault(why), None);
    }

    /// Queues an answer: the one answer of its kind of request, or, if that was given, a word on the call.
    fn answer(
        &mut self,
        request: &Request,
        is_late: bool,
        said: &Said,
        held: Option<(Duration, Instant)>,
    ) {
        let Request { key, way, .. } = request;
        if let Some(call_id) = way.call_id()
            && self.calls.known(call_id).ended
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
        self.shop.journal.note(Step::Answered, &key, Some(&frame));
        let expires = Instant::now() + self.shop.periods.lifetime;
        self.outbox.keep(Answer { key, frame, expires, held });
    }

    /// Nothing remains to be done for a request.
    pub(crate) fn settle(&self, key: &str) {
        self.shop.journal.note(Step::Settled, key, None);
    }

    /// Notes something of a call, in the journal too.
    pub(crate) fn note_call(&mut self, call_id: &str, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.calls.note(call_id, change) {
            let body = serde_json::to_string(&known).unwrap_or_default();
            self.shop.journal.note(Step::Call, call_id, Some(&body));
        }
    }

    /// A call is over: nobody hears its late replies any more.
    pub(crate) fn call_ended(&mut self, call_id: &str) {
        self.shop.aloud.call_ended(call_id);
        self.note_call(call_id, |known| known.ended = true);
        let keys: Vec<String> = self
            .open
            .iter()
            .filter(|(_, open)| open.is_late && open.request.way.call_id() == Some(call_id))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.late.forget(&key);
            self.open.remove(&key);
        }
    }

    /// The service has everything that was sent before this ping.
    pub(crate) fn delivered(&mut self, ping: u64) {
        for key in self.outbox.ponged(ping) {
            self.settle(&key);
        }
    }

    /// When something is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        let open = self.open.values().filter_map(|open| sooner(open.next_progress, open.tell_by));
        sooner(sooner(open.min(), self.turns.due()), self.outbox.due())
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) {
        for key in self.turns.expire(now) {
            self.ended(&key, Ended::saying(Said::Fault(said::WAITED_TOO_LONG)));
        }
        for key in self.outbox.expire(now) {
            self.shop.log.line(format_args!("{key}: expired undelivered"));
            self.n_expired += 1;
            self.settle(&key);
        }
        self.tell_progress(now);
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
                let text = if is_first { said::WORKING } else { said::STILL_WORKING };
                open.next_progress = Some(now + self.shop.periods.next_progress);
                if let Some(frame) = open.request.way.progress(text) {
                    self.outbox.pass(frame);
                }
            }
        }
        for request in running_late {
            self.answer(&request, false, &Said::Fault(still_running(&request.way)), None);
        }
    }

    /// Takes no new requests from now on, and gives up those that wait for a worker.
    pub(crate) fn stop(&mut self) {
        self.is_stopping = true;
        for key in self.turns.give_up_waiting() {
            self.ended(&key, Ended::saying(Said::Fault(said::STOPPING)));
        }
    }

    /// Whether no work is in flight and no answer waits for its delivery.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.values().all(|open| open.is_late) && self.outbox.n_undelivered() == 0
    }

    /// Whether nothing at all is awaited any more, late replies included.
    pub(crate) fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// Puts the numbers on the board.
    pub(crate) fn count(&mut self) {
        for share in self.outbox.take_shares() {
            self.board.shared(share);
        }
        let (in_flight, queued) = self.turns.counts();
        self.board.counts(Counts {
            in_flight,
            queued,
            undelivered: self.outbox.n_undelivered(),
            expired: self.n_expired,
            dropped: self.outbox.n_dropped(),
            repeated: self.n_repeated,
        });
        self.board.journal(self.shop.journal.is_writable());
    }
}

impl Open {
    /// The caller's patience begins.
    fn runs_from(&mut self, now: Instant, periods: &crate::timers::Periods) {
        let hears = matches!(self.request.way, Way::Call { .. });
        let waits = hears || matches!(self.request.way, Way::Walkie { .. });
        self.next_progress = hears.then(|| now + periods.first_progress);
        self.tell_by = waits.then(|| now + periods.still_running);
    }
}
