//! Texts that are nothing but STOP, START, HELP or the like: no turn is made of them, and only HELP is answered.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use state::phone::Phone;
use state::sms_keyword::{self, Keyword};

use crate::journal::JournalStep;
use crate::prompts::phrases;
use crate::protocol::incoming::{IncomingFrame, IncomingSms, ServiceEvent};
use crate::requests::completion::submit_text;
use crate::requests::dispatcher::Dispatcher;
use crate::shared::request::{AgentRequest, Origin};
use crate::sms::opt_out_queue::{ListChange, OptOutNotice};
use crate::workers::opt_out_writer;

/// Puts a number on the do-not-call list, or takes it off. Whoever may text here at all and however busy the client is: the
/// right to be left alone depends on neither.
pub(super) fn change_list(
    dispatcher: &mut Dispatcher,
    key: String,
    phone: Phone,
    change: ListChange,
    frame: &str,
) {
    if !dispatcher.is_new(&key) {
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
    context.journal.append_buffered(JournalStep::Accepted, &key, Some(frame));
    let at = context.service_clock.now();
    opt_out_writer::record(context, OptOutNotice { key, phone, at, change });
}

/// Answers who this is, once a day and number, and notifies the agent's main session.
pub(super) fn help(dispatcher: &mut Dispatcher, key: &str, from: Phone, frame: &str) {
    if !dispatcher.is_new(key) {
        return;
    }
    let origin = Origin::Text { from: from.clone(), n_media: 0 };
    if let Some(why) = dispatcher.why_full() {
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
    dispatcher.context.journal.append_buffered(JournalStep::Accepted, key, Some(frame));
    dispatcher.context.journal.append_buffered(JournalStep::Done, &of_number, None);
    let line = phrases::who_this_is(dispatcher.context.voice.names());
    let request = Arc::new(AgentRequest::recovered(key, origin));
    submit_text(dispatcher, &request, from.clone(), line);
    dispatcher.add_help_notice(from);
}

/// Whether a frame opts somebody out or in: that is heeded however late.
pub(crate) fn is_opt_out(frame: &str) -> bool {
    let text = match IncomingFrame::read(frame) {
        IncomingFrame::Event(ServiceEvent::SmsReceived(IncomingSms { body, .. })) => body,
        IncomingFrame::Event(ServiceEvent::Mission(_, fields)) => {
            fields.get("text").and_then(|text| text.as_str()).unwrap_or_default().to_owned()
        }
        _ => return false,
    };
    sms_keyword::parse(&text).is_some_and(|word| word != Keyword::Help)
}
