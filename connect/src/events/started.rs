//! `call.started`: who called whom, and the one greeting of an inbound call.

use state::own_calls;

use crate::desk::Desk;
use crate::message::Direction;
use crate::message::outgoing::Outgoing;
use crate::words::said;

/// Remembers who called whom; greets if somebody called us.
pub(super) fn handle(desk: &mut Desk, call_id: &str, direction: Option<Direction>) {
    let what = match direction {
        Some(Direction::Inbound) => "started, inbound",
        Some(Direction::Outbound) => "started, placed by us",
        Some(Direction::Other) => "started in a direction that is not known: it is a stranger's",
        None => "started, without a word on who called whom",
    };
    desk.shop.log.line(format_args!("call `{call_id}`: {what}"));
    desk.note_call(call_id, |known| known.hear(direction));
    if direction == Some(Direction::Inbound) {
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
    let text = greeting.unwrap_or_else(|| said::greeting(voice.agent.as_deref()));
    desk.outbox.pass(Outgoing::Response { call_id: call_id.to_owned(), text }.frame());
    desk.note_call(call_id, |known| known.greeted = true);
}
