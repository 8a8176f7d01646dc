//! `call.started`: who called whom, and the one greeting of an inbound call.

use state::own_calls;

use crate::desk::Desk;
use crate::prompts::phrases;
use crate::protocol::incoming::CallDirection;
use crate::protocol::outgoing::OutgoingFrame;

/// Remembers who called whom; greets if somebody called us.
pub(super) fn handle(desk: &mut Desk, call_id: &str, direction: Option<CallDirection>) {
    let what = match direction {
        Some(CallDirection::Inbound) => "started, inbound",
        Some(CallDirection::Outbound) => "started, placed by us",
        Some(CallDirection::Other) => {
            "started in a direction that is not known: it is a stranger's"
        }
        None => "started, without a word on who called whom",
    };
    desk.shop.log.line(format_args!("call `{call_id}`: {what}"));
    desk.note_call(call_id, |known| known.hear(direction));
    if direction == Some(CallDirection::Inbound) {
        greet(desk, call_id);
    }
}

/// Greets, once per call, whichever event came first. A call that we placed is begun by the service.
pub(super) fn greet(desk: &mut Desk, call_id: &str) {
    let known = desk.shop.calls.known(call_id);
    let is_ours = || own_calls::dialled(&desk.shop.skill, call_id).is_ok_and(|whom| whom.is_some());
    if known.greeted || known.outbound || is_ours() {
        return;
    }
    let voice = &desk.shop.voice;
    let greeting = voice.greeting.clone();
    let text = greeting.unwrap_or_else(|| phrases::greeting(voice.agent.as_deref()));
    desk.outbox
        .send_ephemeral(OutgoingFrame::Response { call_id: call_id.to_owned(), text }.frame());
    desk.note_call(call_id, |known| known.greeted = true);
}
