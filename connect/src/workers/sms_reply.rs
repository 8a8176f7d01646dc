//! Sends the reply to a text, once: one whose sending is unconfirmed is never sent again.

use std::sync::Arc;

use serde_json::json;
use state::do_not_call::{self, ContactMethod, Coverage, ListingReason};
use state::exit::{self, Exit};
use state::phone::Phone;
use state::sms_segments::MAX_SEGMENTS;
use state::{carrier_opt_out, secret};

use super::opt_out_writer;
use crate::journal::JournalStep;
use crate::shared::context::ClientContext;
use crate::shared::request::AgentRequest;
use crate::shared::worker_event::WorkerEvent;
use crate::sms::opt_out_queue::{ListChange, OptOutNotice};
use crate::speech;

/// The longest text that is sent back, in characters.
const LONGEST: usize = 1_500;

/// Texts a reply that the journal has, if it can be written. Runs on a worker's thread.
pub(crate) fn send_reply(
    context: &Arc<ClientContext>,
    request: &AgentRequest,
    to: &Phone,
    reply: &str,
) {
    let key = &request.key;
    let is_journaled = request.is_journaled || context.journal.is_writable();
    let text = speech::for_text(reply, LONGEST, MAX_SEGMENTS);
    if text.is_empty() {
        return context.log.line(format_args!("{key}: reply not sent: it has no words"));
    }
    let Some(service) = &context.service else {
        let text = json!({"type": "text", "to": to.as_str(), "message": text});
        return context.notify(key, WorkerEvent::DryRun(text));
    };
    if let Err(why) = check_recipient(context, to) {
        return context.log.line(format_args!("{key}: reply not sent: {why}"));
    }
    if !context.journal.append(JournalStep::SendingSms, key, None) && is_journaled {
        // After a crash its earlier lines would have it sent once more.
        return context
            .log
            .line(format_args!("{key}: reply not sent: the journal cannot be written"));
    }
    let body = json!({"to": to.as_str(), "message": secret::redact(&text)});
    let sent = service
        .post_with_key("/v1/messages/send", body, &idempotency_key(key))
        // "sent" is said only of a 2xx with an id.
        .and_then(|answer| answer.text("id").map(str::to_owned));
    match sent {
        Ok(id) => context.log.line(format_args!("{key}: reply sent to {to} as `{id}`")),
        Err(err) if err.exit() == Exit::Unconfirmed => {
            context.log.line(format_args!(
                "{key}: reply unconfirmed, it may have been sent to {to}: {err}"
            ));
        }
        Err(err) => {
            context.log.line(format_args!("{key}: reply not sent to {to}: {err}"));
            if carrier_opt_out::is_refusal(&err) {
                let change = ListChange::OptOut(ListingReason::Carrier, Coverage::Texts);
                let (key, at) = (format!("carrier:{key}"), context.service_clock.now());
                let notice = OptOutNotice { key, phone: to.clone(), at, change, reply: None };
                opt_out_writer::record(context, notice);
            }
        }
    }
    context.log.debug(|| format!("{key}: {text}"));
}

/// The idempotency key of the reply to a request: the same whoever sends it.
fn idempotency_key(key: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    "reply-".chars().chain(key.chars().map(allowed)).take(255).collect()
}

/// Whether this number may get a text now. How many it gets was counted with the turns. Fails with the reason.
pub(crate) fn check_recipient(context: &ClientContext, to: &Phone) -> Result<(), String> {
    context.sms_policy.check(to)?;
    if context.opt_outs.has_opted_out(to) {
        return Err(format!("{to} opted out of texts"));
    }
    do_not_call::ensure_allowed(&context.skill, to, ContactMethod::Text)
        .map_err(|err| exit::one_line(&err))
}
