//! Who speaks: the owner where that is known, and a stranger wherever it is not.

use std::time::Duration;

use serde_json::Value;
use state::exit;
use state::own_calls::{self, Dialled};
use state::phone::Phone;

use crate::calls::Speaker;
use crate::protocol::incoming::CallDirection;
use crate::request::{Request, Way};
use crate::shop::Shop;

/// How long the service may take to say who called whom: somebody waits on the phone.
const LOOK: Duration = Duration::from_secs(2);

/// Who speaks in a request. May ask the service, so it is for a worker's thread.
pub(crate) fn of(shop: &Shop, request: &Request) -> Speaker {
    match &request.way {
        Way::Walkie { .. } => Speaker::Owner,
        Way::Call { call_id: Some(call_id), .. } => on(shop, call_id),
        // No text is an owner's: a sender can be forged. And a request that names no call could be anybody's.
        Way::Call { call_id: None, .. } | Way::Text { .. } | Way::Report => Speaker::Stranger,
    }
}

/// Who speaks on a call: the owner on one that our own `call` placed to the owner's phone, or that is known to be
/// inbound. What nobody has told us is looked up, once per call.
fn on(shop: &Shop, call_id: &str) -> Speaker {
    for _ in 0..2 {
        // Read each time: the service may tell of a call before `call` has written down that it placed it.
        match own_calls::dialled(&shop.skill, call_id) {
            Ok(Some(Dialled::Owner)) => return Speaker::Owner,
            Ok(Some(Dialled::Other(_))) => return Speaker::Stranger,
            Ok(None) => {}
            Err(err) => {
                let why = exit::told(&err);
                shop.log.line(format_args!("call `{call_id}`: taken for a stranger's: {why}"));
                return Speaker::Stranger;
            }
        }
        if let Some(speaker) = shop.calls.known(call_id).speaker() {
            return speaker;
        }
        shop.calls.look_once(call_id, || look_up(shop, call_id));
    }
    // So many calls came in meanwhile that this one is forgotten already.
    Speaker::Stranger
}

/// The number of a stranger whom our own `call` dialled.
pub(crate) fn number(shop: &Shop, call_id: &str) -> Option<Phone> {
    match own_calls::dialled(&shop.skill, call_id) {
        Ok(Some(Dialled::Other(number))) => number.parse().ok(),
        _ => None,
    }
}

/// Asks the service who called whom, and notes that it was asked, whatever came of it.
fn look_up(shop: &Shop, call_id: &str) {
    // Another one may have asked since, or an event has told.
    if shop.calls.known(call_id).speaker().is_some() {
        return;
    }
    let direction = asked(shop, call_id);
    let what = match direction {
        Some(CallDirection::Inbound) => "the service says inbound",
        Some(CallDirection::Outbound | CallDirection::Other) => {
            "the service says otherwise than inbound"
        }
        None => "the service does not say",
    };
    shop.log.line(format_args!("call `{call_id}`: who called whom was not told; {what}"));
    shop.note_call(call_id, |known| {
        known.looked_up = true;
        known.hear(direction);
    });
}

/// The service's answer; `None` if there is none, or none about this call.
fn asked(shop: &Shop, call_id: &str) -> Option<CallDirection> {
    let service = shop.service.as_ref()?.clone().with_deadline(LOOK);
    let path = state::api::path(&["v1", "calls", call_id]).ok()?;
    let call = service.get(path, &[]).ok()?.into_json();
    let is_another = call.get("call_id").is_some_and(|id| match id {
        Value::String(id) => id != call_id,
        Value::Number(id) => id.to_string() != call_id,
        _ => true,
    });
    if is_another { None } else { CallDirection::of(call.get("direction")?) }
}
