//! `call.ended`: told to the agent's main session, in words, without waiting for a turn.

use std::time::Instant;

use crate::desk::Desk;
use crate::prompts::call_summary::call_summary;
use crate::prompts::fence::FenceNonce;
use crate::protocol::incoming::CallEnded;
use crate::request::{Request, Way};

/// Reports the call, once.
pub(super) fn handle(desk: &mut Desk, ended: &CallEnded) {
    let key = match &ended.call_id {
        Some(call_id) => format!("ended:{call_id}"),
        None => format!("ended:{}", desk.shop.clock.now().as_nanosecond()),
    };
    let now = Instant::now();
    if !desk.seen.insert(&key, now) {
        return;
    }
    if let Some(call_id) = &ended.call_id {
        desk.note_call(call_id, |known| known.hear(ended.direction));
        desk.call_ended(call_id);
    }
    if let Some(why) = desk.no_room() {
        // It was not accepted, so it may come again.
        desk.seen.forget(&key);
        desk.shop.log.line(format_args!("{key}: not reported: {why}"));
        return;
    }
    let Ok(nonce) = FenceNonce::random() else {
        desk.shop.log.line(format_args!("{key}: not reported: the system has no random numbers"));
        return;
    };
    let words = call_summary(&nonce, ended);
    // A report that is cut by a crash is not made again: nobody waits for it.
    desk.begin(Request { key, way: Way::Report, words, received: now, is_noted: false });
}
