//! Where events arrive and answers leave: the tables of calls, requests and frames, owned by the socket's thread.

mod answers;
mod patience;
mod who;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::agent;
use crate::calls::Known;
use crate::journal::JournalStep;
use crate::late::Late;
use crate::prompts::phrases;
use crate::protocol::RequestText;
use crate::report::{Ended, Report};
use crate::request::{Request, Said, Way};
use crate::seen::Seen;
use crate::shop::Shop;
use crate::status::ClientCounts;
use crate::status::writer::StatusWriter;
use crate::transport::outbox::Outbox;
use crate::turns::{Turns, Wait};
use who::Who;

/// Everything that the socket's thread knows beyond the connection.
pub(crate) struct Desk {
    pub(crate) shop: Arc<Shop>,
    pub(crate) outbox: Outbox,
    pub(crate) status: StatusWriter,
    pub(crate) seen: Seen,
    turns: Turns,
    late: Late,
    help_notice: Who,
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
    pub(crate) fn new(shop: Arc<Shop>, status: StatusWriter, max_turns: usize) -> Self {
        let turns = Turns::new(max_turns, shop.periods.queue);
        Self {
            shop,
            outbox: Outbox::default(),
            status,
            seen: Seen::default(),
            turns,
            late: Late::default(),
            help_notice: Who::default(),
            open: HashMap::new(),
            is_stopping: false,
            log_lines: Vec::new(),
            n_repeated: 0,
            n_expired: 0,
        }
    }

    /// Takes a request: once, if there is room, and never while the client is being stopped. `frame` is
    /// what it came in, for the journal.
    pub(crate) fn take(&mut self, key: String, way: Way, asked: RequestText, frame: &str) {
        if !self.is_new(&key) {
            return;
        }
        let words = match asked {
            RequestText::Text(words) => words,
            RequestText::Missing => return self.decline(&key, &way, phrases::NOT_UNDERSTOOD),
            RequestText::TooLong => return self.decline(&key, &way, phrases::TOO_LONG),
        };
        if let Some(why) = self.no_room() {
            // It was not accepted, so it may come again.
            self.seen.forget(&key);
            return self.decline(&key, &way, why);
        }
        // Noted before anything happens: the worker's own line takes this one along.
        self.shop.journal.append_buffered(JournalStep::Accepted, &key, Some(frame));
        let is_noted = self.shop.journal.is_writable();
        self.begin(Request { key, way, words, received: Instant::now(), is_noted });
    }

    /// Whether a request comes for the first time. From now on it does not.
    pub(crate) fn is_new(&mut self, key: &str) -> bool {
        let is_new = self.seen.insert(key, Instant::now());
        if !is_new {
            self.n_repeated += 1;
            self.shop.log.debug(|| format!("{key}: repeated; ignored"));
        }
        is_new
    }

    /// Gives a request to the workers.
    pub(crate) fn begin(&mut self, request: Request) {
        if let Some(call_id) = request.way.call_id() {
            self.shop.aloud.assign(call_id, &request.key);
        }
        let request = Arc::new(request);
        let work = {
            let (shop, request) = (Arc::clone(&self.shop), Arc::clone(&request));
            move || agent::work(&shop, &request)
        };
        if self.run(&request, Wait::Patiently, work) {
            self.log_later(format!("{}: asked", request.key));
            self.shop.log.debug(|| format!("{}: {}", request.key, request.words));
        }
    }

    /// A line for the log that can wait until frames have left: nobody on the phone waits for it.
    fn log_later(&mut self, line: String) {
        self.log_lines.push(line);
    }

    /// Writes what was put off.
    pub(crate) fn log_now(&mut self) {
        self.shop.log.lines(self.log_lines.drain(..));
    }

    /// Whether nothing more can be taken now: so many requests run, and as many wait as may.
    pub(crate) fn is_full(&self) -> bool {
        self.turns.is_full()
    }

    /// Why nothing new is taken now, if that is so.
    pub(crate) fn no_room(&self) -> Option<&'static str> {
        if self.is_stopping {
            return Some(phrases::STOPPING);
        }
        self.is_full().then_some(phrases::BUSY)
    }

    /// Gives the work for a request to the workers; false, and the asker told, if the system has no thread for it.
    pub(crate) fn run(
        &mut self,
        request: &Arc<Request>,
        wait: Wait,
        work: impl FnOnce() + Send + 'static,
    ) -> bool {
        let on_panic = {
            let (shop, key) = (Arc::clone(&self.shop), request.key.clone());
            move || shop.report(&key, Report::Panicked)
        };
        if self.turns.submit(&request.key, wait, work, on_panic).is_err() {
            self.shop.aloud.forget_request(&request.key);
            self.decline(&request.key, &request.way, phrases::BUSY);
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
    pub(crate) fn decline(&mut self, key: &str, way: &Way, why: &'static str) {
        self.shop.log.line(format_args!("{key}: declined: {why}"));
        if let Some(frame) = way.result(&Said::Fault(why)) {
            self.outbox.send_ephemeral(frame);
        }
    }

    /// Notes something of a call, in the journal too.
    pub(crate) fn note_call(&mut self, call_id: &str, change: impl FnOnce(&mut Known)) {
        self.shop.note_call(call_id, change);
    }

    /// A call is over: nobody hears its late replies any more.
    pub(crate) fn call_ended(&mut self, call_id: &str) {
        self.shop.aloud.forget_call(call_id);
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

    /// Takes no new requests from now on, and gives up those that wait for a worker.
    pub(crate) fn stop(&mut self) {
        self.is_stopping = true;
        for key in self.turns.give_up_waiting() {
            self.ended(&key, Ended::saying(Said::Fault(phrases::STOPPING)));
        }
    }

    /// Whether no work is in flight and no answer waits for its delivery.
    pub(crate) fn is_idle(&self) -> bool {
        let are_done = self.open.values().all(|open| open.is_late) && self.shop.opt_outs.is_idle();
        are_done && self.outbox.n_undelivered() == 0
    }

    /// Whether nothing at all is awaited any more, late replies included.
    pub(crate) fn is_done(&self) -> bool {
        self.open.is_empty() && self.help_notice.due.is_none()
    }

    /// Puts the numbers on the board.
    pub(crate) fn count(&mut self) {
        for share in self.outbox.take_latency_samples() {
            self.status.add_own_latency(share);
        }
        let (in_flight, queued) = self.turns.counts();
        self.status.set_counts(ClientCounts {
            in_flight,
            queued,
            undelivered: self.outbox.n_undelivered(),
            expired: self.n_expired,
            dropped: self.outbox.n_dropped(),
            repeated: self.n_repeated,
        });
        self.status.set_journal_writable(self.shop.journal.is_writable());
        self.status.set_opt_outs_unwritten(self.shop.opt_outs.problem());
    }
}
