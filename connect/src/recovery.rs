//! What an earlier process left unfinished: delivered if its answer was ready, handled if nothing was done yet, answered as
//! unconfirmed if a turn may have run. Never run twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use state::sms_keyword;

use crate::handlers;
use crate::journal::replay::{ReplayedJournal, ReplayedRequest, RequestStage};
use crate::prompts::caller_phrases;
use crate::protocol::incoming::{IncomingFrame, ServiceEvent};
use crate::requests::completion::{answer_recovered, submit_text};
use crate::requests::dispatcher::Dispatcher;
use crate::shared::context::ClientContext;
use crate::shared::request::{AgentRequest, Lifetime, Origin};
use crate::transport::outbox::OutgoingAnswer;
use crate::workers::line_turn::LineTurn;
use crate::workers::pool::{Lane, QueueTimeout};
use crate::workers::{deeds, turn};

/// Takes up the deeds that an earlier process was asked about, before the gate names them again.
pub(crate) fn replay_deeds(context: &ClientContext, replayed: &ReplayedJournal) {
    for request in &replayed.requests {
        let Some(id) = request.key.strip_prefix(&deeds::journal_key("")) else { continue };
        let approval = match &request.stage {
            RequestStage::Pushed { approval } => Some(approval.clone()),
            _ => None,
        };
        context.deeds.recover(id, approval);
    }
}

/// Takes up what a journal says.
pub(crate) fn replay(dispatcher: &mut Dispatcher, replayed: ReplayedJournal) {
    for call in replayed.calls {
        // A body that cannot be read is one of another version: nothing is known of that call.
        if let Ok(state) = serde_json::from_str(&call.body) {
            dispatcher.context.calls.update(&call.id, |now| *now = state, drop);
        }
    }
    let (now, service_now) = (Instant::now(), dispatcher.context.service_clock.now());
    for request in replayed.requests {
        if request.key.starts_with(&deeds::journal_key("")) {
            continue;
        }
        let is_fresh = age(request.at, service_now) < dispatcher.context.periods.queue;
        let is_untouched = request.stage == RequestStage::Accepted && request.notice.is_none();
        if is_untouched && (is_fresh || handlers::sms_keywords::is_opt_out(&request.frame)) {
            // Nothing was done yet, and the caller may still wait; an opt-out is heeded however late.
            resubmit(dispatcher, &request);
            continue;
        }
        dispatcher.seen.insert(&request.key, now);
        match &request.stage {
            RequestStage::Done => {}
            RequestStage::Accepted => match unsent(dispatcher, &request) {
                Some(unsent) => {
                    let key = &request.key;
                    dispatcher
                        .context
                        .log
                        .line(format_args!("{key}: waits since before the restart"));
                    dispatcher.await_gateway(Arc::new(unsent));
                }
                None => answer_interrupted(dispatcher, &request, caller_phrases::WAITED_TOO_LONG),
            },
            RequestStage::AwaitingApproval => {
                answer_interrupted(dispatcher, &request, caller_phrases::APPROVAL_INTERRUPTED);
            }
            RequestStage::Dispatched | RequestStage::Pushed { .. } => {
                answer_interrupted(dispatcher, &request, caller_phrases::TURN_INTERRUPTED);
            }
            RequestStage::DispatchedByLine { turn } => {
                resume_by_line(dispatcher, &request, turn);
            }
            RequestStage::Answered { body, at } => {
                deliver(dispatcher, &request, body, age(*at, service_now), now);
            }
            RequestStage::SendingSms => {
                dispatcher.context.log.line(format_args!(
                    "{}: reply unconfirmed, it may have been sent before the restart; it is not sent again",
                    request.key
                ));
                dispatcher.mark_done(&request.key);
            }
        }
    }
}

/// How old something is. After a start of the machine a wall clock that was set back makes it new.
fn age(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

/// Handles a request as if its frame had just come.
fn resubmit(dispatcher: &mut Dispatcher, request: &ReplayedRequest) {
    if let IncomingFrame::Event(event) = IncomingFrame::read(&request.frame) {
        dispatcher.context.log.line(format_args!("{}: resumed after the restart", request.key));
        handlers::handle(dispatcher, event, &request.frame);
    }
}

/// A request that was never sent, and for whose answer nobody holds the line; `None` if it is too old by now.
fn unsent(dispatcher: &Dispatcher, request: &ReplayedRequest) -> Option<AgentRequest> {
    let now = dispatcher.context.service_clock.moment();
    let (origin, text) = match (&request.notice, IncomingFrame::read(&request.frame)) {
        (Some(notice), _) => (Origin::Internal, notice.clone()),
        // A text of one word such as HELP has no turn.
        (None, IncomingFrame::Event(ServiceEvent::SmsReceived(sms)))
            if sms_keyword::parse(&sms.body).is_none() =>
        {
            let (from, text) = (sms.sender()?, sms.words().to_owned());
            (Origin::Text { from, n_media: sms.n_media }, text)
        }
        _ => return None,
    };
    let lifetime = Lifetime::of(&origin, now, now.at.duration_since(request.at));
    let lifetime = lifetime.filter(|lifetime| !lifetime.is_over(now))?;
    let recovered = AgentRequest::recovered(&request.key, origin);
    Some(AgentRequest { text, lifetime: Some(lifetime), ..recovered })
}

/// Goes on with a turn that was sent by the gateway line.
fn resume_by_line(dispatcher: &mut Dispatcher, request: &ReplayedRequest, turn: &str) {
    let known = serde_json::from_str::<LineTurn>(turn).ok();
    let origin = origin(dispatcher, request);
    let (Some(turn), Some(origin), true) = (known, origin, dispatcher.context.gate.on) else {
        return answer_interrupted(dispatcher, request, caller_phrases::TURN_INTERRUPTED);
    };
    let log = &dispatcher.context.log;
    log.line(format_args!("{}: its turn is looked for after the restart", request.key));
    let (context, key) = (Arc::clone(&dispatcher.context), request.key.as_str());
    let request = Arc::new(AgentRequest::recovered(key, origin));
    let work_request = Arc::clone(&request);
    dispatcher.submit(&request, Lane::Calls, QueueTimeout::Unlimited, move || {
        turn::resume(&context, &work_request, &turn);
    });
}

/// Answers a request that the restart interrupted.
fn answer_interrupted(dispatcher: &mut Dispatcher, request: &ReplayedRequest, why: &'static str) {
    dispatcher.context.log.line(format_args!("{}: interrupted by the restart: {why}", request.key));
    match origin(dispatcher, request) {
        Some(origin @ Origin::Text { .. })
            if matches!(
                request.stage,
                RequestStage::Dispatched | RequestStage::DispatchedByLine { .. }
            ) =>
        {
            text(dispatcher, &request.key, origin, why);
        }
        Some(origin @ (Origin::Call { .. } | Origin::Walkie { .. })) => {
            answer_recovered(dispatcher, &request.key, origin, why);
        }
        _ => dispatcher.mark_done(&request.key),
    }
}

/// Delivers an answer that was ready, for what is left of its lifetime.
fn deliver(
    dispatcher: &mut Dispatcher,
    request: &ReplayedRequest,
    body: &str,
    age: Duration,
    now: Instant,
) {
    let left = dispatcher.context.periods.answer_lifetime.saturating_sub(age);
    if left.is_zero() {
        dispatcher.context.log.line(format_args!("{}: expired undelivered", request.key));
        return dispatcher.mark_done(&request.key);
    }
    dispatcher
        .context
        .log
        .line(format_args!("{}: reply ready since before the restart", request.key));
    if request.key.starts_with("text:") {
        if let Some(origin) = origin(dispatcher, request) {
            text(dispatcher, &request.key, origin, body);
        }
        return;
    }
    let (key, frame) = (request.key.clone(), body.to_owned());
    let expires_at = now + left;
    dispatcher.outbox.send_reliable(OutgoingAnswer { key, frame, expires_at });
}

fn text(dispatcher: &mut Dispatcher, key: &str, origin: Origin, body: &str) {
    let Origin::Text { from, .. } = &origin else { return };
    let from = from.clone();
    let request = Arc::new(AgentRequest::recovered(key, origin));
    submit_text(dispatcher, &request, from, body.to_owned());
}

/// How a request came, by the frame in the journal.
fn origin(dispatcher: &Dispatcher, request: &ReplayedRequest) -> Option<Origin> {
    match IncomingFrame::read(&request.frame) {
        IncomingFrame::Event(ServiceEvent::DeepToolRequest { request_id, call_id, .. }) => {
            Some(Origin::Call { request_id, call_id })
        }
        IncomingFrame::Event(ServiceEvent::WalkieRequest { request_id, .. }) => {
            Some(Origin::Walkie { request_id, session: None })
        }
        IncomingFrame::Event(ServiceEvent::SmsReceived(sms)) => {
            Some(Origin::Text { from: sms.sender()?, n_media: sms.n_media })
        }
        _ => {
            dispatcher
                .context
                .log
                .line(format_args!("{}: the journal does not hold its frame", request.key));
            None
        }
    }
}
