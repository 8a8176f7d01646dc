//! Request dispatcher: accepts requests, hands them to the workers, and holds the tables that follow each to its delivery.
//! Owned by the loop thread; no locks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use state::phone::Phone;

use super::dedup::SeenRequests;
use super::help_notices::HelpNotices;
use super::open_requests::OpenRequests;
use crate::calls::CallState;
use crate::journal::JournalStep;
use crate::prompts::caller_phrases;
use crate::protocol::RequestText;
use crate::shared::answer::AnswerText;
use crate::shared::context::ClientContext;
use crate::shared::request::{AgentRequest, Lifetime, Origin};
use crate::shared::worker_event::WorkerEvent;
use crate::status::ClientCounts;
use crate::status::writer::StatusWriter;
use crate::transport::outbox::Outbox;
use crate::workers::gateway_return::GatewayReturn;
use crate::workers::late_replies::LateReplies;
use crate::workers::pool::{JobKind, Lane, QueueTimeout, WorkerPool};
use crate::workers::sms_reply::check_recipient;
use crate::workers::turn;

/// The loop thread's state, all but the connection.
pub(crate) struct Dispatcher {
    pub(crate) context: Arc<ClientContext>,
    pub(crate) outbox: Outbox,
    pub(crate) status: StatusWriter,
    pub(crate) seen: SeenRequests,
    pub(super) workers: WorkerPool,
    pub(super) late_replies: LateReplies,
    pub(super) gateway_return: GatewayReturn,
    pub(super) help_notices: HelpNotices,
    pub(super) open: OpenRequests,
    pub(super) is_stopping: bool,
    pub(super) n_expired: u64,
    n_repeated: u64,
    log_lines: Vec<String>,
}

impl Dispatcher {
    /// A dispatcher without requests. At most `max_turns` turns run at once.
    pub(crate) fn new(context: Arc<ClientContext>, status: StatusWriter, max_turns: usize) -> Self {
        let workers = WorkerPool::new(max_turns, context.periods.queue);
        Self {
            context,
            outbox: Outbox::default(),
            status,
            seen: SeenRequests::default(),
            workers,
            late_replies: LateReplies::default(),
            gateway_return: GatewayReturn::default(),
            help_notices: HelpNotices::default(),
            open: OpenRequests::default(),
            is_stopping: false,
            n_expired: 0,
            n_repeated: 0,
            log_lines: Vec::new(),
        }
    }

    /// Accepts a request: once, if there is room, and never while the client is being stopped. `frame` is what it came in,
    /// for the journal.
    pub(crate) fn accept(&mut self, key: String, origin: Origin, text: RequestText, frame: &str) {
        if !self.is_new(&key) {
            return;
        }
        let text = match text {
            RequestText::Text(text) => text,
            RequestText::Missing => {
                return self.decline(&key, &origin, caller_phrases::NOT_UNDERSTOOD);
            }
            RequestText::TooLong => return self.decline(&key, &origin, caller_phrases::TOO_LONG),
        };
        let lane = self.lane_of(&origin);
        if let Some(why) = self.why_full(lane) {
            // It was not accepted, so it may come again.
            self.seen.forget(&key);
            return self.decline(&key, &origin, why);
        }
        if let Origin::Text { from, .. } = &origin
            && !self.has_text_budget(&key, from, lane)
        {
            return;
        }
        // Before anything happens, and buffered: the worker's own line takes this one along.
        self.context.journal.append_buffered(JournalStep::Accepted, &key, Some(frame));
        let is_journaled = self.context.journal.is_writable();
        let request = self.new_request(key, origin, text, is_journaled);
        self.context.log.debug(|| format!("{}: {}", request.key, request.text));
        self.start(request, lane);
    }

    /// Notifies the agent's main session of something, without waiting for a reply. It survives a crash as a text does.
    pub(crate) fn notify_agent(&mut self, key: String, notice: String) {
        self.context.journal.append_buffered(JournalStep::Notice, &key, Some(&notice));
        let is_journaled = self.context.journal.is_writable();
        let request = self.new_request(key, Origin::Internal, notice, is_journaled);
        self.start(request, Lane::Calls);
    }

    fn new_request(
        &self,
        key: String,
        origin: Origin,
        text: String,
        is_journaled: bool,
    ) -> AgentRequest {
        let context = &self.context;
        let now = context.service_clock.moment();
        // A simulation waits for no gateway.
        let is_simulated = context.service.is_none();
        let lifetime = Lifetime::of(&origin, now, SignedDuration::ZERO).filter(|_| !is_simulated);
        let received_at = Instant::now();
        AgentRequest { key, origin, text, received_at, is_journaled, lifetime }
    }

    /// Whether a request comes for the first time. From now on it does not.
    pub(crate) fn is_new(&mut self, key: &str) -> bool {
        let is_new = self.seen.insert(key, Instant::now());
        if !is_new {
            self.n_repeated += 1;
            self.context.log.debug(|| format!("{key}: repeated; ignored"));
        }
        is_new
    }

    /// Hands a new request to the workers for a turn.
    fn start(&mut self, request: AgentRequest, lane: Lane) {
        if let Some(call_id) = request.origin.call_id() {
            self.context.spoken_confirmations.assign(call_id, &request.key);
        }
        let request = Arc::new(request);
        if self.submit_turn(&request, lane) {
            self.log_later(format!("{}: accepted", request.key));
        }
    }

    fn submit_turn(&mut self, request: &Arc<AgentRequest>, lane: Lane) -> bool {
        let work = {
            let (context, request) = (Arc::clone(&self.context), Arc::clone(request));
            move || turn::handle(&context, &request)
        };
        // Nobody holds the line for a text, and how many wait is bounded by their budget.
        let is_text = matches!(request.origin, Origin::Text { .. });
        let timeout = if is_text { QueueTimeout::Unlimited } else { QueueTimeout::Limited };
        self.submit(request, lane, timeout, work)
    }

    /// Has a request wait that found the gateway down, or that an earlier process left before it was sent. Only its answer's
    /// age ends that, not a stop: the journal has it.
    pub(crate) fn await_gateway(&mut self, request: Arc<AgentRequest>) {
        let Some(lifetime) = request.lifetime.filter(|_| !self.is_stopping) else { return };
        let key = request.key.clone();
        if !self.open.await_gateway(request) {
            let log = &self.context.log;
            return log.line(format_args!("{key}: too many wait; left to the next start"));
        }
        self.gateway_return.await_gateway(&self.context, key, lifetime);
    }

    /// The gateway is back: a request that waited for it goes on, unless its sender may not be answered any more. Its text
    /// was counted when it came, and counts as of now; where that is one too many it waits on.
    pub(super) fn on_gateway_back(&mut self, key: &str) {
        let Some(request) = self.open.end_gateway_wait(key).filter(|_| !self.is_stopping) else {
            return;
        };
        let lane = self.lane_of(&request.origin);
        let context = &self.context;
        if let Origin::Text { from, .. } = &request.origin {
            if let Err(why) = check_recipient(context, from) {
                context.log.line(format_args!("{key}: not answered: {why}"));
                return self.mark_done(key);
            }
            if context.turn_budget.take(key, from, lane == Lane::KnownTexts).is_err() {
                return self.await_gateway(request);
            }
        }
        if self.submit_turn(&request, lane) {
            self.log_later(format!("{key}: goes on"));
        }
    }

    /// Hands work for a request to the workers; false, and the request declined, if the system has no thread for it.
    pub(crate) fn submit(
        &mut self,
        request: &Arc<AgentRequest>,
        lane: Lane,
        queue_timeout: QueueTimeout,
        work: impl FnOnce() + Send + 'static,
    ) -> bool {
        let on_panic = {
            let (context, key) = (Arc::clone(&self.context), request.key.clone());
            move || context.notify(&key, WorkerEvent::Panicked)
        };
        let job = JobKind { lane, queue_timeout };
        if self.workers.submit(&request.key, job, work, on_panic).is_err() {
            self.context.spoken_confirmations.forget_request(&request.key);
            self.decline(&request.key, &request.origin, caller_phrases::BUSY);
            self.mark_done(&request.key);
            return false;
        }
        self.open.start(Arc::clone(request), &self.context.periods);
        true
    }

    /// Why nothing more is accepted now, if that is so.
    pub(crate) fn why_full(&self, lane: Lane) -> Option<&'static str> {
        if self.is_stopping {
            return Some(caller_phrases::STOPPING);
        }
        self.are_workers_full(lane).then_some(caller_phrases::BUSY)
    }

    /// Whether as many requests run, and as many wait, as may.
    pub(crate) fn are_workers_full(&self, lane: Lane) -> bool {
        self.workers.is_full(lane)
    }

    /// Which workers a request may have.
    fn lane_of(&self, origin: &Origin) -> Lane {
        match origin {
            Origin::Text { from, .. } => self.lane_of_texts(from),
            Origin::Call { .. } | Origin::Walkie { .. } | Origin::Internal => Lane::Calls,
        }
    }

    /// Which workers the texts of a number may have.
    pub(crate) fn lane_of_texts(&self, from: &Phone) -> Lane {
        let is_known = self.context.sms_policy.is_known(&self.context.skill, from);
        if is_known { Lane::KnownTexts } else { Lane::Texts }
    }

    /// Whether a text may become a turn, which is counted then. One that may not stands in the log, and is not answered.
    pub(crate) fn has_text_budget(&self, key: &str, from: &Phone, lane: Lane) -> bool {
        let context = &self.context;
        let taken = context.turn_budget.take(key, from, lane == Lane::KnownTexts);
        if let Err(why) = &taken {
            context.log.line(format_args!("{key}: a text of {from} was dropped: {why}"));
        }
        taken.is_ok()
    }

    /// Answers a request that was not accepted. Such an answer is ephemeral: a flood of requests must not become a flood of
    /// answers that are held.
    pub(crate) fn decline(&mut self, key: &str, origin: &Origin, why: &'static str) {
        self.context.log.line(format_args!("{key}: not accepted: {why}"));
        if let Some(frame) = origin.answer_frame(&AnswerText::Error(why)) {
            self.outbox.send_ephemeral(frame);
        }
    }

    /// A number texted HELP: the agent is notified of it soon, together with others.
    pub(crate) fn add_help_notice(&mut self, phone: Phone) {
        // A simulation waits for no others.
        let is_simulated = self.context.service.is_none();
        let wait = if is_simulated { Duration::ZERO } else { self.context.periods.help_notice };
        self.help_notices.add(phone, Instant::now() + wait);
    }

    /// Records something of a call.
    pub(crate) fn update_call(&mut self, call_id: &str, change: impl FnOnce(&mut CallState)) {
        self.context.update_call(call_id, change);
    }

    /// A call is over: its late replies can reach nobody any more.
    pub(crate) fn end_call(&mut self, call_id: &str) {
        self.context.spoken_confirmations.forget_call(call_id);
        self.update_call(call_id, |call| call.ended = true);
        for key in self.open.end_call(call_id) {
            self.late_replies.forget(&key);
        }
    }

    /// Nothing remains to be done for a request.
    pub(crate) fn mark_done(&self, key: &str) {
        self.context.journal.append_buffered(JournalStep::Done, key, None);
    }

    /// Whether no work is in flight and no answer waits for its delivery.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.are_workers_done()
            && self.context.opt_outs.is_idle()
            && self.outbox.n_undelivered() == 0
    }

    /// Whether nothing at all is awaited any more, late replies included.
    pub(crate) fn is_finished(&self) -> bool {
        self.open.is_empty() && self.help_notices.due().is_none()
    }

    /// A line for the log that can wait until frames have left: nobody on the phone waits for it.
    pub(super) fn log_later(&mut self, line: String) {
        self.log_lines.push(line);
    }

    /// Writes the lines that were put off.
    pub(crate) fn write_log(&mut self) {
        self.context.log.lines(self.log_lines.drain(..));
    }

    /// Puts the counts of requests and answers into the status.
    pub(crate) fn update_status(&mut self) {
        let (in_flight, queued) = self.workers.counts();
        self.status.set_counts(ClientCounts {
            in_flight,
            queued,
            undelivered: self.outbox.n_undelivered(),
            expired: self.n_expired,
            dropped: self.outbox.n_dropped(),
            repeated: self.n_repeated,
        });
        self.status.set_waiting(self.open.awaiting_gateway());
        self.status.set_journal_writable(self.context.journal.is_writable());
        self.status.set_opt_outs_unwritten(self.context.opt_outs.problem());
    }
}
