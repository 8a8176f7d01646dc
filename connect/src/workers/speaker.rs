//! Who speaks in a request: the owner where that is known, and a stranger wherever it is not.

use std::time::Duration;

use serde_json::Value;
use state::exit;
use state::phone::Phone;
use state::placed_calls::{self, Callee};

use crate::calls::Speaker;
use crate::protocol::incoming::CallDirection;
use crate::shared::context::ClientContext;
use crate::shared::request::{AgentRequest, Origin};

/// How long the service may take to say a call's direction: somebody waits on the phone.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Who speaks in a request. May look a call up at the service, so it is for a worker's thread.
pub(crate) fn identify(context: &ClientContext, request: &AgentRequest) -> Speaker {
    match &request.origin {
        Origin::Walkie { .. } => Speaker::Owner,
        Origin::Call { call_id: Some(call_id), .. } => identify_on_call(context, call_id),
        // No text is an owner's: a sender can be forged. And a request that names no call could be anybody's.
        Origin::Call { call_id: None, .. } | Origin::Text { .. } | Origin::Internal => {
            Speaker::Stranger
        }
    }
}

/// Who speaks on a call: the owner on one that our own `call` placed to the owner's phone, or that is known to be inbound.
/// A direction that came in no event is looked up, once per call.
fn identify_on_call(context: &ClientContext, call_id: &str) -> Speaker {
    for _ in 0..2 {
        // Read each time: the service may tell of a call before `call` has written down that it placed it.
        match placed_calls::callee(&context.skill, call_id) {
            Ok(Some(Callee::Owner)) => return Speaker::Owner,
            Ok(Some(Callee::Other(_))) => return Speaker::Stranger,
            Ok(None) => {}
            Err(err) => {
                let why = exit::one_line(&err);
                context.log.line(format_args!(
                    "call `{call_id}`: the speaker counts as a stranger: {why}"
                ));
                return Speaker::Stranger;
            }
        }
        if let Some(speaker) = context.calls.get(call_id).speaker() {
            return speaker;
        }
        context.calls.look_up_once(call_id, || look_up(context, call_id));
    }
    // So many calls came in meanwhile that this one is forgotten already.
    Speaker::Stranger
}

/// The number of a stranger whom our own `call` dialled.
pub(crate) fn dialled_number(context: &ClientContext, call_id: &str) -> Option<Phone> {
    match placed_calls::callee(&context.skill, call_id) {
        Ok(Some(Callee::Other(number))) => number.parse().ok(),
        _ => None,
    }
}

/// Looks up the direction of a call at the service, and records that this was done, whatever came of it.
fn look_up(context: &ClientContext, call_id: &str) {
    // Another thread may have looked it up since, or an event has brought it.
    if context.calls.get(call_id).speaker().is_some() {
        return;
    }
    let direction = fetch_direction(context, call_id);
    let found = match direction {
        Some(CallDirection::Inbound) => "inbound",
        Some(CallDirection::Outbound | CallDirection::Other) => "not inbound",
        None => "no answer",
    };
    context.log.line(format_args!("call `{call_id}`: direction looked up: {found}"));
    context.update_call(call_id, |call| {
        call.looked_up = true;
        call.set_direction(direction);
    });
}

/// The direction by the service's answer; `None` if there is none, or none about this call.
fn fetch_direction(context: &ClientContext, call_id: &str) -> Option<CallDirection> {
    let service = context.service.as_ref()?.clone().with_deadline(LOOKUP_TIMEOUT);
    let path = state::api::url_path(&["v1", "calls", call_id]).ok()?;
    let call = service.get(path, &[]).ok()?.into_json();
    let is_another = call.get("call_id").is_some_and(|id| match id {
        Value::String(id) => id != call_id,
        Value::Number(id) => id.to_string() != call_id,
        _ => true,
    });
    if is_another { None } else { CallDirection::of(call.get("direction")?) }
}
