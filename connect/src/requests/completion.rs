//! How a request ends: its one answer, a follow-up, or none, each held until it is delivered.

use std::sync::Arc;
use std::time::Instant;

use state::gateway::TurnOutcome;

use super::dispatcher::Dispatcher;
use super::open_requests::EndedRequest;
use crate::journal::JournalStep;
use crate::prompts::caller_phrases;
use crate::prompts::opt_out_notice::stop_notice;
use crate::shared::answer::AnswerText;
use crate::shared::request::{AgentRequest, Origin};
use crate::shared::rung::Rung;
use crate::shared::worker_event::{TurnResult, WorkerEvent};
use crate::transport::outbox::OutgoingAnswer;
use crate::workers::pool::{Lane, QueueTimeout};
use crate::workers::sms_reply::send_reply;

/// Handles an event of a worker.
pub(crate) fn on_worker_event(dispatcher: &mut Dispatcher, key: &str, event: WorkerEvent) {
    match event {
        WorkerEvent::ApprovalRequested => {
            let request = dispatcher.open.await_approval(key);
            let frame = request.and_then(|request| {
                request.origin.progress_frame(caller_phrases::APPROVAL_REQUESTED)
            });
            if let Some(frame) = frame {
                dispatcher.outbox.send_ephemeral(frame);
            }
        }
        WorkerEvent::TurnStarted => {
            dispatcher.open.resume(key, Instant::now(), &dispatcher.context.periods);
        }
        WorkerEvent::Progress(text) => {
            let (now, periods) = (Instant::now(), dispatcher.context.periods);
            if dispatcher.open.said(key, now, &periods) {
                tell(dispatcher, key, None, &text);
            }
        }
        WorkerEvent::DeedHeld(origin, text) => {
            tell(dispatcher, key, Some(&origin), &text);
            dispatcher.open.await_approval(key);
        }
        WorkerEvent::DeedDecided(origin, text) => {
            dispatcher.open.resume(key, Instant::now(), &dispatcher.context.periods);
            tell(dispatcher, key, Some(&origin), text);
        }
        WorkerEvent::Record(text) => {
            let key = format!("record:{key}");
            dispatcher.notify_agent(key, text);
        }
        WorkerEvent::LineChanged => show_rung(dispatcher),
        WorkerEvent::Finished(result) => complete(dispatcher, key, result),
        WorkerEvent::Panicked => {
            dispatcher.context.log.line(format_args!("{key}: panicked; see the line before"));
            let answer = AnswerText::Error(caller_phrases::INTERNAL_ERROR);
            complete(dispatcher, key, TurnResult::without_turn(answer));
        }
        WorkerEvent::GatewayBack => dispatcher.on_gateway_back(key),
        WorkerEvent::GatewayAwaitedTooLong => {
            if dispatcher.open.end_gateway_wait(key).is_some() {
                let log = &dispatcher.context.log;
                log.line(format_args!("{key}: given up: the gateway was down for too long"));
                dispatcher.mark_done(key);
            }
        }
        WorkerEvent::LateReply(outcome) => complete_late(dispatcher, key, outcome),
        WorkerEvent::DryRun(what) => dispatcher.outbox.send_ephemeral(what.to_string()),
    }
}

/// Says something to whoever waits for a request; after its one answer, where its call goes on.
fn tell(dispatcher: &mut Dispatcher, key: &str, origin: Option<&Origin>, text: &str) {
    let frame = match (dispatcher.open.get(key), origin) {
        (Some(request), _) => request.origin.progress_frame(text),
        (None, Some(origin)) => {
            let is_over = |call_id: &str| dispatcher.context.calls.get(call_id).ended;
            let can_hear = origin.call_id().is_some_and(|call_id| !is_over(call_id));
            can_hear.then(|| origin.follow_up_frame(&AnswerText::Reply(text.to_owned()))).flatten()
        }
        (None, None) => None,
    };
    if let Some(frame) = frame {
        dispatcher.outbox.send_ephemeral(frame);
    }
}

/// Puts into the status on which rung the owner's turns stand.
pub(crate) fn show_rung(dispatcher: &mut Dispatcher) {
    let context = &dispatcher.context;
    let (rung, why) = Rung::explained(&context.gate, &context.line().state());
    let rung = context.gate.on.then(|| rung.to_owned());
    dispatcher.status.change(|status| {
        status.gateway.rung = rung;
        status.gateway.rung_problem = why;
    });
}

/// The work for a request has ended.
pub(super) fn complete(dispatcher: &mut Dispatcher, key: &str, result: TurnResult) {
    let Some(EndedRequest { request, is_answered }) = dispatcher.open.end(key) else { return };
    dispatcher.context.spoken_confirmations.forget_request(key);
    let TurnResult { answer, run_id, gateway_health, awaits_gateway, log_line } = result;
    if let Some(health) = gateway_health {
        if !awaits_gateway {
            dispatcher.status.add_turn_latency(request.received_at.elapsed());
            dispatcher.gateway_return.on_turn();
        }
        dispatcher.status.set_gateway_health(&health);
    }
    if let Some(line) = log_line {
        let waits = if awaits_gateway { "; it waits until the gateway is back" } else { "" };
        dispatcher.log_later(format!("{key}: {line}{waits}"));
    }
    if awaits_gateway {
        return dispatcher.await_gateway(request);
    }
    let awaited_run = run_id.clone().filter(|_| can_reply_late(dispatcher, &request.origin));
    match answer {
        // "Still running" was the answer before, and is not sent twice.
        Some(_) if is_answered && run_id.is_some() => {}
        Some(answer) => give_answer(dispatcher, &request, is_answered, &answer),
        None if awaited_run.is_none() => dispatcher.mark_done(key),
        None => {}
    }
    if let Some(run_id) = awaited_run {
        dispatcher.late_replies.await_reply(&dispatcher.context, key.to_owned(), run_id);
        dispatcher.open.await_late_reply(request);
    }
}

/// Whether a late reply could still reach somebody.
fn can_reply_late(dispatcher: &Dispatcher, origin: &Origin) -> bool {
    match origin {
        Origin::Call { call_id, .. } => {
            call_id.as_ref().is_some_and(|call_id| !dispatcher.context.calls.get(call_id).ended)
        }
        Origin::Text { .. } => true,
        Origin::Walkie { .. } | Origin::Internal => false,
    }
}

/// A late reply came, or the wait for it is over.
fn complete_late(dispatcher: &mut Dispatcher, key: &str, outcome: Option<TurnOutcome>) {
    // One that came before is being texted under the same key: once is enough.
    let Some(request) = dispatcher.open.end_late(key) else { return };
    let Some(outcome) = outcome else {
        dispatcher.context.log.line(format_args!("{key}: no late reply came"));
        return dispatcher.mark_done(key);
    };
    match (&request.origin, outcome) {
        (Origin::Text { from, .. }, TurnOutcome::Reply(reply)) => {
            dispatcher.context.log.line(format_args!("{key}: a late reply came"));
            submit_text(dispatcher, &request, from.clone(), reply);
        }
        (Origin::Text { .. }, outcome) => {
            dispatcher.context.log.line(format_args!("{key}: not answered: {outcome}"));
            dispatcher.mark_done(key);
        }
        (origin, outcome) => {
            dispatcher.context.log.line(format_args!("{key}: late: {outcome}"));
            let answer = AnswerText::for_outcome(&outcome, origin.can_follow_up());
            give_answer(dispatcher, &request, true, &answer);
        }
    }
}

/// Has a worker text a reply that is ready.
pub(crate) fn submit_text(
    dispatcher: &mut Dispatcher,
    request: &Arc<AgentRequest>,
    to: state::phone::Phone,
    reply: String,
) -> bool {
    dispatcher.context.journal.append_buffered(JournalStep::Answered, &request.key, Some(&reply));
    let (context, work_request) = (Arc::clone(&dispatcher.context), Arc::clone(request));
    dispatcher.submit(request, Lane::KnownTexts, QueueTimeout::Unlimited, move || {
        send_reply(&context, &work_request, &to, &reply);
        context.notify_finished(&work_request.key);
    })
}

/// Gives the one answer to a request that an earlier process accepted.
pub(crate) fn answer_recovered(
    dispatcher: &mut Dispatcher,
    key: &str,
    origin: Origin,
    why: &'static str,
) {
    let request = AgentRequest::recovered(key, origin);
    give_answer(dispatcher, &request, false, &AnswerText::Error(why));
}

/// Queues an answer: the one answer of its kind of request or, if that was given, a follow-up on the call.
pub(super) fn give_answer(
    dispatcher: &mut Dispatcher,
    request: &AgentRequest,
    is_follow_up: bool,
    answer: &AnswerText,
) {
    let AgentRequest { key, origin, .. } = request;
    if let Some(call_id) = origin.call_id()
        && dispatcher.context.calls.get(call_id).ended
    {
        dispatcher.context.log.line(format_args!("{key}: the call is over; its answer is dropped"));
        return dispatcher.mark_done(key);
    }
    let frame =
        if is_follow_up { origin.follow_up_frame(answer) } else { origin.answer_frame(answer) };
    let Some(frame) = frame else {
        dispatcher.context.log.line(format_args!("{key}: no frame can carry its answer"));
        return dispatcher.mark_done(key);
    };
    // A follow-up has a key of its own: the one answer may be delivered already.
    let key = if is_follow_up { format!("late:{key}") } else { key.clone() };
    dispatcher.context.journal.append_buffered(JournalStep::Answered, &key, Some(&frame));
    let expires_at = Instant::now() + dispatcher.context.periods.answer_lifetime;
    dispatcher.outbox.send_reliable(OutgoingAnswer { key, frame, expires_at });
}

/// The service has everything that was sent before this ping.
pub(crate) fn on_pong(dispatcher: &mut Dispatcher, ping: u64) {
    for key in dispatcher.outbox.acknowledge(ping) {
        dispatcher.mark_done(&key);
    }
}

/// The owner texted STOP: every request that is not over ends now, whatever a worker still brings of it, and what was to be
/// approved may not be done any more. The agent's main session is told.
pub(crate) fn on_owner_stopped(dispatcher: &mut Dispatcher) {
    dispatcher.context.stop_all();
    dispatcher.workers.give_up_waiting();
    let keys = dispatcher.open.keys();
    let n = keys.len();
    for key in keys {
        dispatcher.late_replies.forget(&key);
        dispatcher.gateway_return.forget(&key);
        let answer = AnswerText::Error(caller_phrases::STOPPED_BY_OWNER);
        complete(dispatcher, &key, TurnResult::without_turn(answer));
    }
    dispatcher.context.log.line(format_args!("the owner texted STOP: {n} requests ended"));
    let key = format!("stop:{}", dispatcher.context.service_clock.now().as_nanosecond());
    dispatcher.notify_agent(key, stop_notice(n));
}

/// The machine slept: what was to be confirmed aloud is not any more, and nobody waits for what waited for a worker. Workers
/// that wait for an approval notice it themselves.
pub(crate) fn on_slept(dispatcher: &mut Dispatcher) {
    dispatcher.context.spoken_confirmations.forget_all();
    for key in dispatcher.workers.expire_all() {
        let answer = AnswerText::Error(caller_phrases::WAITED_TOO_LONG);
        complete(dispatcher, &key, TurnResult::without_turn(answer));
    }
}

/// Accepts no more requests, and gives up those that wait for a worker. Where nobody holds the line the next process goes on
/// with them.
pub(crate) fn stop(dispatcher: &mut Dispatcher) {
    dispatcher.is_stopping = true;
    for key in dispatcher.workers.give_up_waiting() {
        if dispatcher.open.end_patient(&key) {
            dispatcher.context.log.line(format_args!("{key}: left to the next start"));
            continue;
        }
        let answer = AnswerText::Error(caller_phrases::STOPPING);
        complete(dispatcher, &key, TurnResult::without_turn(answer));
    }
}
