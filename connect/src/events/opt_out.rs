//! Texts that say nothing but STOP, START, HELP or the like: no turn is made of them, and only HELP is answered.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use state::opt_out::{self, Word};
use state::phone::Phone;

use crate::agent;
use crate::desk::Desk;
use crate::journal::JournalStep;
use crate::opt_outs::{Change, Notice, OptOuts};
use crate::prompts::phrases;
use crate::protocol::incoming::{IncomingFrame, IncomingSms, ServiceEvent};
use crate::request::{Request, Way};
use crate::turns::Wait;

/// Puts a number on the do-not-call list, or takes it off. Whoever may text here at all and however busy the client is:
/// the right to be left alone hangs on neither.
pub(super) fn take(desk: &mut Desk, key: String, phone: Phone, change: Change, frame: &str) {
    if !desk.is_new(&key) {
        return;
    }
    let shop = Arc::clone(&desk.shop);
    if shop.service.is_none() {
        let (what, covers) = match change {
            Change::Put(_, covers) => ("opt_out", Some(covers.word())),
            Change::Lift => ("opt_in", None),
        };
        let told = json!({"type": what, "number": phone.as_str(), "covers": covers});
        return desk.outbox.send_ephemeral(told.to_string());
    }
    shop.journal.append_buffered(JournalStep::Accepted, &key, Some(frame));
    OptOuts::add(&shop, Notice { key, phone, at: shop.clock.now(), change });
}

/// Says who this is, once a day and number, and tells the agent's main session that it was asked.
pub(super) fn help(desk: &mut Desk, key: &str, from: Phone, frame: &str) {
    if !desk.is_new(key) {
        return;
    }
    let shop = Arc::clone(&desk.shop);
    let way = Way::Text { from: from.clone(), n_media: 0 };
    if let Some(why) = desk.no_room() {
        desk.seen.forget(key);
        return desk.decline(key, &way, why);
    }
    // What was seen is known for a day, and by the journal in the next life too.
    let of_number = format!("help:{from}");
    if !desk.seen.insert(&of_number, Instant::now()) {
        return shop.log.line(format_args!("{key}: {from} was told within a day who this is"));
    }
    shop.journal.append_buffered(JournalStep::Accepted, key, Some(frame));
    shop.journal.append_buffered(JournalStep::Done, &of_number, None);
    let request = Arc::new(Request::taken_up(key, way));
    let (of, line) = (Arc::clone(&request), phrases::who_this_is(shop.voice.names()));
    let texting = from.clone();
    desk.run(&request, Wait::Always, move || {
        agent::answer_text(&shop, &of, &texting, &line);
        shop.ended(&of.key);
    });
    desk.asked_who(from);
}

/// Whether a frame opts somebody out or in: that is heeded however late.
pub(crate) fn is_opt_out(frame: &str) -> bool {
    let words = match IncomingFrame::read(frame) {
        IncomingFrame::Event(ServiceEvent::SmsReceived(IncomingSms { body, .. })) => body,
        IncomingFrame::Event(ServiceEvent::Mission(_, frame)) => {
            frame.get("text").and_then(|text| text.as_str()).unwrap_or_default().to_owned()
        }
        _ => return false,
    };
    opt_out::read(&words).is_some_and(|word| word != Word::Help)
}
