//! Texts that are nothing but STOP, START, HELP or the like: no turn is made of them, and only HELP is answered.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::json;
use state::do_not_call::{Coverage, ListingReason};
use state::phone::Phone;
use state::sms_keyword::{self, Keyword};

use crate::journal::JournalStep;
use crate::prompts::caller_phrases;
use crate::prompts::opt_out_notice::reply_notice;
use crate::protocol::incoming::{IncomingFrame, IncomingSms, ServiceEvent};
use crate::requests::completion::submit_text;
use crate::requests::dispatcher::Dispatcher;
use crate::shared::context::ClientContext;
use crate::shared::request::{AgentRequest, Origin};
use crate::sms::opt_out_queue::{ListChange, OptOutNotice};
use crate::workers::opt_out_writer;
use crate::workers::pool::Lane;

/// Puts a number on the do-not-call list, or takes it off. Whoever may text here at all and however busy the client is: the
/// right to be left alone depends on neither.
pub(super) fn change_list(
    dispatcher: &mut Dispatcher,
    key: &str,
    phone: &Phone,
    (change, body): (ListChange, &str),
    frame: &str,
) {
    if !dispatcher.is_new(key) {
        return;
    }
    let context = &dispatcher.context;
    if context.service.is_none() {
        let (what, covers) = match change {
            ListChange::OptOut(_, covers) => ("opt_out", Some(covers.as_str())),
            ListChange::OptIn => ("opt_in", None),
        };
        let would = json!({"type": what, "number": phone.as_str(), "covers": covers});
        return dispatcher.outbox.send_ephemeral(would.to_string());
    }
    context.journal.append_buffered(JournalStep::Accepted, key, Some(frame));
    let at = context.service_clock.now();
    let reply = reply(context, phone, change, body, at);
    let notice = OptOutNotice { key: key.to_owned(), phone: phone.clone(), at, change, reply };
    let said = notice.reply.clone();
    opt_out_writer::record(context, notice);
    if let Some(word) = said
        && dispatcher.has_text_budget(key, phone, dispatcher.lane_of_texts(phone))
        && dispatcher.why_full(Lane::Calls).is_none()
    {
        dispatcher.notify_agent(format!("answer:{key}"), reply_notice(phone, &word));
    }
}

/// The word, where it may be meant as the answer to our last text: CANCEL, END or QUIT soon after we asked something.
fn reply(
    context: &ClientContext,
    phone: &Phone,
    change: ListChange,
    body: &str,
    now: Timestamp,
) -> Option<String> {
    if change != ListChange::OptOut(ListingReason::OptOut, Coverage::Texts) {
        return None;
    }
    context.sms_policy.last_text(&context.skill, phone)?.answered_by(body, now)
}

/// Answers who this is, once a day and number, and notifies the agent's main session.
pub(super) fn help(dispatcher: &mut Dispatcher, key: &str, from: Phone, frame: &str) {
    if !dispatcher.is_new(key) {
        return;
    }
    let origin = Origin::Text { from: from.clone(), n_media: 0 };
    if let Some(why) = dispatcher.why_full(Lane::Texts) {
        dispatcher.seen.forget(key);
        return dispatcher.decline(key, &origin, why);
    }
    // What was seen is remembered for a day, and through the journal by the next process too.
    let of_number = format!("help:{from}");
    if !dispatcher.seen.insert(&of_number, Instant::now()) {
        return dispatcher
            .context
            .log
            .line(format_args!("{key}: {from} was answered who this is within a day"));
    }
    if !dispatcher.has_text_budget(key, &from, dispatcher.lane_of_texts(&from)) {
        return;
    }
    dispatcher.context.journal.append_buffered(JournalStep::Accepted, key, Some(frame));
    dispatcher.context.journal.append_buffered(JournalStep::Done, &of_number, None);
    let line = caller_phrases::who_this_is(dispatcher.context.voice.names());
    let request = Arc::new(AgentRequest::recovered(key, origin));
    submit_text(dispatcher, &request, from.clone(), line);
    dispatcher.add_help_notice(from);
}

/// Whether a frame opts somebody out or in: that is heeded however late.
pub(crate) fn is_opt_out(frame: &str) -> bool {
    let sms = match IncomingFrame::read(frame) {
        IncomingFrame::Event(ServiceEvent::SmsReceived(sms)) => sms,
        IncomingFrame::Event(ServiceEvent::Mission(_, fields)) => IncomingSms::of_mission(&fields),
        _ => return false,
    };
    sms_keyword::parse(&sms.body).is_some_and(|word| word != Keyword::Help)
}
