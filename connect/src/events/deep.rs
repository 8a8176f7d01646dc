//! `deep_tool_request`: a spoken request for the agent, the main job.

use state::own_calls;

use crate::calls::Speaker;
use crate::desk::Desk;
use crate::message::Asked;
use crate::request::Way;

/// Takes the request, once per `request_id`. Who speaks depends on whose call it is.
pub(super) fn handle(
    desk: &mut Desk,
    request_id: String,
    call_id: Option<String>,
    query: Asked,
    frame: &str,
) {
    let speaker = call_id.as_deref().map_or(Speaker::Owner, |call_id| {
        desk.calls.speaker(call_id, || own_calls::contains(&desk.shop.skill, call_id))
    });
    let key = format!("deep:{request_id}");
    desk.take(key, Way::Call { request_id, call_id }, query, speaker, frame);
}
