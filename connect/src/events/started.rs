//! `call.started`: whose call it is, and the one greeting of an inbound call.

use state::own_calls;

use crate::desk::Desk;
use crate::message::Direction;
use crate::message::outgoing::Outgoing;
use crate::words::said;

/// Remembers whose call it is; greets it if somebody called us.
pub(super) fn handle(desk: &mut Desk, call_id: &str, direction: Direction) {
    match direction {
        Direction::Outbound => {
            desk.note_call(call_id, |known| known.outbound = true);
            desk.shop.log.line(format_args!("call `{call_id}`: started, placed by us"));
        }
        Direction::Inbound => {
            desk.shop.log.line(format_args!("call `{call_id}`: started, inbound"));
            greet(desk, call_id);
        }
    }
}

/// Greets, once per call, whichever event came first. A call that we placed is begun by the service.
pub(super) fn greet(desk: &mut Desk, call_id: &str) {
    let known = desk.calls.known(call_id);
    if known.greeted || known.outbound || own_calls::contains(&desk.shop.skill, call_id) {
        return;
    }
    let voice = &desk.shop.voice;
    let greeting = voice.greeting.clone();
    let text = greeting.unwrap_or_else(|| said::greeting(voice.agent.as_deref()));
    desk.outbox.pass(Outgoing::Response { call_id: call_id.to_owned(), text }.frame());
    desk.note_call(call_id, |known| known.greeted = true);
}
