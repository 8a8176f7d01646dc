//! `call.started`: records the direction of a call, and greets an inbound one.

use super::greeting::greet;
use crate::protocol::incoming::CallDirection;
use crate::requests::dispatcher::Dispatcher;

/// Records the direction; greets if somebody called us.
pub(super) fn handle(dispatcher: &mut Dispatcher, call_id: &str, direction: Option<CallDirection>) {
    let what = match direction {
        Some(CallDirection::Inbound) => "started, inbound",
        Some(CallDirection::Outbound) => "started, outbound",
        Some(CallDirection::Other) => {
            "started with an unknown direction: the speaker counts as a stranger"
        }
        None => "started without a direction",
    };
    dispatcher.context.log.line(format_args!("call `{call_id}`: {what}"));
    dispatcher.update_call(call_id, |call| call.set_direction(direction));
    if direction == Some(CallDirection::Inbound) {
        greet(dispatcher, call_id);
    }
}
