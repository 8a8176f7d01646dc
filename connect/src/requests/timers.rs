//! What time brings to requests: progress messages, "still running", queue timeouts, expiry of answers, notices of HELP.

use std::time::Instant;

use super::completion::{complete, give_answer};
use super::dispatcher::Dispatcher;
use super::open_requests::TimedMessage;
use crate::periods::sooner;
use crate::prompts::caller_phrases;
use crate::prompts::help_notice::help_notice;
use crate::shared::answer::AnswerText;
use crate::shared::worker_event::TurnResult;
use crate::workers::pool::Lane;

/// When something is next due.
pub(crate) fn due(dispatcher: &Dispatcher) -> Option<Instant> {
    let requests = sooner(dispatcher.open.due(), dispatcher.workers.due());
    sooner(requests, sooner(dispatcher.outbox.due(), dispatcher.help_notices.due()))
}

/// Does what is due.
pub(crate) fn tick(dispatcher: &mut Dispatcher, now: Instant) {
    for key in dispatcher.workers.expire(now) {
        let answer = AnswerText::Error(caller_phrases::WAITED_TOO_LONG);
        complete(dispatcher, &key, TurnResult::without_turn(answer));
    }
    for key in dispatcher.outbox.expire(now) {
        dispatcher.context.log.line(format_args!("{key}: expired undelivered"));
        dispatcher.n_expired += 1;
        dispatcher.mark_done(&key);
    }
    send_timed_messages(dispatcher, now);
    send_help_notice(dispatcher, now);
}

fn send_timed_messages(dispatcher: &mut Dispatcher, now: Instant) {
    for (request, message) in dispatcher.open.tick(now, &dispatcher.context.periods) {
        let phrase = match message {
            TimedMessage::FirstProgress => caller_phrases::WORKING,
            TimedMessage::Progress => caller_phrases::STILL_WORKING,
            TimedMessage::StillRunning => {
                let answer = AnswerText::still_running(request.origin.can_follow_up());
                give_answer(dispatcher, &request, false, &answer);
                continue;
            }
        };
        if let Some(frame) = request.origin.progress_frame(phrase) {
            dispatcher.outbox.send_ephemeral(frame);
        }
    }
}

/// Notifies the agent of the numbers that texted HELP, all of the last seconds at once.
fn send_help_notice(dispatcher: &mut Dispatcher, now: Instant) {
    let Some((first, n)) = dispatcher.help_notices.take_due(now) else { return };
    let key = format!("who:{}", dispatcher.context.service_clock.now().as_nanosecond());
    if let Some(why) = dispatcher.why_full(Lane::Calls) {
        return dispatcher.context.log.line(format_args!("{key}: not passed to the agent: {why}"));
    }
    dispatcher.notify_agent(key, help_notice(&first, n));
}
