//! `call.ended`: sends a call summary to the agent's main session, without waiting for a turn.

use std::time::Instant;

use crate::prompts::call_summary::call_summary;
use crate::prompts::fence::FenceNonce;
use crate::protocol::incoming::CallEnded;
use crate::requests::dispatcher::Dispatcher;
use crate::workers::pool::Lane;

/// Ends the call, and reports it once.
pub(super) fn handle(dispatcher: &mut Dispatcher, ended: &CallEnded) {
    let key = match &ended.call_id {
        Some(call_id) => format!("ended:{call_id}"),
        None => format!("ended:{}", dispatcher.context.service_clock.now().as_nanosecond()),
    };
    if !dispatcher.seen.insert(&key, Instant::now()) {
        return;
    }
    if let Some(call_id) = &ended.call_id {
        dispatcher.update_call(call_id, |call| call.set_direction(ended.direction));
        dispatcher.end_call(call_id);
    }
    if let Some(why) = dispatcher.why_full(Lane::Calls) {
        // It was not accepted, so it may come again.
        dispatcher.seen.forget(&key);
        return dispatcher.context.log.line(format_args!("{key}: not passed to the agent: {why}"));
    }
    let Ok(nonce) = FenceNonce::random() else {
        return dispatcher.context.log.line(format_args!(
            "{key}: not passed to the agent: the system has no random numbers"
        ));
    };
    dispatcher.notify_agent(key, call_summary(&nonce, ended));
}
