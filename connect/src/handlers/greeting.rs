//! The one greeting of an inbound call, whichever of two events comes first.

use state::placed_calls;

use crate::prompts::caller_phrases;
use crate::protocol::outgoing::OutgoingFrame;
use crate::requests::dispatcher::Dispatcher;

/// Greets, once per call. On a call that we placed the service speaks first.
pub(super) fn greet(dispatcher: &mut Dispatcher, call_id: &str) {
    let call = dispatcher.context.calls.get(call_id);
    let is_placed =
        || placed_calls::callee(&dispatcher.context.skill, call_id).is_ok_and(|to| to.is_some());
    if call.greeted || call.outbound || is_placed() {
        return;
    }
    let voice = &dispatcher.context.voice;
    let greeting = voice.greeting.clone();
    let text = greeting.unwrap_or_else(|| caller_phrases::greeting(voice.agent.as_deref()));
    let frame = OutgoingFrame::Response { call_id: call_id.to_owned(), text }.frame();
    dispatcher.outbox.send_ephemeral(frame);
    dispatcher.update_call(call_id, |call| call.greeted = true);
}
